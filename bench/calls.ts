/**
 * What a call from JavaScript costs that neither blocks nor calls back: millions of calls a second of functions of
 * neon's utilities. Rounds are interleaved, and the median counts.
 */
import Table from 'cli-table3';
import { parseArgs } from 'node:util';
import * as ne from 'libneon/ne';

const parsed: Partial<ne.ne_uri> = {};
const uri = 'https://user@dav.example.com:8443/a/b/c%20d.txt?query=1#part';
const date = 'Sun, 06 Nov 1994 08:49:37 GMT';

/** What is called, each again and again; the text is what the table says. */
const calls: readonly (readonly [text: string, call: () => unknown])[] = [
  ['ne_version_match(0, 32)', () => ne.ne_version_match(0, 32)],
  [`ne_uri_parse('${uri}', parsed)`, () => ne.ne_uri_parse(uri, parsed)],
  ["ne_path_escape('/a/b/c d.txt')", () => ne.ne_path_escape('/a/b/c d.txt')],
  ["ne_path_unescape('/a/b/c%20d.txt')", () => ne.ne_path_unescape('/a/b/c%20d.txt')],
  [`ne_httpdate_parse('${date}')`, () => ne.ne_httpdate_parse(date)],
  ['ne_rfc1123_date(784111777)', () => ne.ne_rfc1123_date(784_111_777)],
  ["ne_base64('Aladdin:open sesame')", () => ne.ne_base64('Aladdin:open sesame')],
];

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '0.5' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log('usage: node dist/bench/calls.js [--rounds N (5)] [--seconds S (0.5)]');
else main(Number(values.rounds), Number(values.seconds));

function main(rounds: number, seconds: number): void {
  for (const [, call] of calls) rateOf(call, seconds); // compiled, and warm
  const rates = calls.map((): number[] => []);
  for (let round = 0; round < rounds; round++)
    calls.forEach(([, call], index) => rates[index]!.push(rateOf(call, seconds)));
  const table = new Table({
    head: ['call', 'million per second', 'lowest – highest'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right'],
  });
  calls.forEach(([text], index) => {
    const sorted = rates[index]!.sort((a, b) => a - b);
    const show = (rate: number): string => (rate / 1e6).toFixed(2);
    table.push([text, show(sorted[Math.floor(sorted.length / 2)]!), `${show(sorted[0]!)} – ${show(sorted.at(-1)!)}`]);
  });
  console.log(table.toString());
}

/** Calls a second, looking at the clock after each thousand. */
function rateOf(call: () => unknown, seconds: number): number {
  const start = performance.now();
  let count = 0;
  let elapsed: number;
  do {
    for (let i = 0; i < 1000; i++) call();
    count += 1000;
    elapsed = performance.now() - start;
  } while (elapsed < seconds * 1000);
  return (count / elapsed) * 1000;
}

/**
 * Measures utility functions of neon that neither block nor call back, in millions of calls a second. Compares calls
 * from JavaScript with calls from C. Rounds are interleaved, and the median counts.
 */
import Table from 'cli-table3';
import { Command } from 'commander';
import { execFileSync } from 'node:child_process';
import * as ne from 'libneon/ne';
import { compileWithNeon } from '../test/oracle/compile.js';
import { numberOption } from './options.js';

const parsed: Partial<ne.ne_uri> = {};
const uri = 'https://user@dav.example.com:8443/a/b/c%20d.txt?query=1#part';

/** The calls to repeat, with their arguments. */
const calls: readonly (readonly [name: string, argument: string, call: (argument: string) => unknown])[] = [
  ['ne_version_match', '0, 32', () => ne.ne_version_match(0, 32)],
  ['ne_uri_parse', uri, (argument) => ne.ne_uri_parse(argument, parsed)],
  ['ne_path_escape', '/a/b/c d.txt', ne.ne_path_escape],
  ['ne_path_unescape', '/a/b/c%20d.txt', ne.ne_path_unescape],
  ['ne_httpdate_parse', 'Sun, 06 Nov 1994 08:49:37 GMT', ne.ne_httpdate_parse],
  ['ne_rfc1123_date', '784111777', () => ne.ne_rfc1123_date(784_111_777)],
  ['ne_base64', 'Aladdin:open sesame', ne.ne_base64],
];

new Command('bench:calls')
  .description('Measures calls of utility functions from JavaScript and from C.')
  .addOption(numberOption('--rounds <n>', 'turns of each call', 5))
  .addOption(numberOption('--seconds <s>', 'duration of a turn', 0.5))
  .action(({ rounds, seconds }: { rounds: number; seconds: number }) => main(rounds, seconds))
  .parse();

function main(rounds: number, seconds: number): void {
  const program = compileWithNeon('bench/c/calls.c');
  const inC = (name: string, argument: string): number =>
    Number(execFileSync(program, [name, argument, String(seconds)], { encoding: 'utf8' }));
  for (const [, argument, call] of calls) rateOf(() => call(argument), seconds); // runs once, so that the code is compiled
  const rates = calls.map(() => ({ libneon: [] as number[], c: [] as number[] }));
  for (let round = 0; round < rounds; round++)
    calls.forEach(([name, argument, call], index) => {
      rates[index]!.libneon.push(rateOf(() => call(argument), seconds));
      rates[index]!.c.push(inC(name, argument));
    });
  const table = new Table({
    head: ['call', 'argument', 'libneon/ne', 'C'],
    style: { head: [], border: [] },
    colAligns: ['left', 'left', 'right', 'right'],
  });
  calls.forEach(([name, argument], index) => table.push([name, argument, ...Object.values(rates[index]!).map(shown)]));
  console.log(`${table.toString()}\nMillions of calls a second: median (lowest – highest).`);
}

function shown(rates: readonly number[]): string {
  const sorted = [...rates].sort((a, b) => a - b).map((rate) => (rate / 1e6).toFixed(2));
  return `${sorted[Math.floor(sorted.length / 2)]} (${sorted[0]} – ${sorted.at(-1)})`;
}

/** The number of calls a second; reads the clock after each thousand calls. */
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

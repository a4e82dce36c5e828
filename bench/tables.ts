/** Prints a report as tables of text. */
import Table from 'cli-table3';
import type { Figure } from './figures.js';
import { tableOfListing } from './listing.js';
import { REFERENCES, type Lead, type Line, type Report, type ScenarioReport } from './report.js';

/** The figures after the rate, in the order of the columns. */
export const COLUMNS = ['duration', 'cpu', 'js', 'stall', 'memory'] as const satisfies readonly Figure[];

/** The report as text. */
export function tablesOf(report: Report): string {
  const { machine, versions, absent, options, scenarios, listings } = report;
  const facts = (record: Readonly<Record<string, string>>): string =>
    Object.entries(record)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ');
  return [
    facts(machine),
    facts(versions),
    methodOf(options),
    ...Object.entries(absent).map(([peer, reason]) => `without ${peer}: ${reason}`),
    ...scenarios.map(textOf),
    ...listings.map((listing) => `\n${tableOfListing(listing)}`),
  ].join('\n');
}

/** One sentence about the times of a run. */
export function methodOf({ rounds, seconds, warmup }: Report['options']): string {
  return `${rounds} ${rounds === 1 ? 'round' : 'rounds'} of ${seconds} s after ${warmup} s of warm-up`;
}

/** The headings of a scenario's table. */
export function headingsOf({ titles }: ScenarioReport): string[] {
  return [
    'peer',
    titles.rate,
    'lowest – highest',
    ...COLUMNS.map((figure) => titles[figure]),
    ...REFERENCES.map((reference) => `÷ ${reference}`),
  ];
}

/** The rows of a scenario's table; peers without figures are omitted. */
export function rowsOf({ lines, digits }: ScenarioReport): string[][] {
  return lines.filter(({ problem }) => problem === undefined).map((line) => cellsOf(line, digits));
}

/** The sentence about a peer that is ahead. */
export function sentenceOf({ peer, over, figures, because }: Lead, { titles }: ScenarioReport): string {
  const names = figures.map((figure) => titles[figure].replace(/,.*/, '')).join(', ');
  return `${peer} is ahead of ${over} (${names}). ${because ?? 'The benchmark states no reason.'}`;
}

/** Formats a number with a fixed number of decimal places; an empty text if there is no number. */
export function shown(value: number | undefined, digits: number): string {
  if (value === undefined || Number.isNaN(value)) return '';
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function textOf(scenario: ScenarioReport): string {
  const head = headingsOf(scenario);
  const colAligns = head.map((_, i) => (i === 0 ? 'left' : 'right'));
  const chars = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
  const table = new Table({ head, colAligns, chars, style: { head: [], border: [] } });
  table.push(...rowsOf(scenario));
  return [
    `\n${scenario.name}: ${scenario.about}`,
    table.toString(),
    ...absencesIn(scenario),
    ...scenario.leads.map((lead) => sentenceOf(lead, scenario)),
  ].join('\n');
}

/** The sentences about peers that cannot take part in a scenario. */
export function absencesIn({ lines }: ScenarioReport): string[] {
  return lines.flatMap(({ peer, problem }) => (problem === undefined ? [] : [`without ${peer}: ${problem}`]));
}

function cellsOf({ peer, rates, medians, ratios }: Line, digits: ScenarioReport['digits']): string[] {
  const rate = (value: number): string => shown(value, digits.rate);
  return [
    peer,
    shown(medians.rate, digits.rate),
    `${rate(Math.min(...rates))} – ${rate(Math.max(...rates))}`,
    ...COLUMNS.map((figure) => shown(medians[figure], digits[figure])),
    ...REFERENCES.map((reference) => shown(ratios[reference], 2)),
  ];
}

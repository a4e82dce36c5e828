/** Writes a report as one HTML page that loads nothing from elsewhere. */
import { bars, lines, type Series } from './charts.js';
import type { Figure } from './figures.js';
import { listingHeadings, listingRows, type ListingFigure, type ListingResult } from './listing.js';
import { MARGIN, OURS, median, type Report, type ScenarioReport } from './report.js';
import { absencesIn, headingsOf, methodOf, rowsOf, sentenceOf } from './tables.js';

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 1400px; margin: 2em auto; padding: 0 1em; color: #222;
  background: #fff; }
table { border-collapse: collapse; margin: 1em 0; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: 3px 10px; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; }
tr.ours td { font-weight: 600; }
.facts td { text-align: left; }
.charts { display: flex; flex-wrap: wrap; gap: 16px; overflow-x: auto; }
.lead { border-left: 4px solid #d55e00; padding-left: 10px; }
.absent, details { color: #555; font-size: 14px; }
`;

/** The report as HTML. */
export function pageOf(report: Report): string {
  const { date, machine, versions, absent, options, scenarios, listings } = report;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>libneon: benchmark of ${escape(date.slice(0, 10))}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>libneon: benchmark</h1>
<p>${escape(date)}</p>
<h2>Machine and versions</h2>
<div class="charts">${factsOf(machine)}${factsOf(versions)}</div>
${paragraphs(Object.entries(absent).map(([peer, reason]) => `without ${peer}: ${reason}`))}
<h2>Method</h2>
${list(methodIn(options))}
<h2>Where a peer is ahead</h2>
${aheadIn(scenarios)}
${familiesOf(scenarios).map(familyChart).join('\n')}
${scenarios.map(section).join('\n')}
${listings.length === 0 ? '' : listingSection(listings)}
</body>
</html>
`;
}

function methodIn(options: Report['options']): string[] {
  return [
    `Each figure is the median of ${methodOf(options)}. Each turn of a peer runs in its own process. Rounds are ` +
      'interleaved: all peers have a turn before the first peer has its next turn.',
    'The server is nginx with one worker on loopback. Client and server share the machine.',
    'CPU is the processor time of all threads of the peer’s process and of the processes that it starts, without the ' +
      'server. JS thread is the part of the thread that runs JavaScript.',
    'Stall is the longest time for which the event loop could not run. For a blocking call it is the longest call.',
    'Memory is the resident size of the process after its last operation.',
    'C is a loop that calls neon without Node; it shows what the binding costs. Node alone runs an empty script. Both ' +
      'show limits, and are not counted as peers that are ahead.',
    `A peer is ahead if its median is better by more than ${Math.round((MARGIN - 1) * 100)} % than the median of ` +
      'libneon. If libneon does not take part, the next of libneon/ne/promises and libneon/ne counts.',
    'Compare figures only within one run. A difference that is smaller than the distance from lowest to highest means ' +
      'nothing.',
  ];
}

function aheadIn(scenarios: readonly ScenarioReport[]): string {
  const items = scenarios.flatMap((scenario) =>
    scenario.leads.map((lead) => `${scenario.name}: ${sentenceOf(lead, scenario)}`),
  );
  return items.length === 0 ? '<p>No peer is ahead in this run.</p>' : list(items);
}

function section(scenario: ScenarioReport): string {
  const { name, about, lines: all, titles, leads } = scenario;
  const measured = all.filter(({ problem }) => problem === undefined);
  const labels = measured.map(({ peer }) => peer);
  const values = (figure: Figure): Series => ({
    name: titles[figure],
    values: measured.map(({ medians }) => medians[figure]),
  });
  const chart = (title: string, ...series: Series[]): string => bars(title, labels, series, isOurs);
  const calls = measured.map(({ peer, calls: made }) => `${peer}: ${made}`);
  return `<h2 id="${escape(name)}">${escape(name)}</h2>
<p>${escape(about)}</p>
<div class="charts">
${chart(titles.rate, values('rate'))}
${chart(titles.cpu, ...threadsOf(values('js').values, values('cpu').values))}
${chart('longest stall of the event loop, ms', values('stall'))}
${chart(titles.memory, values('memory'))}
</div>
${table(headingsOf(scenario), rowsOf(scenario))}
${leads.map((lead) => `<p class="lead">${escape(sentenceOf(lead, scenario))}</p>`).join('\n')}
${paragraphs(absencesIn(scenario))}
<details><summary>The calls of each peer</summary>${list(calls)}</details>`;
}

/** Splits the processor time. Where the JavaScript thread was not measured, the time belongs to other threads. */
function threadsOf(js: Series['values'], all: Series['values']): Series[] {
  const others = all.map((value, i) => (value === undefined ? undefined : Math.max(0, value - (js[i] ?? 0))));
  return [
    { name: 'JavaScript thread', values: js },
    { name: 'other threads and processes', values: others },
  ];
}

/** The groups of scenarios that share charts. */
function familiesOf(scenarios: readonly ScenarioReport[]): ScenarioReport[][] {
  const names = new Set(scenarios.flatMap(({ family }) => family ?? []));
  return Array.from(names, (name) => scenarios.filter(({ family }) => family === name)).filter(
    ({ length }) => length > 1,
  );
}

function familyChart(scenarios: readonly ScenarioReport[]): string {
  const [{ family = '', titles }] = scenarios as [ScenarioReport];
  const peers = [...new Set(scenarios.flatMap(({ lines: all }) => all.map(({ peer }) => peer)))];
  const chart = (figure: Figure): string =>
    lines(
      `${family}: ${titles[figure]}`,
      'connections',
      scenarios.map(({ connections }) => connections),
      peers.map((peer) => ({
        name: peer,
        values: scenarios.map(({ lines: all }) => all.find((line) => line.peer === peer)?.medians[figure]),
      })),
      'value',
    );
  return `<h2>${escape(family)} on a growing number of connections</h2>
<div class="charts">${chart('rate')}${chart('cpu')}</div>`;
}

function listingSection(listings: readonly ListingResult[]): string {
  const clients = listings[0]!.lines.filter(({ problem }) => problem === undefined).map(({ client }) => client);
  const chart = (title: string, figure: ListingFigure): string =>
    lines(
      title,
      'resources',
      listings.map(({ resources }) => resources),
      clients.map((client) => ({ name: client, values: listings.map((listing) => middle(listing, client, figure)) })),
      'log',
    );
  const absent = listings[0]!.lines.flatMap(({ client, problem }) =>
    problem === undefined ? [] : [`without ${client}: ${problem}`],
  );
  return `<h2 id="listing">listing</h2>
<p>PROPFIND of depth 1, with 9 properties for each resource</p>
<div class="charts">
${chart('seconds of the first long listing', 'seconds')}
${chart('longest stall of the event loop, ms', 'stall')}
</div>
${listings
  .map(
    (listing) =>
      `<h3>${listing.resources.toLocaleString('en')} resources</h3>${table(listingHeadings, listingRows(listing))}`,
  )
  .join('\n')}
${paragraphs(absent)}`;
}

function middle({ lines: all }: ListingResult, client: string, figure: ListingFigure): number | undefined {
  const measurements = all.find((line) => line.client === client)?.measurements ?? [];
  const values = measurements.map((one) => one[figure]).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : median(values);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]): string =>
    row.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join('');
  const body = rows.map((row) => `<tr${isOurs(row[0]!) ? ' class="ours"' : ''}>${cells('td', row)}</tr>`);
  return `<table><thead><tr>${cells('th', head)}</tr></thead><tbody>${body.join('\n')}</tbody></table>`;
}

function factsOf(facts: Readonly<Record<string, string>>): string {
  const rows = Object.entries(facts).map(
    ([name, value]) => `<tr><td>${escape(name)}</td><td>${escape(value)}</td></tr>`,
  );
  return `<table class="facts"><tbody>${rows.join('\n')}</tbody></table>`;
}

function list(items: readonly string[]): string {
  return `<ul>${items.map((item) => `<li>${escape(item)}</li>`).join('\n')}</ul>`;
}

function paragraphs(texts: readonly string[]): string {
  return texts.map((text) => `<p class="absent">${escape(text)}</p>`).join('\n');
}

function isOurs(name: string): boolean {
  return OURS.includes(name) || name.startsWith('libneon,');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

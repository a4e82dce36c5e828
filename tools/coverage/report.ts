/** The report of `npm run coverage`, in Markdown: the share of each folder, and the lines that did not run. */
import { groupBy, read, table } from '../generate/project.js';
import { type FileCounts, share } from './counts.js';
import { reasonFor } from './reasons.js';

/** The share of each part of the sources. */
const parts: readonly (readonly [name: string, belongs: (file: string) => boolean])[] = [
  ['TypeScript (`lib/`)', (file) => file.startsWith('lib/')],
  ['C++ (`binding/`)', (file) => file.startsWith('binding/')],
  ['both', () => true],
];

/** A line that did not run. */
interface Missed {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly reason: string;
}

/** Writes the report. `summary` is the table of the shares, and `percent` the share of all lines. */
export function report(files: readonly FileCounts[]): { text: string; summary: string; percent: number } {
  const rows = parts.map(([name, belongs]) => [name, ...figures(files.filter(({ file }) => belongs(file)))]);
  const summary = table(['sources', 'lines', 'did not run', 'ran'], rows);
  const folders = groupBy(files, ({ file }) => file.split('/').slice(0, -1).join('/'));
  const byFolder = folders.map(([name, own]) => [`\`${name}\``, ...figures(own)]);
  const missed = files.flatMap(missedIn);
  const byReason = groupBy(missed, ({ reason }) => reason).sort(([, a], [, b]) => b.length - a.length);
  const text = `# Coverage

${summary}

${table(['folder', 'lines', 'did not run', 'ran'], byFolder)}

## Why lines did not run

${table(
  ['reason', 'lines'],
  byReason.map(([reason, lines]) => [reason, String(lines.length)]),
)}

${byReason.map(([reason, lines]) => `### ${reason}\n\n${lines.map(shown).join('\n')}\n`).join('\n')}`;
  return { text, summary, percent: share(files).percent };
}

function figures(files: readonly FileCounts[]): string[] {
  const { lines, missed, percent } = share(files);
  return [String(lines), String(missed), `${percent.toFixed(1)} %`];
}

function missedIn({ file, missed }: FileCounts): Missed[] {
  const source = read(file).split('\n');
  return missed.map((line) => {
    const text = (source[line - 1] ?? '').trim();
    return { file, line, text, reason: reasonFor(file, source, line) };
  });
}

function shown({ file, line, text }: Missed): string {
  return `- ${file}:${line} \`${text.replaceAll('`', "'")}\``;
}

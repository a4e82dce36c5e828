/** How often each line ran, for files of TypeScript and of C++. */

/** For each file, relative to the project's folder: how often each of its lines with code ran, by line number. */
export class LineCounts {
  readonly #files = new Map<string, Map<number, number>>();

  /** Adds to the count of a line. A line is known from its first count, which may be 0. */
  add(file: string, line: number, count: number): void {
    const lines = this.#files.get(file) ?? new Map<number, number>();
    this.#files.set(file, lines);
    lines.set(line, (lines.get(line) ?? 0) + count);
  }

  /** The files, sorted, with the counts of their lines, sorted. */
  files(): readonly FileCounts[] {
    return [...this.#files]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([file, lines]) => {
        const sorted = [...lines].sort(([a], [b]) => a - b);
        return { file, lines: sorted, missed: sorted.flatMap(([line, count]) => (count === 0 ? [line] : [])) };
      });
  }
}

/** The counts of one file. */
export interface FileCounts {
  readonly file: string;
  readonly lines: readonly (readonly [line: number, count: number])[];
  /** The lines that did not run. */
  readonly missed: readonly number[];
}

/** The share of lines that ran, in percent. */
export function share(files: readonly FileCounts[]): { lines: number; missed: number; percent: number } {
  const lines = files.reduce((sum, file) => sum + file.lines.length, 0);
  const missed = files.reduce((sum, file) => sum + file.missed.length, 0);
  return { lines, missed, percent: lines === 0 ? 0 : (100 * (lines - missed)) / lines };
}

/** The counts as lcov's tracefile, which editors and the usual services read. */
export function tracefile(files: readonly FileCounts[]): string {
  return files
    .map(({ file, lines, missed }) =>
      [
        'TN:',
        `SF:${file}`,
        ...lines.map(([line, count]) => `DA:${line},${count}`),
        `LF:${lines.length}`,
        `LH:${lines.length - missed.length}`,
        'end_of_record\n',
      ].join('\n'),
    )
    .join('');
}

/** Why lines cannot run in the tests, or need not. */

interface Reason {
  readonly reason: string;
  /** A pattern for the path of the file; absent for every file. */
  readonly file?: RegExp;
  /** A pattern for the line that did not run, or for one of the two lines before it. */
  readonly text: RegExp;
}

const reasons: readonly Reason[] = [
  { reason: 'only when memory is short', text: /NO_MEMORY|bad_alloc|out of memory|ENOMEM/ },
];

/** Why a line did not run. `line` counts from 1. */
export function reasonFor(file: string, source: readonly string[], line: number): string {
  const nearby = source.slice(Math.max(0, line - 3), line).join('\n');
  const known = reasons.find((one) => (one.file?.test(file) ?? true) && one.text.test(nearby));
  return known?.reason ?? 'no test yet';
}

/** Prints a line for each test as it ends, in plain text or as TAP. */
import type { Verdict } from './runner.js';

/** A way to print verdicts. */
export interface Report {
  suite(name: string): void;
  verdict(verdict: Verdict): void;
  /** Called at the end of a suite. */
  summary(name: string, verdicts: readonly Verdict[]): void;
  /** Called at the end of the last suite. */
  end(verdicts: readonly Verdict[]): void;
}

type Print = (line: string) => void;

/** Prints a table for people. */
export function plainReport(print: Print): Report {
  return {
    suite: (name) => print(`${name}:`),
    verdict({ number, test, result, text, warnings }) {
      for (const warning of warnings) print(`     ${test}: WARNING: ${warning}`);
      print(`${String(number).padStart(3)}. ${test.padEnd(23, '.')} ${result}${text === '' ? '' : ` (${text})`}`);
    },
    summary: (name, verdicts) => print(`${name}: ${counted(verdicts)}\n`),
    end: (verdicts) => print(`in all: ${counted(verdicts)}`),
  };
}

/** Prints the Test Anything Protocol, version 14, for programs. */
export function tapReport(print: Print): Report {
  let last = 0;
  print('TAP version 14');
  return {
    suite: (name) => print(`# ${name}`),
    verdict({ suite, test, result, text, warnings }) {
      for (const warning of warnings) print(`# WARNING: ${oneLine(warning)}`);
      const directive = result === 'SKIPPED' ? ` # SKIP ${text}` : '';
      print(`${result === 'FAIL' ? 'not ok' : 'ok'} ${++last} - ${suite} ${test}${oneLine(directive)}`);
      if (result === 'FAIL') print(`# ${oneLine(text)}`);
    },
    summary: () => {},
    end: () => print(`1..${last}`),
  };
}

/** "16 tests: 14 passed, 1 failed, 1 skipped; 2 warnings" */
function counted(verdicts: readonly Verdict[]): string {
  const count = (result: Verdict['result']): number => verdicts.filter((verdict) => verdict.result === result).length;
  const warnings = verdicts.reduce((sum, verdict) => sum + verdict.warnings.length, 0);
  const outcomes = `${count('pass')} passed, ${count('FAIL')} failed, ${count('SKIPPED')} skipped`;
  return `${verdicts.length} tests: ${outcomes}; ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`;
}

function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ').trimEnd();
}

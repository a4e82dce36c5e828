/** Compares the outcomes of both packages on a server. */
import path from 'node:path';
import { describeWith, type Program } from '../servers/packages.js';
import { startChild, type RunningServer } from '../servers/start.js';
import { calls } from './calls.js';
import type { Outcome, Outcomes, Question } from './calls-child.js';

/** A server, and the calls whose outcomes differ there. */
export interface Compared {
  readonly name: string;
  readonly programs: readonly Program[];
  readonly start: () => Promise<RunningServer & { readonly origin: string }>;
  /** The path of a directory. */
  readonly path: string;
  /** The outcomes of this package, by the names of the calls. docs/guide/webdav.md explains each difference. */
  readonly differences?: Outcomes;
}

/** The outcomes of refreshing a lock. npm webdav sends a body, so servers refuse a second lock. */
export function refreshing(serverTimeout: string): Outcomes {
  const outcome = { result: [true, serverTimeout] };
  return {
    'lock with refreshToken in the syntax of If': outcome,
    'lock with the token of lock as refreshToken': outcome,
  };
}

/** The outcome of unlocking with a bare token, on servers that refuse a token without brackets. */
export const unlocking: Outcomes = { 'unlock with the token of lock': { result: [undefined, true] } };

/** Registers the tests for one server. */
export function describeCalls({ name, programs, start, path: folder, differences = {} }: Compared): void {
  describeWith(programs, `npm webdav and libneon/webdav on ${name}`, () => {
    let theirs: Outcomes;
    let ours: Outcomes;

    // Each package has its own server, so that locks and files of the other do not matter.
    async function outcomesOf(used: Question['package']): Promise<Outcomes> {
      const server = await start();
      const child = await startChild<null, Question, Outcomes>(path.join(__dirname, 'calls-child.js'), null);
      try {
        return await child.ask({ package: used, url: server.origin + folder });
      } finally {
        await child.stop();
        await server.stop();
      }
    }

    beforeAll(async () => {
      theirs = await outcomesOf('webdav');
      ours = await outcomesOf('libneon/webdav');
    });

    test.each(Object.keys(calls))('%s: has equal outcomes', (call) => {
      const expected = differences[call] ?? theirs[call];
      expect(comparable(ours[call])).toEqual(comparable(expected));
      if (call in differences) expect(comparable(theirs[call])).not.toEqual(comparable(expected));
    });
  });
}

/** Replaces what differs from one request or server to the next: dates, entity tags, lengths of documents. */
function comparable(outcome: Outcome | undefined): unknown {
  const text = JSON.stringify(outcome, (key, value: unknown) => {
    if (/^(date|creationdate|content-length|quota-available-bytes|quota-used-bytes|used|available|host)$/.test(key))
      return typeof value;
    // Apache sends these or not, depending on the header Connection of the request.
    if (/^(connection|keep-alive)$/.test(key)) return undefined;
    if (/^(get)?etag$/.test(key)) return typeof value;
    if (value === undefined) return 'undefined';
    return Number.isNaN(value) ? 'NaN' : value;
  });
  return JSON.parse(
    text
      .replaceAll(/\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/g, 'DATE')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'DATE'),
  );
}

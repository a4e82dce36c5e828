/** The real servers on which tests use locks. */
import { startApache } from '../servers/apache.js';
import { startNephele } from '../servers/nephele.js';
import { describeWith } from '../servers/packages.js';
import type { RunningServer } from '../servers/start.js';

/** Whether tests run all their rounds. */
export const full = process.env['LIBNEON_TEST_FULL'] !== undefined || process.env['CI'] !== undefined;

/** A collection of a server for tests. */
export interface Place {
  readonly port: number;
  /** The path of the collection, with a slash at the end. */
  readonly root: string;
  /**
   * Whether the server rejects requests that use a released lock. Such a server also grants locks without a timeout.
   */
  readonly strict: boolean;
}

/**
 * Runs the suites on each server. `atomic` is true if the server grants only one of several locks that are requested at
 * the same time. nephele requires an owner in each lock.
 */
export function describePlaces(suites: (place: () => Place, atomic: boolean) => void): void {
  describeWith('apache2', 'Apache', () => {
    suites(running(startApache, '/dav/', true), true);
  });
  describe('nephele', () => {
    suites(running(startNephele, '/', false), false);
  });
}

function running(start: () => Promise<RunningServer>, root: string, strict: boolean): () => Place {
  let server: RunningServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());
  return () => ({ port: server.port, root, strict });
}

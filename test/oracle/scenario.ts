/** Defines the type of scenarios, and the parts that many of them share. */
import type { Step } from '../servers/raw.js';
import type { Scenario } from './oracle.js';

/** A scenario, its subject, and the name of its twins. */
export interface NamedScenario extends Scenario {
  readonly twin:
    | 'session'
    | 'pull'
    | 'headers'
    | 'errors'
    | 'dispatch'
    | 'upload'
    | 'auth'
    | 'socket'
    | 'addresses'
    | 'strings'
    | 'md5'
    | 'xml'
    | 'multistatus'
    | 'basic'
    | 'props'
    | 'locks'
    | 'oldacl';
  readonly about: string;
}

/** Steps that read a request and send a response, for each text. */
export function answers(...texts: readonly string[]): Step[] {
  return texts.flatMap((text): Step[] => [{ read: 'request' }, { send: text }]);
}

/** One connection for each text. The connection is closed after the text has been sent. */
export function connectionEach(...texts: readonly string[]): Step[][] {
  return texts.map((text) => answers(text));
}

/** Arguments of `dispatch`: this number of GET requests. */
export function gets(count: number): string[] {
  return Array<string>(count).fill('GET /');
}

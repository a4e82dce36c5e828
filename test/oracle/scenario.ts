/** What scenarios are made of. */
import type { Step } from '../servers/raw.js';
import type { Scenario } from './oracle.js';

/** A scenario that says which twins it is for and what it is about. */
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

/** Reads a request and sends a text, for each text. */
export function answers(...texts: readonly string[]): Step[] {
  return texts.flatMap((text): Step[] => [{ read: 'request' }, { send: text }]);
}

/** A connection for each text, which is closed after it. */
export function connectionEach(...texts: readonly string[]): Step[][] {
  return texts.map((text) => answers(text));
}

/** Arguments of `dispatch`: so many times the same. */
export function gets(count: number): string[] {
  return Array<string>(count).fill('GET /');
}

/** Defines the type of scenarios, and the parts that many of them share. */
import type { Step } from '../servers/raw.js';
import type { Scenario } from './oracle.js';

/** A scenario with the name of its twins and its subject. */
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

/** A connection for each text, which is closed after the text was sent. */
export function connectionEach(...texts: readonly string[]): Step[][] {
  return texts.map((text) => answers(text));
}

/** Arguments of `dispatch`: this number of GET requests. */
export function gets(count: number): string[] {
  return Array<string>(count).fill('GET /');
}

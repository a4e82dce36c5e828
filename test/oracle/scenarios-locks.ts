/** Lists scenarios with locks, the locks that requests submit, and access control lists. */
import { chunkedResponse, response, type Step } from '../servers/raw.js';
import { lockGranted, locksFound } from '../support/lock-responses.js';
import { answers, type NamedScenario } from './scenario.js';

const granted = lockGranted('urn:uuid:1');
const twoLocks = lockGranted('urn:uuid:0').replace(
  '</D:lockdiscovery>',
  `${/<D:activelock>.*<\/D:activelock>/.exec(lockGranted('urn:uuid:1', { timeout: 'Infinite', owner: 'me' }))![0]}</D:lockdiscovery>`,
);
const sized = (text: string): string =>
  text.replace(/Content-Length: \d+/, `Content-Length: ${Buffer.byteLength(text.split('\r\n\r\n')[1]!)}`);
const noContent = 'HTTP/1.1 204 No Content\r\n\r\n';
const forbidden = response('no', { status: '403 Forbidden' });

const lockResponses: Record<string, string> = {
  granted,
  'granted with every field': lockGranted('urn:uuid:1', {
    scope: 'shared',
    depth: 'infinity',
    owner: 'me &amp; you',
    timeout: 'Second-4294967295',
  }),
  'granted without a timeout, with markup as its owner': lockGranted('urn:uuid:1', {
    timeout: 'Infinite',
    owner: '<D:href>http://example.com/</D:href>',
  }),
  'granted in a 201': lockGranted('urn:uuid:1', {}, '201 Created'),
  'granted in chunks': chunkedResponse(granted.split('\r\n\r\n')[1]!.match(/[^]{1,40}/g)!, {
    'Content-Type': 'application/xml',
    'Lock-Token': '<urn:uuid:1>',
  }),
  'one of two': sized(twoLocks).replace('<urn:uuid:0>', '<urn:uuid:1>'),
  'an invalid timeout': lockGranted('urn:uuid:1', { timeout: 'soon' }),
  'an overlong timeout': lockGranted('urn:uuid:1', { timeout: 'Second-99999999999999999999999' }),
  'an invalid depth': lockGranted('urn:uuid:1', { depth: 'deep' }),
  'a long owner': lockGranted('urn:uuid:1', { owner: 'x'.repeat(2000) }),
  'no token': granted.replace(/Lock-Token: .*\r\n/, ''),
  'another token': granted.replace('<urn:uuid:1>', '<urn:uuid:2>'),
  'a token without brackets': granted.replace('<urn:uuid:1>', 'urn:uuid:1'),
  'no body': response('', { headers: { 'Lock-Token': '<urn:uuid:1>' } }),
  'mismatched tags': sized(granted.replace('</D:prop>', '</D:prup>')),
  'a 207': lockGranted('urn:uuid:1', {}, '207 Multi-Status'),
  'a 423': response('locked', { status: '423 Locked' }),
};

const found = locksFound([
  ['/a', 'urn:a'],
  ['/b', null],
  ['/c', null, '404 Not Found'],
  ['/d', 'urn:d', '403 Forbidden'],
  ['http://other.example:8080/e', 'urn:e'],
]);

/**
 * Responses to LOCKs. neon sends every LOCK after the first on a new connection. `more` follows on the last connection.
 */
const afterLocks = (texts: readonly string[], ...more: readonly string[]): Step[][] =>
  texts.map((text, i) => answers(text, ...(i === texts.length - 1 ? more : [])));

/** Requested locks: path, scope, depth, timeout, owner. */
const requests = [
  '/a,0,0,-2',
  '/a%20b/,1,2,-1,<href>x</href>',
  '/,0,2,600,me, &amp; you',
  '/a,0,0,0',
  '/a,0,1,1,\u00e4',
];

/** Obtains a lock on this path and adds it to the store. */
const stored = (path: string, depth: 0 | 2 = 0): string[] => [`lock,${path},0,${depth},-2`, 'add'];
const tokens = (...names: string[]): string[] =>
  names.map((name) => lockGranted(`urn:${name}`, { depth: name.endsWith('-deep') ? 'infinity' : '0' }));
const store = [...stored('/c/a'), ...stored('/c/'), ...stored('/tree/', 2), ...stored('/top')];
const storedTokens = tokens('a', 'c', 'tree-deep', 'top');
const uses = [
  'resource,PUT,/c/a,0',
  'parent,PUT,/c/new,0',
  'parent,DELETE,/c/a,2',
  'parent,DELETE,/c/,2',
  'resource,PROPPATCH,/tree/x/y,0',
  'parent,MOVE,/c/a,2,/tree/z,0',
  'resource,COPY,/other,2,/tree/z,2',
  'resource,DELETE,/,2',
  'resource,PUT,/other,0',
  'parent,PUT,/tree/x,0,/tree/x,0',
];

/** Every scenario of `locks` and `oldacl`. */
export const locks: readonly NamedScenario[] = [
  ...Object.entries(lockResponses).map(([about, text]) => ({
    twin: 'locks' as const,
    about: `a lock: ${about}`,
    args: ['lock,/a,0,0,-2,me', 'lock,/b,1,2,60'],
    server: { connections: [answers(text, granted)], rest: 'repeat-last' as const },
  })),
  ...requests.map((request) => ({
    twin: 'locks' as const,
    about: `a lock of ${request}`,
    args: [`lock,${request}`, 'refresh,0', 'refresh,-1', 'refresh,30', 'unlock'],
    server: { connections: [[{ repeat: 'forever' as const, steps: answers(granted) }]], rest: 'repeat-last' as const },
  })),
  ...[forbidden, noContent, lockGranted('urn:other'), lockGranted('urn:uuid:1', { timeout: 'Infinite' })].map(
    (answer, i) => ({
      twin: 'locks' as const,
      about: `a refresh with response ${i}`,
      args: ['lock,/a,0,0,-2', 'refresh,10', 'unlock'],
      server: { connections: [answers(granted, answer, forbidden)], rest: 'repeat-last' as const },
    }),
  ),
  ...[found, noContent, forbidden, locksFound([]), sized(found.replace('</D:multistatus>', ''))].map((answer, i) => ({
    twin: 'locks' as const,
    about: `a discovery with response ${i}`,
    args: ['discover,/a', 'discover,/'],
    server: { connections: [answers(answer, answer)], rest: 'repeat-last' as const },
  })),
  {
    twin: 'locks',
    about: 'a store that is searched and emptied',
    args: [...store, 'list', 'find,/c/', 'find,/c', 'find,/x', 'remove', 'list', 'unlock', 'add', 'list'],
    server: { connections: afterLocks(storedTokens, noContent) },
  },
  ...uses.map((use) => ({
    twin: 'locks' as const,
    about: `the locks submitted with ${use}`,
    args: [...store, use, 'remove', use, 'sharepoint', use],
    server: { connections: afterLocks(storedTokens, noContent, noContent, noContent) },
  })),
  {
    twin: 'locks',
    about: 'locks submitted while others are obtained, refreshed and released',
    args: [...stored('/c/'), 'lock,/c/a,0,0,-2', 'refresh,9', 'unlock', 'acl', 'discover,/c/'],
    server: {
      connections: afterLocks(
        [...tokens('c'), granted],
        granted,
        noContent,
        response(''),
        locksFound([['/c/', 'urn:c']]),
      ),
      rest: 'repeat-last',
    },
  },
  ...['200 OK', '403 Forbidden', '207 Multi-Status'].flatMap((status) => [
    {
      twin: 'locks' as const,
      about: `an access control list with response ${status}`,
      args: ['lock,/acl,0,0,-2', 'add', 'acl'],
      server: { connections: [answers(granted, response('', { status }))] },
    },
    {
      twin: 'oldacl' as const,
      about: `an old access control list with response ${status}`,
      server: { connections: [answers(...Array<string>(3).fill(response('', { status })))] },
    },
  ]),
  { twin: 'locks', about: 'no server', args: ['lock,/a,0,0,-2', 'discover,/', 'acl'], server: { connections: [] } },
];

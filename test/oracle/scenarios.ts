/** Lists all scenarios and the twins that run them. */
import { chunkedResponse, response, type Step } from '../servers/raw.js';
import type { NamedScenario } from './scenario.js';
import { auth } from './scenarios-auth.js';
import { basic } from './scenarios-basic.js';
import { connections } from './scenarios-connections.js';
import { digests } from './scenarios-digests.js';
import { framing } from './scenarios-framing.js';
import { heads } from './scenarios-heads.js';
import { props } from './scenarios-props.js';
import { locks } from './scenarios-locks.js';
import { sockets } from './scenarios-sockets.js';
import { xml } from './scenarios-xml.js';
import { pulledUploads, uploads } from './scenarios-upload.js';

const hello = response('hello', { headers: { 'X-Twin': 'value of  a header ' } });
const big = response('0123456789abcdef'.repeat(20_000));
const answerTwice: Step[] = [
  { read: 'request' },
  { send: response('one') },
  { read: 'request' },
  { send: response('two') },
];
const answerOnce: Step[] = [{ read: 'request' }, { send: response('one') }];
const withContinue: Step[] = [
  { read: 'head' },
  { send: 'HTTP/1.1 100 Continue\r\n\r\n' },
  { read: 'body' },
  { send: response('done') },
];

/** Every scenario on which C and JavaScript must agree. */
export const scenarios: readonly NamedScenario[] = [
  { twin: 'session', about: 'a response', server: { connections: [[{ read: 'request' }, { send: hello }]] } },
  {
    twin: 'session',
    about: 'a response without reason, headers and body',
    server: { connections: [[{ read: 'request' }, { send: 'HTTP/1.1 204\r\n\r\n' }]] },
  },
  {
    twin: 'session',
    about: 'HTTP/1.0, a repeated header and bytes beyond ASCII',
    server: {
      connections: [
        [
          { read: 'request' },
          { send: 'HTTP/1.0 404 N\u00f6\r\nX-Twin: a\r\nx-twin: b\r\nX-Twin:\t\u00e9\r\n\r\nuntil the end' },
        ],
      ],
    },
  },

  {
    twin: 'pull',
    about: 'blocks of a small body',
    args: ['10', '2', 'sizes'],
    server: {
      connections: [[{ repeat: 2, steps: [{ read: 'request' }, { send: response('x'.repeat(95)) }] }]],
    },
  },
  {
    twin: 'pull',
    about: 'a big body',
    args: ['65536', '2'],
    server: { connections: [[{ repeat: 2, steps: [{ read: 'request' }, { send: big }] }]] },
  },
  {
    twin: 'pull',
    about: 'chunks',
    args: ['4', '1', 'sizes'],
    server: {
      connections: [[{ read: 'request' }, { send: chunkedResponse(['one', 'three', 'seventeen']) }]],
    },
  },
  {
    twin: 'pull',
    about: 'a truncated body',
    args: ['65536', '2'],
    server: { connections: [[{ read: 'request' }, { send: response('whole').slice(0, -2) }]] },
  },
  {
    twin: 'pull',
    about: 'a body up to the end of the connection',
    args: ['65536', '1'],
    server: { connections: [[{ read: 'request' }, { send: 'HTTP/1.1 200 OK\r\n\r\nuntil the end' }]] },
  },
  { twin: 'pull', about: 'no server', args: ['65536', '1'], server: { connections: [] } },

  { twin: 'headers', about: 'nothing added', server: { connections: [answerTwice] } },
  {
    twin: 'headers',
    about: 'agent and headers',
    args: ['agent', 'add', 'print'],
    server: { connections: [answerTwice] },
  },
  { twin: 'headers', about: 'a body', args: ['body', 'unsafe'], server: { connections: [answerTwice] } },
  { twin: 'headers', about: 'an empty body', args: ['empty'], server: { connections: [answerTwice] } },
  {
    twin: 'headers',
    about: 'a connection for each request',
    args: ['close', 'agent'],
    server: { connections: [answerOnce, answerOnce] },
  },
  {
    twin: 'headers',
    about: 'waiting for 100 Continue',
    args: ['expect', 'body'],
    server: { connections: [[...withContinue, ...withContinue]] },
  },

  {
    twin: 'errors',
    about: 'a name that does not exist',
    args: ['nosuchhost.invalid'],
    server: { connections: [] },
  },
  { twin: 'errors', about: 'connection refused', server: { connections: [] } },
  {
    twin: 'errors',
    about: 'closed before the response',
    server: { connections: [[{ read: 'request' }], [{ read: 'request' }, { close: 'rst' }]] },
  },
  {
    twin: 'errors',
    about: 'a response that is not HTTP',
    server: { connections: [[{ read: 'request' }, { send: 'no status line\r\n\r\n' }]], rest: 'repeat-last' },
  },
  {
    twin: 'errors',
    about: 'timeouts before the response and in its body',
    server: {
      connections: [
        [{ read: 'request' }, { hang: 'reading' }],
        [{ read: 'request' }, { send: response('long').slice(0, -3) }, { hang: 'reading' }],
      ],
    },
  },

  ...framing,
  ...heads,
  ...connections,
  ...auth,
  ...xml,
  ...basic,
  ...props,
  ...locks,
  ...uploads,
  ...pulledUploads,
  ...sockets,
  ...digests,
];

/** Scenarios on which JavaScript deliberately differs from C. */
export const differing: readonly NamedScenario[] = [
  {
    twin: 'dispatch',
    about: 'a header value that is not UTF-8',
    args: ['GET /'],
    server: {
      connections: [
        [
          { read: 'request' },
          { send: Buffer.from('HTTP/1.1 200 OK\r\nX-Latin: \u00e9\r\nContent-Length: 0\r\n\r\n', 'latin1') },
        ],
      ],
    },
  },
  {
    twin: 'upload',
    about: 'a provider that provides less than announced',
    args: ['provider 9000 beyond'],
    server: { connections: [[{ read: 'head' }, { send: response('early') }, { hang: 'reading' }]] },
  },
  {
    twin: 'upload',
    about: 'a provider that provides more than announced',
    args: ['provider 9000 within'],
    server: { connections: [[{ read: 'request' }, { send: response('done') }, { hang: 'reading' }]] },
  },
];

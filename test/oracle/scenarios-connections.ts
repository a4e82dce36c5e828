/** Lists scenarios with connections that are kept, closed or cut, with readers, and with repeated requests. */
import { response, type Step } from '../servers/raw.js';
import { answers, connectionEach, gets, type NamedScenario } from './scenario.js';

const ok = 'HTTP/1.1 200 OK\r\n';
const one = response('one');
const two = response('two');
const closing = response('closing', { headers: { Connection: 'close' } });
const notFound = response('not here', { status: '404 Not Found', headers: { 'Content-Type': 'text/plain' } });
const timedOut = response('', { status: '408 Request Timeout', headers: { Connection: 'close' } });

const fin: Step = { close: 'fin' };
const rst: Step = { close: 'rst' };

/** One connection for each text. The connection is reset after the text has been sent. */
const resetEach = (...texts: readonly string[]): Step[][] => texts.map((text) => [...answers(text), rst]);

export const connections: readonly NamedScenario[] = [
  {
    twin: 'dispatch',
    about: 'HTTP/1.0 without and with keep-alive',
    args: gets(4),
    server: {
      connections: [
        answers('HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\none'),
        answers(
          'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 3\r\n\r\ntwo',
          'HTTP/1.0 200 OK\r\nConnection: X-Gone, keep-alive ,connection\r\nX-Gone: a\r\nX-Stays: b\r\nContent-Length: 5\r\n\r\nthree',
          'HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nfour',
        ),
      ],
    },
  },
  {
    twin: 'dispatch',
    about: 'Connection: close in the middle of a series',
    args: gets(5),
    server: {
      connections: [
        [...answers(one, two, closing), { hang: 'reading' }],
        [...answers(response('', { headers: { Connection: 'x, Close' } })), { hang: 'reading' }],
        answers(one),
      ],
    },
  },
  {
    twin: 'dispatch',
    about: 'garbage after a response',
    args: gets(3),
    server: { connections: [answers(`${one}garbage\r\n`), answers(two)] },
  },
  {
    twin: 'dispatch',
    about: 'responses ahead of their requests',
    args: gets(4),
    server: { connections: [answers(one + two, notFound), answers(two)] },
  },
  {
    twin: 'dispatch',
    about: 'a body after 204',
    args: gets(3),
    server: { connections: [answers('HTTP/1.1 204 No Content\r\n\r\nbody\r\n'), answers(two)] },
  },
  {
    twin: 'dispatch',
    about: '408 on an idle connection',
    args: gets(3),
    server: { connections: [[...answers(one + timedOut), fin], answers(two)] },
  },
  {
    twin: 'dispatch',
    about: 'a stale connection',
    args: gets(3),
    server: { connections: [[...answers(one), fin], answers(two, one)] },
  },
  {
    twin: 'dispatch',
    about: 'a stale connection, followed by a new one that is closed',
    args: gets(3),
    server: { connections: [[...answers(one), fin], [{ read: 'request' }, fin], answers(two)] },
  },
  {
    twin: 'dispatch',
    about: 'a stale connection, followed by a refused one',
    args: gets(3),
    server: { connections: [[...answers(one), fin]] },
  },
  {
    twin: 'dispatch',
    about: 'a stale connection that is reset',
    args: gets(2),
    server: { connections: [[...answers(one), { read: 'request' }, rst], answers(two)] },
  },
  {
    twin: 'dispatch',
    about: 'an idle connection that is reset',
    args: gets(2),
    server: { connections: [[...answers(one), rst], answers(two)] },
  },
  {
    twin: 'dispatch',
    about: 'a request that must not be sent twice',
    args: ['GET /', 'POST / unsafe', 'POST / unsafe'],
    server: {
      connections: [
        [...answers(one), fin],
        [...answers(two), fin],
        [{ read: 'request' }, fin],
      ],
    },
  },
  {
    twin: 'dispatch',
    about: 'a stale connection that begins to answer',
    args: gets(3),
    server: { connections: [[...answers(one, 'HTTP/1.1 102 Processing\r\n\r\n'), fin], answers(two)] },
  },
  {
    twin: 'dispatch',
    about: 'a new connection that is closed',
    args: gets(2),
    server: { connections: [[{ read: 'request' }, fin], answers(two)] },
  },
  {
    twin: 'dispatch',
    about: 'connections closed early',
    args: gets(7),
    server: {
      connections: connectionEach(
        '',
        'HTTP/1.1 2',
        'HTTP/1.1 200 OK\r\n',
        `${ok}X-Half: a`,
        `${ok}X-Whole: a\r\n`,
        `${ok}Content-Length: 5\r\n\r\n`,
        `${ok}Content-Length: 5\r\n\r\nhel`,
      ),
    },
  },
  {
    twin: 'dispatch',
    about: 'connections that are reset',
    args: gets(7),
    server: {
      connections: resetEach(
        '',
        'HTTP/1.1 2',
        'HTTP/1.1 200 OK\r\n',
        `${ok}X-Half: a`,
        `${ok}Content-Length: 5\r\n\r\nhel`,
        `${ok}\r\nuntil the end`,
        `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhel`,
      ),
    },
  },

  {
    twin: 'dispatch',
    about: 'several readers',
    args: ['GET / 2xx not404', 'GET / 2xx not404', 'PROPFIND /x 2xx', 'HEAD / not404'],
    server: { connections: [answers(one, notFound, notFound, `${ok}Content-Type: a/b\r\n\r\n`)] },
  },
  {
    twin: 'dispatch',
    about: 'readers of bodies that fail',
    args: ['GET / 2xx not404', 'GET / 2xx not404', 'GET / 2xx not404'],
    server: {
      connections: connectionEach(one.slice(0, -1), `${ok}Content-Length: x\r\n\r\nhello`, `${ok}\r\nuntil the end`),
    },
  },
  {
    twin: 'dispatch',
    about: 'readers that refuse',
    readersRefuse: true,
    args: ['GET / refuse', 'GET / 2xx refuse', 'GET /', 'HEAD / refuse', 'GET /'],
    server: { connections: connectionEach(one, notFound, two, ok + '\r\n', one) },
  },
  {
    twin: 'dispatch',
    about: 'a repeated request',
    args: ['GET / again 2xx', 'OPTIONS * again', 'GET / again'],
    server: {
      connections: [answers(notFound, closing), [...answers(one), fin], answers(two, 'none\r\n'), answers(two)],
    },
  },
  {
    twin: 'dispatch',
    about: 'a request repeated after a failure',
    args: ['GET / again', 'GET / again', 'GET / again'],
    server: {
      connections: [
        ...connectionEach(one.slice(0, -1), two, '', `${ok}Content-Length: x\r\n\r\nhello`),
        answers(one, 'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\ntwo'),
      ],
    },
  },
  {
    twin: 'dispatch',
    about: 'a repeated request with a response in HTTP/1.0',
    args: ['GET / again', 'GET /'],
    server: { connections: [answers(one, 'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\ntwo', one)] },
  },
  {
    twin: 'dispatch',
    about: 'an endless body that is refused',
    readersRefuse: true,
    args: ['GET / refuse', 'GET /'],
    server: {
      connections: [[...answers(`${ok}\r\n`), { streamForever: 10_000 }], answers(two)],
    },
  },
  {
    twin: 'dispatch',
    about: 'methods and targets',
    args: ['GET /a%20b?x#fragment', 'GET http://other/', 'X-METHOD *', 'DELETE relative unsafe'],
    server: { connections: [answers(one, two, notFound), answers(one)] },
  },
];

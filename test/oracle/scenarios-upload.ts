/** Lists scenarios with request bodies. */
import { response, type Step } from '../servers/raw.js';
import { answers, type NamedScenario } from './scenario.js';

const one = response('one');
const two = response('two');
const goOn = 'HTTP/1.1 100 Continue\r\n\r\n';
const unauthorized = response('who?', { status: '401 Unauthorized' });
const tooBig = response('too big', { status: '413 Content Too Large', headers: { Connection: 'close' } });
const noExpectation = response('', { status: '417 Expectation Failed' });

const fin: Step = { close: 'fin' };

/** Reads a head, sends the text, and then reads the body. */
const afterHead = (text: string): Step[] => [{ read: 'head' }, { send: text }, { read: 'body' }];
const stale: Step[][] = [[...answers(one), fin], answers(two)];

/** Scenarios whose bodies are bytes. */
export const uploads: readonly NamedScenario[] = [
  {
    twin: 'upload',
    about: 'buffers',
    args: ['none 0', 'buffer 0', 'buffer 1', 'buffer 100000'],
    server: { connections: [answers(one, two, one, two)] },
  },
  {
    twin: 'upload',
    about: 'a buffer sent again after a stale connection',
    args: ['buffer 5', 'buffer 20000'],
    server: { connections: stale },
  },
  {
    twin: 'upload',
    about: 'a buffer that must not be sent twice',
    args: ['buffer 5', 'buffer 20000 unsafe', 'buffer 5 unsafe'],
    server: { connections: [[...answers(one), fin], [{ read: 'request' }, fin], answers(two)] },
  },
  {
    twin: 'upload',
    about: 'a buffer in a repeated request',
    args: ['buffer 20000 again', 'buffer 5 again expect'],
    server: {
      connections: [[...answers(one, two), ...afterHead(goOn), { send: one }, ...afterHead(goOn), { send: two }]],
    },
  },
  {
    twin: 'upload',
    about: 'a response before the body is read',
    args: ['buffer 100000', 'buffer 5'],
    server: { connections: [[{ read: 'head' }, { send: tooBig }, fin], answers(two)] },
  },
  {
    twin: 'upload',
    about: 'a response and a reset before the body is read',
    args: ['buffer 50000000', 'buffer 5'],
    server: { connections: [[{ read: 'head' }, { send: tooBig }, { close: 'rst' }], answers(two)], keep: 60 },
  },
  {
    twin: 'upload',
    about: '417 to an expectation',
    args: ['buffer 9 expect', 'buffer 9'],
    server: { connections: [[{ read: 'head' }, { send: noExpectation }, ...answers(two)]] },
  },
  {
    twin: 'upload',
    about: '401 instead of 100 Continue',
    args: ['buffer 20000 expect', 'buffer 9 expect'],
    server: { connections: [[{ read: 'head' }, { send: unauthorized }, ...afterHead(goOn), { send: two }]] },
  },
  {
    twin: 'upload',
    about: 'several interim responses to an expectation',
    args: ['buffer 20000 expect', 'buffer 9'],
    server: {
      connections: [
        [
          ...afterHead(`HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n${goOn}${goOn}`),
          { send: one },
          ...afterHead(goOn),
          { send: goOn + two },
        ],
      ],
    },
  },
  {
    twin: 'upload',
    about: 'an expectation on a stale connection',
    args: ['buffer 9', 'buffer 20000 expect', 'buffer 0 expect'],
    server: {
      connections: [
        [...answers(one), fin],
        [...afterHead(goOn), ...[{ send: two }], ...answers(one)],
      ],
    },
  },
  {
    twin: 'upload',
    about: 'a connection closed after 100 Continue',
    args: ['buffer 20000 expect', 'buffer 9 expect'],
    server: {
      connections: [
        [...afterHead(goOn), fin],
        [{ read: 'head' }, fin],
      ],
    },
  },
];

/** Scenarios whose bodies come from files and functions. */
export const pulledUploads: readonly NamedScenario[] = [
  {
    twin: 'upload',
    about: 'files from an offset',
    args: ['fd 0', 'fd 1', 'fd 100000', 'fd 9 again'],
    server: { connections: [answers(one, two, one, two, one)] },
  },
  {
    twin: 'upload',
    about: 'a file that is too short',
    args: ['fd 9000 beyond', 'fd 9'],
    server: { connections: [[{ read: 'request' }], answers(two)] },
  },
  {
    twin: 'upload',
    about: 'a part of a file',
    args: ['fd 9000 within', 'fd 100 within', 'fd 20000 within expect'],
    server: { connections: [[...answers(one, two), ...afterHead(goOn), { send: one }]] },
  },
  {
    twin: 'upload',
    about: 'a descriptor without offsets',
    args: ['stdout 9', 'stdout 0', 'stdout 9 expect', 'fd 9'],
    server: { connections: [[{ read: 'head' }], [...answers(two), ...afterHead(goOn)], answers(one)] },
  },
  {
    twin: 'upload',
    about: 'a provider with a length',
    args: ['provider 0', 'provider 1', 'provider 30000', 'provider 9000 again'],
    server: { connections: [answers(one, two, one, two, one)] },
  },
  {
    twin: 'upload',
    about: 'a provider in chunks',
    args: ['chunked 1', 'chunked 30000', 'chunked 9000 again'],
    server: { connections: [answers(one, two, one, two)] },
  },
  {
    twin: 'upload',
    about: 'an empty chunked body',
    args: ['chunked 0', 'chunked 0 expect'],
    server: { connections: [[...answers(one), ...afterHead(goOn), { send: two }]] },
  },
  ...['fd 20000', 'provider 20000', 'chunked 20000'].map((source): NamedScenario => ({
    twin: 'upload',
    about: `${source} sent again after a stale connection`,
    args: ['buffer 5', source],
    server: { connections: stale },
  })),
  {
    twin: 'upload',
    about: 'a provider that cannot rewind',
    args: ['buffer 5', 'provider 9000 once', 'chunked 9000 once again', 'buffer 5'],
    server: {
      connections: [[...answers(one), fin], [{ read: 'head' }], [...answers(one), { read: 'head' }], answers(two)],
    },
  },
  {
    twin: 'upload',
    about: 'providers that fail',
    args: ['provider 9000 fail', 'chunked 9000 fail', 'provider 9000 fail expect', 'buffer 5'],
    server: { connections: [[{ read: 'request' }], [{ read: 'request' }], afterHead(goOn), answers(two)] },
  },
  {
    twin: 'upload',
    about: 'providers that are not called',
    args: ['provider 9000 expect', 'chunked 9000 expect', 'fd 9000 expect', 'buffer 5'],
    server: {
      connections: [
        [
          { read: 'head' },
          { send: unauthorized },
          { read: 'head' },
          { send: noExpectation },
          { read: 'head' },
          { send: tooBig },
        ],
        answers(two),
      ],
    },
  },
  {
    twin: 'upload',
    about: 'a response before the body of a provider is read',
    args: ['chunked 60000', 'provider 60000', 'fd 60000', 'buffer 5'],
    server: {
      connections: [
        ...Array.from({ length: 3 }, (): Step[] => [{ read: 'head' }, { send: tooBig }, fin]),
        answers(two),
      ],
    },
  },
];

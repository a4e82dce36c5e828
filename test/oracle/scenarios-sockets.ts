/** Lists scenarios of sockets without a session. */
import type { NamedScenario } from './scenario.js';

const granted = Uint8Array.of(0, 0x5a, 0, 0, 0, 0, 0, 0);

export const sockets: readonly NamedScenario[] = [
  {
    twin: 'socket',
    about: 'a conversation',
    server: { connections: [[{ readUntil: '\n' }, { send: 'first line\nsecond\nrest of it' }, { readBytes: 10 }]] },
    args: [
      'write hello\n',
      'block 5',
      'line 100',
      'line 7',
      'line 8',
      'peek 4',
      'read 4',
      'full 6',
      'vector one|two|four',
      'read 10',
    ],
  },
  {
    twin: 'socket',
    about: 'overlong lines, and one without an end',
    server: { connections: [[{ send: `${'x'.repeat(4096)}y\nz` }, { readBytes: 1 }]] },
    args: ['block 5', 'line 5000', 'full 4090', 'line 6', 'line 7', 'line 8', 'line 9', 'write 1', 'line 9'],
  },
  {
    twin: 'socket',
    about: 'a peer that closes early',
    server: { connections: [[{ send: 'abc' }]] },
    args: ['full 4', 'full 1', 'read 1', 'peek 1', 'line 9', 'block 1'],
  },
  {
    twin: 'socket',
    about: 'a peer that resets',
    server: { connections: [[{ readBytes: 1 }, { close: 'rst' }]] },
    args: ['write x', 'read 1'],
  },
  {
    twin: 'socket',
    about: 'a silent peer',
    server: { connections: [[{ hang: 'reading' }]] },
    args: ['timeout 1', 'read 1', 'block 1', 'full 1'],
  },
  {
    twin: 'socket',
    about: 'a shutdown',
    server: { connections: [[{ readBytes: 3 }, { send: 'answer' }]] },
    args: ['write abc', 'shutdown 2', 'write more', 'full 6', 'read 1', 'shutdown 1', 'read 1'],
  },
  {
    twin: 'socket',
    about: 'SOCKS 4',
    server: { connections: [[{ readBytes: 14 }, { send: granted }, { readUntil: '\n' }, { send: 'yes' }]] },
    args: ['socks 0 192.0.2.7 alice -', 'write hello\n', 'full 3'],
  },
  {
    twin: 'socket',
    about: 'SOCKS 4A',
    server: { connections: [[{ readBytes: 27 }, { send: granted }, { readUntil: '\n' }]] },
    args: ['socks 1 host.invalid alice -', 'write hello\n'],
  },
  {
    twin: 'socket',
    about: 'SOCKS 5 without a user',
    server: {
      connections: [
        [
          { readBytes: 4 },
          { send: Uint8Array.of(5, 0) },
          { readBytes: 19 },
          { send: Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0) },
          { readUntil: '\n' },
        ],
      ],
    },
    args: ['socks 2 host.invalid - -', 'write hello\n'],
  },
  {
    twin: 'socket',
    about: 'SOCKS 5 with a user that is refused',
    server: {
      connections: [
        [{ readBytes: 4 }, { send: Uint8Array.of(5, 2) }, { readBytes: 14 }, { send: Uint8Array.of(1, 1) }],
      ],
    },
    args: ['socks 2 192.0.2.7 alice secret'],
  },
  {
    twin: 'addresses',
    about: 'texts of addresses',
    server: {},
    args: [
      '4 127.0.0.1',
      '4 255.255.255.255',
      '4 127.0.0.01',
      '4 127.1',
      '4 ::1',
      '6 ::1',
      '6 ::',
      '6 ::ffff:192.0.2.1',
      '6 2001:DB8:0:0:1:0:0:1',
      '6 fe80::1%lo',
      '6 127.0.0.1',
    ],
  },
  {
    twin: 'addresses',
    about: 'lookups',
    server: {},
    args: [
      'name 127.0.0.1',
      'name [::1]',
      'name [::1',
      'name nosuchhost.invalid',
      'canon localhost',
      'reverse 127.0.0.1',
      'reverse 192.0.2.1',
    ],
  },
];

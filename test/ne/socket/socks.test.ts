/** Tests of ne_sock_proxy: the bytes that it sends, and the arguments that it rejects. */
import * as ne from 'libneon/ne';
import { failureOf, neonError, outOfRange, wrongType, wrongValue } from '../../support/expect.js';
import { connectedTo, restOf } from '../../support/sockets.js';
import { testServers } from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';

const serve = testServers();
const invalidState = neonError('ERR_NEON_INVALID_STATE');

describe.each(surfaces)('$surface', ({ io }) => {
  const four = (): ne.ne_inet_addr => ne.ne_iaddr_parse('192.0.2.7', ne.ne_iaddr_ipv4)!;
  const six = (): ne.ne_inet_addr => ne.ne_iaddr_parse('2001:db8::7', ne.ne_iaddr_ipv6)!;
  const granted4 = [0, 0x5a, 0, 0, 0, 0, 0, 0];
  const granted5 = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  type Arguments = [number, ne.ne_inet_addr | null, string | null, number, string | null, string | null];
  /** Pairs of bytes: what neon sends, and what the proxy answers. */
  type Exchange = readonly (readonly [sent: readonly number[], answer: readonly number[]])[];
  const bytes = (text: string): number[] => [...Buffer.from(text)];

  const conversations: [string, () => Arguments, Exchange][] = [
    [
      '4',
      () => [ne.NE_SOCK_SOCKSV4, four(), null, 8080, 'me', null],
      [[[4, 1, 31, 144, 192, 0, 2, 7, ...bytes('me\0')], granted4]],
    ],
    [
      '4A',
      () => [ne.NE_SOCK_SOCKSV4A, null, 'host.invalid', 80, '', null],
      [[[4, 1, 0, 80, 0, 0, 0, 255, 0, ...bytes('host.invalid\0')], granted4]],
    ],
    [
      '5 to a name',
      () => [ne.NE_SOCK_SOCKSV5, null, 'host.invalid', 80, null, null],
      [
        [
          [5, 2, 0, 2],
          [5, 0],
        ],
        [[5, 1, 0, 3, 12, ...bytes('host.invalid'), 0, 80], granted5],
      ],
    ],
    [
      '5 to an IPv4 address, with a user',
      () => [ne.NE_SOCK_SOCKSV5, four(), 'ignored', 443, 'alice', 'secret'],
      [
        [
          [5, 2, 0, 2],
          [5, 2],
        ],
        [
          [1, 5, ...bytes('alice'), 6, ...bytes('secret')],
          [1, 0],
        ],
        [[5, 1, 0, 1, 192, 0, 2, 7, 1, 187], granted5],
      ],
    ],
    [
      '5 to an IPv6 address',
      () => [ne.NE_SOCK_SOCKSV5, six(), null, 1, null, null],
      [
        [
          [5, 2, 0, 2],
          [5, 0],
        ],
        [
          [5, 1, 0, 4, ...ne.ne_iaddr_raw(six()), 0, 1],
          [5, 0, 0, 3, 2, 97, 98, 0, 0],
        ],
      ],
    ],
    [
      '5 with the longest texts',
      () => [ne.NE_SOCK_SOCKSV5, null, 'h'.repeat(255), 1, 'u'.repeat(255), 'p'.repeat(255)],
      [
        [
          [5, 2, 0, 2],
          [5, 2],
        ],
        [
          [1, 255, ...bytes('u'.repeat(255)), 255, ...bytes('p'.repeat(255))],
          [1, 0],
        ],
        [[5, 1, 0, 3, 255, ...bytes('h'.repeat(255)), 0, 1], granted5],
      ],
    ],
  ];

  test.each(conversations)('connects through SOCKS %s', async (_, make, exchange) => {
    const steps = exchange.flatMap(([sent, answer]) => [{ readBytes: sent.length }, { send: Uint8Array.from(answer) }]);
    const proxy = await serve({ connections: [[...steps, { readUntil: '\n' }, { send: 'through\n' }]] });
    const socket = connectedTo(proxy);
    expect(await io.ne_sock_proxy(socket, ...make())).toBe(0);
    expect(await io.ne_sock_fullwrite(socket, 'hello\n')).toBe(0);
    expect(await restOf(socket)).toBe('through\n');
    const [record] = await proxy.connections();
    expect([...record!.received]).toEqual([...exchange.flatMap(([sent]) => sent), ...bytes('hello\n')]);
  });

  test.each([
    // The user name and the password are null. C receives empty strings instead, because it would dereference NULL.
    ['requires a password', [4, [5, 2], 3, [1, 1]], 'Authentication failed'],
    ['requires another method', [4, [5, 255]], 'No acceptable authentication method'],
    ['does not speak SOCKS', [4, [72, 84]], 'Invalid version in proxy response'],
    ['refuses', [4, [5, 0], 8, [5, 4, 0, 1]], 'Could not connect: host unreachable'],
    ['breaks off', [4, [5]], 'Could not read initial response from proxy: Connection closed'],
  ] as const)('fails on a proxy that %s', async (_, script, error) => {
    const steps = script.map((step) =>
      typeof step === 'number' ? { readBytes: step } : { send: Uint8Array.from(step) },
    );
    const socket = connectedTo(await serve({ connections: [steps] }));
    expect(await io.ne_sock_proxy(socket, ne.NE_SOCK_SOCKSV5, null, 'h', 1, null, null)).toBe(ne.NE_SOCK_ERROR);
    expect(ne.ne_sock_error(socket)).toBe(error);
    expect(await failureOf(() => io.ne_sock_read(socket, Buffer.alloc(1)))).toEqual(invalidState);
    expect(await io.ne_sock_close(socket)).toBe(0);
  });

  test('rejects arguments that C would truncate or that are missing', async () => {
    const socket = connectedTo(await serve({ connections: [[{ hang: 'reading' }]] }));
    const long = 'x'.repeat(256);
    const refused: [Error, Arguments][] = [
      [outOfRange, [3, null, 'h', 80, null, null]],
      [outOfRange, [ne.NE_SOCK_SOCKSV5, null, 'h', 65_536, null, null]],
      [outOfRange, [ne.NE_SOCK_SOCKSV5, null, long, 80, null, null]],
      [outOfRange, [ne.NE_SOCK_SOCKSV5, null, 'h', 80, long, 'p']],
      [outOfRange, [ne.NE_SOCK_SOCKSV5, null, 'h', 80, 'u', long]],
      [outOfRange, [ne.NE_SOCK_SOCKSV4A, null, long, 80, 'u', null]],
      [outOfRange, [ne.NE_SOCK_SOCKSV5, null, 'ö'.repeat(128), 80, null, null]],
      [wrongValue, [ne.NE_SOCK_SOCKSV5, null, null, 80, null, null]],
      [wrongValue, [ne.NE_SOCK_SOCKSV5, null, 'h', 80, 'u', null]],
      [wrongValue, [ne.NE_SOCK_SOCKSV4, null, 'h', 80, 'u', null]],
      [wrongValue, [ne.NE_SOCK_SOCKSV4, four(), null, 80, null, null]],
      [wrongValue, [ne.NE_SOCK_SOCKSV4, six(), null, 80, 'u', null]],
      [wrongValue, [ne.NE_SOCK_SOCKSV4A, four(), null, 80, 'u', null]],
      [wrongValue, [ne.NE_SOCK_SOCKSV4A, null, 'h', 80, null, null]],
      [wrongValue, [ne.NE_SOCK_SOCKSV5, null, 'h\0', 80, null, null]],
      [wrongType, [ne.NE_SOCK_SOCKSV5, null, 1 as unknown as string, 80, null, null]],
    ];
    for (const [error, values] of refused)
      expect([values, await failureOf(() => io.ne_sock_proxy(socket, ...values))]).toEqual([values, error]);
    expect(ne.ne_sock_fullwrite(socket, 'goes on')).toBe(0);
  });
});

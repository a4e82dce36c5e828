/** Tests of network addresses (ne_socket.h). */
import * as ne from 'libneon/ne';
import { neonError, outOfRange } from '../../support/expect.js';
import { loopback } from '../../support/sockets.js';

describe('network addresses', () => {
  test.each([
    ['127.0.0.1', [127, 0, 0, 1]],
    ['0.0.0.0', [0, 0, 0, 0]],
    ['255.254.253.252', [255, 254, 253, 252]],
  ])('parses and makes %s', (text, raw) => {
    const parsed = ne.ne_iaddr_parse(text, ne.ne_iaddr_ipv4)!;
    const made = ne.ne_iaddr_make(ne.ne_iaddr_ipv4, Uint8Array.from(raw))!;
    for (const address of [parsed, made]) {
      expect(ne.ne_iaddr_print(address)).toBe(text);
      expect(ne.ne_iaddr_raw(address)).toEqual(Buffer.from(raw));
      expect(ne.ne_iaddr_typeof(address)).toBe(ne.ne_iaddr_ipv4);
    }
    expect(ne.ne_iaddr_cmp(parsed, made)).toBe(0);
    expect(parsed).not.toBe(made);
  });

  test.each([
    ['::1', [...Array<number>(15).fill(0), 1]],
    ['fe80::1:2', [0xfe, 0x80, ...Array<number>(11).fill(0), 1, 0, 2]],
    ['2001:db8:1:2:3:4:5:6', [0x20, 1, 0xd, 0xb8, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6]],
  ])('parses and makes %s', (text, raw) => {
    const parsed = ne.ne_iaddr_parse(text, ne.ne_iaddr_ipv6)!;
    const made = ne.ne_iaddr_make(ne.ne_iaddr_ipv6, Uint8Array.from(raw))!;
    for (const address of [parsed, made]) {
      expect(ne.ne_iaddr_print(address)).toBe(text);
      expect(ne.ne_iaddr_raw(address)).toEqual(Buffer.from(raw));
      expect(ne.ne_iaddr_typeof(address)).toBe(ne.ne_iaddr_ipv6);
    }
    expect(ne.ne_iaddr_cmp(parsed, made)).toBe(0);
  });

  test.each(['', 'localhost', '127.0.0', '127.0.0.256', '::1', '[::1]', ' 127.0.0.1', '127.0.0.1 ', '1e1.0.0.1'])(
    'returns null for %j as an IPv4 address',
    (text) => {
      expect(ne.ne_iaddr_parse(text, ne.ne_iaddr_ipv4)).toBeNull();
    },
  );

  test.each(['', '127.0.0.1', ':::1', '[::1]', 'x'.repeat(10_000)])(
    'returns null for %j as an IPv6 address',
    (text) => {
      expect(ne.ne_iaddr_parse(text, ne.ne_iaddr_ipv6)).toBeNull();
    },
  );

  test('compares addresses', () => {
    const other = ne.ne_iaddr_parse('127.0.0.2', ne.ne_iaddr_ipv4)!;
    const six = ne.ne_iaddr_parse('::1', ne.ne_iaddr_ipv6)!;
    expect(ne.ne_iaddr_cmp(loopback(), other)).not.toBe(0);
    expect(ne.ne_iaddr_cmp(loopback(), six)).not.toBe(0);
    const here = loopback();
    expect(ne.ne_iaddr_cmp(here, here)).toBe(0);
  });

  test('copies raw bytes', () => {
    const bytes = Uint8Array.of(10, 0, 0, 1);
    const address = ne.ne_iaddr_make(ne.ne_iaddr_ipv4, bytes)!;
    bytes.fill(0);
    ne.ne_iaddr_raw(address).fill(0);
    expect(ne.ne_iaddr_print(address)).toBe('10.0.0.1');
  });

  test.each([0, 1, 3, 5, 15, 16, 17])('rejects %d bytes as an IPv4 address', (size) => {
    expect(() => ne.ne_iaddr_make(ne.ne_iaddr_ipv4, new Uint8Array(size))).toThrow(outOfRange);
    if (size !== 16) expect(() => ne.ne_iaddr_make(ne.ne_iaddr_ipv6, new Uint8Array(size))).toThrow(outOfRange);
  });

  test('throws for a freed address', () => {
    const address = loopback();
    ne.ne_iaddr_free(address);
    for (const use of [ne.ne_iaddr_print, ne.ne_iaddr_raw, ne.ne_iaddr_typeof, ne.ne_iaddr_free])
      expect(() => use(address)).toThrow(neonError('ERR_NEON_DESTROYED'));
    expect(() => ne.ne_iaddr_cmp(loopback(), address)).toThrow(neonError('ERR_NEON_DESTROYED'));
  });
});

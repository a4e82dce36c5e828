/** Tests of buffers (ne_string.h). */
import * as ne from 'libneon/ne';
import { neonError, outOfRange, result, wrongType, wrongValue } from '../../support/expect.js';

test('creates an empty buffer', () => {
  const buffer = ne.ne_buffer_create();
  expect([buffer.data, buffer.used, ne.ne_buffer_size(buffer)]).toEqual(['', 1, 0]);
  expect(buffer.length).toBeGreaterThanOrEqual(1);
  expect(ne.ne_buffer_ncreate(4000).length).toBe(4000);
});

test('appends text and bytes', () => {
  const buffer = ne.ne_buffer_ncreate(1);
  expect(result(() => ne.ne_buffer_zappend(buffer, 'one '))).toBeUndefined();
  expect(result(() => ne.ne_buffer_czappend(buffer, 'two '))).toBeUndefined();
  expect(result(() => ne.ne_buffer_append(buffer, Buffer.from('three ')))).toBeUndefined();
  expect(result(() => ne.ne_buffer_append(buffer, 'vier € '))).toBeUndefined();
  expect(result(() => ne.ne_buffer_concat(buffer, 'a', '', 'b', 'c'))).toBeUndefined();
  ne.ne_buffer_concat(buffer);
  ne.ne_buffer_append(buffer, '');
  const text = 'one two three vier € abc';
  expect([buffer.data, buffer.used, ne.ne_buffer_size(buffer)]).toEqual([
    text,
    Buffer.byteLength(text) + 1,
    Buffer.byteLength(text),
  ]);
  expect(buffer.length).toBeGreaterThanOrEqual(buffer.used);
});

test('quotes bytes that are not printable ASCII', () => {
  const buffer = ne.ne_buffer_create();
  ne.ne_buffer_qappend(buffer, Buffer.from('a\0\n\x7fß~ z', 'latin1'));
  expect(buffer.data).toBe('a\\x00\\x0a\\x7f\\xdf~ z');
});

test('appends formatted text', () => {
  const buffer = ne.ne_buffer_create();
  expect(ne.ne_buffer_snprintf(buffer, 100, '%s=%04x;', 'ü', 255)).toBe(8);
  expect(ne.ne_buffer_snprintf(buffer, 4, 'cut %d', 1)).toBe(3);
  expect(ne.ne_buffer_snprintf(buffer, 1, 'nothing')).toBe(0);
  expect(ne.ne_buffer_snprintf(buffer, 100, '%%s')).toBe(2);
  expect(buffer.data).toBe('ü=00ff;cut%s');
});

test('truncates formatted text at a byte, as C does, even inside a character', () => {
  const buffer = ne.ne_buffer_create();
  expect(ne.ne_buffer_snprintf(buffer, 3, '%s', 'a€')).toBe(2);
  expect([ne.ne_buffer_size(buffer), buffer.data]).toEqual([2, 'a\ufffd']);
});

test('grows and clears a buffer', () => {
  const buffer = ne.ne_buffer_ncreate(10);
  ne.ne_buffer_zappend(buffer, 'text');
  ne.ne_buffer_grow(buffer, 100_000);
  expect([buffer.data, buffer.length >= 100_000]).toEqual(['text', true]);
  ne.ne_buffer_grow(buffer, 1);
  expect([buffer.data, buffer.length >= 100_000]).toEqual(['text', true]);
  ne.ne_buffer_altered(buffer);
  expect(ne.ne_buffer_size(buffer)).toBe(4);
  ne.ne_buffer_clear(buffer);
  expect([buffer.data, ne.ne_buffer_size(buffer)]).toEqual(['', 0]);
  const long = 'x'.repeat(1_000_000);
  ne.ne_buffer_zappend(buffer, long);
  expect(buffer.data).toBe(long);
});

test('returns the string and destroys the buffer on finish', () => {
  const buffer = ne.ne_buffer_create();
  ne.ne_buffer_zappend(buffer, 'text');
  expect(ne.ne_buffer_finish(buffer)).toBe('text');
  expect(() => buffer.data).toThrow(neonError('ERR_NEON_DESTROYED'));
  expect(() => ne.ne_buffer_finish(buffer)).toThrow(neonError('ERR_NEON_DESTROYED'));
  const other = ne.ne_buffer_create();
  ne.ne_buffer_destroy(other);
  expect(() => ne.ne_buffer_concat(other)).toThrow(neonError('ERR_NEON_DESTROYED'));
});

test('leaves a buffer unchanged after rejected calls', () => {
  const buffer = ne.ne_buffer_create();
  ne.ne_buffer_zappend(buffer, 'text');
  expect(() => ne.ne_buffer_concat(buffer, 'more', 1 as unknown as string)).toThrow(wrongType);
  expect(() => ne.ne_buffer_concat(buffer, 'more', 'a\0b')).toThrow(wrongValue);
  expect(() => ne.ne_buffer_append(buffer, Buffer.from('a\0b'))).toThrow(wrongValue);
  expect(() => ne.ne_buffer_snprintf(buffer, 100, 'more %d')).toThrow(wrongValue);
  expect(() => ne.ne_buffer_snprintf(buffer, 0, 'more')).toThrow(outOfRange);
  expect(() => ne.ne_buffer_grow(buffer, 2 ** 31)).toThrow(outOfRange);
  expect(buffer.data).toBe('text');
});

test('makes data, used and length read-only', () => {
  const buffer = ne.ne_buffer_create();
  expect(() => Object.assign(buffer, { data: 'x' })).toThrow(TypeError);
  expect(() => (Object.create(buffer) as ne.ne_buffer).used).toThrow(wrongType);
});

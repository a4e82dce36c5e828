/** Tests of ne_i18n.h: the encoding of translated error texts. */
import * as ne from 'libneon/ne';
import { result, wrongType, wrongValue } from '../../support/expect.js';

/** The error text of a request that cannot succeed. */
function errorText(): string {
  const session = ne.ne_session_create('http', '127.0.0.1', 1);
  const request = ne.ne_request_create(session, 'GET', '/');
  ne.ne_request_dispatch(request);
  const text = ne.ne_get_error(session);
  ne.ne_request_destroy(request);
  ne.ne_session_destroy(session);
  return text;
}

afterAll(() => ne.ne_i18n_init('UTF-8'));

test.each([
  'UTF-8',
  'utf-8',
  'ISO-8859-1',
  'UTF-8//TRANSLIT',
  '',
  'no such encoding',
  '/',
  '\u00e4',
  'x'.repeat(100),
  null,
])('leaves untranslated texts as they are with encoding %j', (encoding) => {
  const before = errorText();
  expect(before).toMatch(/^Could not connect to server: /);
  expect(result(() => ne.ne_i18n_init(encoding))).toBeUndefined();
  expect(errorText()).toBe(before);
});

test('refuses an invalid name of an encoding', () => {
  for (const bad of [1, {}, true]) expect(() => ne.ne_i18n_init(bad as unknown as string)).toThrow(wrongType);
  for (const bad of ['a\0', 'x'.repeat(101)]) expect(() => ne.ne_i18n_init(bad)).toThrow(wrongValue);
});

/** Tests the C API with bad input that the argument tables do not cover: bytes on the wire, handles, long strings. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as ne from 'libneon/ne';
import { forms, functionsOf, headers } from '../support/bad-input.js';
import { coded, failureOf, outOfRange, wrongChar, wrongType, wrongValue } from '../support/expect.js';
import { handles, newRequest, newSession } from '../support/handles.js';
import { answering, receivedBy, sessionWith, testServers } from '../support/servers.js';

const root = path.join(__dirname, '../../..');
const serve = testServers();
const exported = functionsOf(ne);

describe('the set of argument tables', () => {
  // The test file of a header fails if its table lacks a function (support/bad-input.ts).
  test('has every function', () => {
    expect(Object.values<object>(headers).flatMap(functionsOf).sort()).toEqual([...exported].sort());
  });

  test.each(Object.keys(headers))('has a file for ne_%s.h', (header) => {
    const file = path.join(root, 'test/ne', header, 'bad-input.test.ts');
    expect(existsSync(file)).toBe(true);
    expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`^testBadInput\\(\\s*'${header}'`, 'm'));
  });
});

test('exports only numbers besides functions and NE_XML_MEDIA_TYPE', () => {
  const others = Object.entries(ne).filter(([name]) => ![...exported, 'NE_XML_MEDIA_TYPE'].includes(name));
  for (const [name, value] of others) expect([name, typeof value]).toEqual([name, 'number']);
  expect(others.length).toBeGreaterThan(20);
});

describe.each(forms)('$surface', ({ has, call }) => {
  test('ignores excess arguments', async () => {
    const session = newSession();
    const more = Array<number>(20).fill(1);
    expect(ne.ne_get_scheme.call(null, ...([session, ...more] as unknown as [ne.ne_session]))).toBe('http');
    const request = (await call('ne_request_create')(
      session,
      'GET',
      '/',
      ...(has('ne_get_scheme') ? more : []),
    )) as ne.ne_request;
    expect(ne.ne_get_session(request)).toBe(session);
  });

  test('sends nothing of rejected input', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const request = (await call('ne_request_create')(session, 'GET', '/good')) as ne.ne_request;
    for (const bad of ['\r', '\n', '\0', '\r\n\r\nGET /evil HTTP/1.1\r\n']) {
      const good = `x${bad}`;
      expect(await failureOf(() => call('ne_request_create')(session, good, '/'))).toEqual(wrongChar);
      expect(await failureOf(() => call('ne_request_create')(session, 'GET', good))).toEqual(wrongChar);
      expect(() => ne.ne_add_request_header(request, good, 'v')).toThrow(wrongChar);
      expect(() => ne.ne_add_request_header(request, 'X', good)).toThrow(wrongChar);
      expect(() => ne.ne_print_request_header(request, good, 'v')).toThrow(wrongChar);
      expect(() => ne.ne_print_request_header(request, 'X', good)).toThrow(wrongChar);
      expect(() => ne.ne_print_request_header(request, 'X', '%s', good)).toThrow(wrongChar);
      expect(() => ne.ne_set_useragent(session, good)).toThrow(wrongChar);
    }
    expect(await server.connections()).toEqual([]);
    expect(await call('ne_request_dispatch')(request)).toBe(ne.NE_OK);
    expect((await receivedBy(server)).join()).toMatch(/^GET \/good HTTP\/1\.1\r\n(?!.*evil)[^]*\r\n\r\n$/);
  });
});

describe('handles', () => {
  test.each(Object.entries(handles))('makes %s without a public constructor', (kind, make) => {
    const constructor = make().constructor as unknown as new (...values: unknown[]) => object;
    expect(constructor.name).toBe(kind);
    const illegal = coded('ERR_ILLEGAL_CONSTRUCTOR', 'TypeError');
    expect(() => new constructor()).toThrow(illegal);
    expect(() => new constructor('http', 'example.com', 80)).toThrow(illegal);
    expect(() => Reflect.construct(constructor, [], Object)).toThrow(illegal);
    expect(() => new (class extends constructor {})()).toThrow(illegal);
    expect(() => (constructor as unknown as () => void)()).toThrow();
    expect(make()).toBeInstanceOf(constructor); // neon's functions still make these handles
  });

  test.each(Object.entries(handles))('gives %s no properties', (_, make) => {
    expect(Reflect.ownKeys(make())).toEqual([]);
  });

  test('ignores properties that are set on a handle', async () => {
    const server = await serve(answering());
    const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
    const own = Object.fromEntries(
      ['callbacks', 'handle', 'constructor', 'then', 'value', 'type'].map((name) => [name, 1]),
    );
    Object.assign(request, own);
    const blocks: string[] = [];
    ne.ne_add_response_body_reader(
      request,
      () => 1,
      (block) => void blocks.push(block.toString()),
    );
    Object.freeze(request);
    expect(ne.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(blocks).toEqual(['hello', '']);
  });

  test('works with frozen handles', async () => {
    const server = await serve(answering());
    const session = Object.freeze(sessionWith(server));
    const request = Object.freeze(ne.ne_request_create(session, 'GET', '/'));
    const blocks: string[] = [];
    ne.ne_add_response_body_reader(
      request,
      () => 1,
      (block) => void blocks.push(block.toString()),
    );
    expect(ne.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(blocks).toEqual(['hello', '']);
  });
});

describe('long strings', () => {
  test('passes them to C whole', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const path = `/${'p'.repeat(500_000)}`;
    const request = ne.ne_request_create(session, 'M'.repeat(10_000), path);
    ne.ne_add_request_header(request, 'n'.repeat(10_000), 'v'.repeat(100_000));
    expect(ne.ne_request_dispatch(request)).toBe(ne.NE_OK);
    const [received] = await receivedBy(server);
    expect(received!.startsWith(`${'M'.repeat(10_000)} ${path} HTTP/1.1\r\n`)).toBe(true);
    expect(received!.endsWith(`\r\n${'n'.repeat(10_000)}: ${'v'.repeat(100_000)}\r\n\r\n`)).toBe(true);
  });

  test('rejects an invalid one of any length', () => {
    const long = 'x'.repeat(50_000_000);
    expect(() => ne.ne_request_create(newSession(), `${long}\n`, '/')).toThrow(wrongChar);
    expect(() => ne.ne_ssl_cert_read(`${long}\0`)).toThrow(wrongValue);
    expect(ne.ne_ssl_cert_read(long)).toBeNull();
    expect(() => ne.ne_print_request_header(newRequest(), 'X', long)).toThrow(outOfRange);
  });

  test('cuts them in an error message', async () => {
    const failure = await failureOf(() => ne.ne_session_create('http', 'h', 'x'.repeat(100_000) as unknown as number));
    expect(failure).toEqual(wrongType);
    expect(failure.message.length).toBeLessThan(500);
  });
});

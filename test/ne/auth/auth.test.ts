/** Tests of ne_auth.h on both surfaces, against Apache and against scripted servers. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as ne from 'libneon/ne';
import { apacheUser, startApache, type Apache } from '../../servers/apache.js';
import { describeWith } from '../../servers/packages.js';
import { response, type RawServerOptions } from '../../servers/raw.js';
import { digestOf, responseTo } from '../../support/digest.js';
import { failureOf, neonError, outOfRange, wrongType, wrongValue } from '../../support/expect.js';
import { answering, exchange, receivedBy, sessionWith, testServers } from '../../support/servers.js';
import { pull, surfaces } from '../../support/surfaces.js';

const serve = testServers();
const alice = { username: 'alice', password: 'secret' };
const user = { name: 'alice', password: 'secret' };
const aliceBasic = `Basic ${Buffer.from('alice:secret').toString('base64')}`;
const basic = 'Basic realm="the realm"';
const digest = 'Digest realm="the realm", nonce="abc", qop="auth"';

/** A 401 response with these challenges, each in a separate header. */
function unauthorized(...challenges: readonly string[]): string {
  const headers = challenges.map((challenge) => `WWW-Authenticate: ${challenge}\r\n`).join('');
  return `HTTP/1.1 401 Unauthorized\r\n${headers}Content-Length: 4\r\n\r\ndeny`;
}

/** One connection that sends these answers one after the other. */
const answers = (...texts: readonly string[]): RawServerOptions => ({
  connections: [texts.flatMap((text) => exchange(text))],
});

/** A callback that notes its arguments. */
function noting(
  answer: (attempt: number) => ne.ne_credentials_answer | Promise<ne.ne_credentials_answer> = () => alice,
): { asked: unknown[][]; creds: ne.ne_auth_creds } {
  const asked: unknown[][] = [];
  const creds: ne.ne_auth_creds = (realm, attempt) => {
    asked.push([realm, attempt]);
    return answer(attempt);
  };
  return { asked, creds };
}

describe.each(surfaces)('$surface', ({ io, asynchronous }) => {
  async function get(session: ne.ne_session, target = '/'): Promise<{ result: number; status: number }> {
    const request = await io.ne_request_create(session, 'GET', target);
    try {
      const result = await io.ne_request_dispatch(request);
      return { result, status: ne.ne_get_status(request).code };
    } finally {
      await io.ne_request_destroy(request);
    }
  }
  const ok = { result: ne.NE_OK, status: 200 };
  const refused = { result: ne.NE_AUTH, status: 401 };

  describeWith('apache2', 'Apache', () => {
    let apache: Apache;
    beforeAll(async () => {
      apache = await startApache();
      apache.write('basic', 'a.txt', 'basic');
      apache.write('digest', 'a.txt', 'digest');
    });
    afterAll(() => apache.stop());

    test.each([
      ['/basic/a.txt', apacheUser.basicRealm],
      ['/digest/a.txt', apacheUser.digestRealm],
    ])('asks once for the credentials of %s', async (target, realm) => {
      const session = sessionWith(apache);
      const { asked, creds } = noting();
      ne.ne_set_server_auth(session, creds);
      for (let i = 0; i < 3; i++) expect(await get(session, target)).toEqual(ok);
      expect(asked).toEqual([[realm, 0]]);
      const served = apache.accessLog().filter((line) => line.startsWith(`alice "GET ${target} HTTP/1.1" 200`));
      expect(served.length).toBeGreaterThanOrEqual(2); // Apache may not have logged the last request yet
    });

    test.each(['/basic/a.txt', '/digest/a.txt'])(
      'counts the attempts at %s until the callback gives up',
      async (target) => {
        const session = sessionWith(apache);
        const { asked, creds } = noting((attempt) => (attempt < 3 ? { ...alice, password: `wrong${attempt}` } : 7));
        ne.ne_set_server_auth(session, creds);
        for (let i = 0; i < 2; i++) {
          expect(await get(session, target)).toEqual(refused);
          expect(ne.ne_get_error(session)).toMatch(
            /^Could not authenticate to server: rejected (Basic|Digest) challenge$/,
          );
          expect(asked.splice(0).map(([, attempt]) => attempt)).toEqual([0, 1, 2, 3]);
        }
      },
    );

    test('replaces a stale nonce without asking again', async () => {
      const session = sessionWith(apache);
      const { asked, creds } = noting();
      ne.ne_set_server_auth(session, creds);
      expect(await get(session, '/digest-stale/a.txt')).toEqual(ok);
      await sleep(2100);
      expect(await get(session, '/digest-stale/a.txt')).toEqual(ok);
      expect(asked).toHaveLength(1);
    });

    test('passes the protocol to callbacks of ne_add_auth', async () => {
      for (const [target, protocol, realm] of [
        ['/basic/a.txt', ne.NE_AUTH_BASIC, apacheUser.basicRealm],
        ['/digest/a.txt', ne.NE_AUTH_DIGEST, apacheUser.digestRealm],
      ] as const) {
        const session = sessionWith(apache);
        const asked: unknown[] = [];
        ne.ne_add_auth(session, ne.NE_AUTH_DEFAULT, (...values) => {
          asked.push(values.slice(0, 3));
          expect(values[3]).toBeGreaterThanOrEqual(ne.NE_ABUFSIZ);
          return alice;
        });
        expect(await get(session, target)).toEqual(ok);
        expect(asked).toEqual([[0, protocol, realm]]);
      }
    });

    test('ignores challenges of protocols outside the mask', async () => {
      for (const [target, protocol] of [
        ['/basic/a.txt', ne.NE_AUTH_DIGEST],
        ['/digest/a.txt', ne.NE_AUTH_BASIC],
      ] as const) {
        const session = sessionWith(apache);
        const { asked, creds } = noting();
        ne.ne_add_server_auth(session, protocol, creds);
        expect(await get(session, target)).toEqual(refused);
        expect(ne.ne_get_error(session)).toMatch(/ignored (Basic|Digest) challenge/);
        expect(asked).toEqual([]);
      }
    });

    test.each(['/basic/', '/digest/'])('sends the body again to %s', async (folder) => {
      const body = Buffer.alloc(300_000, 'abc');
      const file = mkdtempSync(path.join(tmpdir(), 'libneon-auth-'));
      writeFileSync(path.join(file, 'body'), body);
      const fd = openSync(path.join(file, 'body'), 'r');
      const pieces = { given: 0 };
      const sources: Record<string, (request: ne.ne_request) => void> = {
        buffer: (request) => ne.ne_set_request_body_buffer(request, body),
        fd: (request) => ne.ne_set_request_body_fd(request, fd, 0, body.length),
        provider: (request) =>
          ne.ne_set_request_body_provider(request, body.length, (size) => {
            if (size === 0) return (pieces.given = 0);
            const piece = body.subarray(pieces.given, pieces.given + size);
            pieces.given += piece.length;
            return piece;
          }),
      };
      for (const [name, set] of Object.entries(sources)) {
        const session = sessionWith(apache);
        ne.ne_set_server_auth(session, () => alice);
        const put = await io.ne_request_create(session, 'PUT', folder + name);
        set(put);
        expect([name, await io.ne_request_dispatch(put), ne.ne_get_status(put).klass]).toEqual([name, ne.NE_OK, 2]);
        await io.ne_request_destroy(put);
        const again = await io.ne_request_create(session, 'GET', folder + name);
        expect(await io.ne_begin_request(again)).toBe(ne.NE_OK);
        expect((await pull(io, again)).equals(body)).toBe(true);
        expect(await io.ne_end_request(again)).toBe(ne.NE_OK);
      }
      closeSync(fd);
      rmSync(file, { recursive: true });
    });
  });

  describe('Digest', () => {
    test.each(['MD5', 'MD5-sess', 'SHA-256', 'SHA-256-sess'])('computes %s correctly', async (algorithm) => {
      const server = await serve(
        answers(unauthorized(`${digest}, algorithm=${algorithm}, opaque="o"`), response('a'), response('b')),
      );
      const session = sessionWith(server);
      ne.ne_set_server_auth(session, () => alice);
      expect(await get(session, '/a?b')).toEqual(ok);
      expect(await get(session, '/c')).toEqual(ok);
      const requests = (await receivedBy(server))[0]!.split(/(?=GET )/);
      const [first, second] = [digestOf(requests[1]!), digestOf(requests[2]!)];
      const common = { username: 'alice', realm: 'the realm', nonce: 'abc', algorithm, opaque: 'o', qop: 'auth' };
      expect(first).toMatchObject({ ...common, uri: '/a?b', nc: '00000001', response: responseTo(first, 'GET', user) });
      expect(second).toMatchObject({ ...common, uri: '/c', nc: '00000002', response: responseTo(second, 'GET', user) });
      expect(first['cnonce']!.length).toBeGreaterThan(15);
    });

    test('uses RFC 2069 only on request', async () => {
      const legacy = 'Digest realm="the realm", nonce="abc"';
      for (const [protocol, expected] of [
        [ne.NE_AUTH_DIGEST, refused],
        [ne.NE_AUTH_DIGEST | ne.NE_AUTH_LEGACY_DIGEST, ok],
      ] as const) {
        const server = await serve(answers(unauthorized(legacy), response('a')));
        const session = sessionWith(server);
        ne.ne_add_server_auth(session, protocol, () => alice);
        expect(await get(session)).toEqual(expected);
        const given = digestOf((await receivedBy(server))[0]!);
        if (expected === ok) expect(given['response']).toBe(responseTo(given, 'GET', user));
        expect(given['qop']).toBeUndefined();
      }
    });

    test('answers a stale nonce with the next one and the same password', async () => {
      const stale = 'Digest realm="the realm", nonce="next", qop="auth", stale=TRUE';
      const server = await serve(answers(unauthorized(digest), response('a'), unauthorized(stale), response('b')));
      const session = sessionWith(server);
      const { asked, creds } = noting();
      ne.ne_set_server_auth(session, creds);
      expect(await get(session)).toEqual(ok);
      expect(await get(session)).toEqual(ok);
      expect(asked).toHaveLength(1);
      const last = digestOf((await receivedBy(server))[0]!.split(/(?=GET )/)[3]!);
      expect(last).toMatchObject({ nonce: 'next', nc: '00000001', response: responseTo(last, 'GET', user) });
    });

    test('uses nextnonce from then on', async () => {
      const info = response('a', { headers: { 'Authentication-Info': 'nextnonce="next"' } });
      const server = await serve(answers(unauthorized(digest), info, response('b')));
      const session = sessionWith(server);
      ne.ne_set_server_auth(session, () => alice);
      expect(await get(session)).toEqual(ok);
      expect(await get(session)).toEqual(ok);
      const last = digestOf((await receivedBy(server))[0]!.split(/(?=GET )/)[2]!);
      expect(last).toMatchObject({ nonce: 'next', nc: '00000001', response: responseTo(last, 'GET', user) });
    });

    test('fails when the server does not prove that it knows the password', async () => {
      const info = 'qop=auth, rspauth="00", cnonce="mine", nc=00000001';
      const answer = response('a', { headers: { 'Authentication-Info': info } });
      const session = sessionWith(await serve(answers(unauthorized(digest), answer)));
      ne.ne_set_server_auth(session, () => alice);
      expect(await get(session)).toEqual({ result: ne.NE_ERROR, status: 200 });
      expect(ne.ne_get_error(session)).toBe('Digest mutual authentication failure: client nonce mismatch');
    });
  });

  describe('several challenges', () => {
    test('answers the strongest in any order', async () => {
      for (const challenges of [
        [basic, digest, `${digest}, algorithm=SHA-256`],
        [`${digest}, algorithm=SHA-256`, digest, basic],
      ]) {
        const server = await serve(answers(unauthorized(...challenges), response('a')));
        const session = sessionWith(server);
        ne.ne_set_server_auth(session, () => alice);
        expect(await get(session)).toEqual(ok);
        expect(digestOf((await receivedBy(server))[0]!)['algorithm']).toBe('SHA-256');
      }
    });

    test('asks the first of the callbacks for a protocol', async () => {
      const session = sessionWith(await serve(answers(unauthorized(basic, digest), response('a'))));
      const [first, second, third] = [noting(), noting(), noting()];
      ne.ne_add_server_auth(session, ne.NE_AUTH_BASIC, first.creds);
      ne.ne_add_server_auth(session, ne.NE_AUTH_DIGEST, second.creds);
      ne.ne_add_server_auth(session, ne.NE_AUTH_ALL, third.creds);
      expect(await get(session)).toEqual(ok);
      expect([first, second, third].map(({ asked }) => asked.length)).toEqual([0, 1, 0]);
    });

    test('tries the next weaker challenge when a callback gives up', async () => {
      const server = await serve(answers(unauthorized(basic, digest), response('a')));
      const session = sessionWith(server);
      ne.ne_add_server_auth(session, ne.NE_AUTH_DIGEST, () => 1);
      ne.ne_add_server_auth(session, ne.NE_AUTH_BASIC, () => alice);
      expect(await get(session)).toEqual(ok);
      expect((await receivedBy(server))[0]).toContain(`\r\nAuthorization: ${aliceBasic}\r\n`);
    });
  });

  test('asks again for credentials after ne_forget_auth', async () => {
    const server = await serve(answers(unauthorized(basic), response('a'), unauthorized(basic), response('b')));
    const session = sessionWith(server);
    const { asked, creds } = noting();
    ne.ne_set_server_auth(session, creds);
    expect(await get(session)).toEqual(ok);
    ne.ne_forget_auth(session);
    expect(await get(session)).toEqual(ok);
    expect(asked).toHaveLength(2);
    ne.ne_forget_auth(session);
  });

  test('sends Basic without a challenge below the path of the first one only', async () => {
    const server = await serve(answers(unauthorized(basic), response('a'), response('b'), response('c')));
    const session = sessionWith(server);
    ne.ne_set_server_auth(session, () => alice);
    for (const target of ['/in/a', '/in/b', '/out']) expect(await get(session, target)).toEqual(ok);
    const sent = (await receivedBy(server))[0]!.split(/(?=GET )/).map((text) => text.includes('Authorization'));
    expect(sent).toEqual([false, true, true, false]);
  });

  test('returns NE_RETRY from ne_end_request, after which the request can begin again', async () => {
    const session = sessionWith(await serve(answers(unauthorized(basic), response('hello'))));
    ne.ne_set_server_auth(session, () => alice);
    const request = await io.ne_request_create(session, 'GET', '/');
    const results: unknown[] = [];
    for (let result = ne.NE_RETRY; result === ne.NE_RETRY;) {
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      results.push(ne.ne_get_status(request).code, (await pull(io, request)).toString());
      results.push((result = await io.ne_end_request(request)));
    }
    expect(results).toEqual([401, 'deny', ne.NE_RETRY, 200, 'hello', ne.NE_OK]);
  });

  test('passes no part of the 401 to a reader for 2xx', async () => {
    const session = sessionWith(await serve(answers(unauthorized(basic), response('hello'))));
    ne.ne_set_server_auth(session, () => alice);
    const request = await io.ne_request_create(session, 'GET', '/');
    const [some, every]: [string[], string[]] = [[], []];
    ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => void some.push(block.toString()));
    ne.ne_add_response_body_reader(request, ne.ne_accept_always, (block) => void every.push(block.toString()));
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect([some, every]).toEqual([
      ['hello', ''],
      ['deny', '', 'hello', ''],
    ]);
  });

  test('fails if the provider cannot repeat the body, and sends no part of it', async () => {
    const server = await serve(answers(unauthorized(basic), response('a')));
    const session = sessionWith(server);
    ne.ne_set_server_auth(session, () => alice);
    const request = await io.ne_request_create(session, 'PUT', '/');
    let begun = 0;
    let given = false;
    ne.ne_set_request_body_provider(request, 4, (size) => {
      if (size === 0) return begun++ === 0 ? 0 : -1;
      if (given) return 0;
      given = true;
      return Buffer.from('once');
    });
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_ERROR);
    expect((await receivedBy(server))[0]!.match(/once/g)).toHaveLength(1);
  });

  describe('answers of a callback', () => {
    const refusals: [string, unknown, Error][] = [
      ['undefined', undefined, wrongType],
      ['null', null, wrongType],
      ['0', 0, wrongType],
      ['0.5', 0.5, wrongType],
      ['true', true, wrongType],
      ['text', 'secret', wrongType],
      ['no password', { username: 'alice' }, wrongType],
      ['no user name', { password: 'secret' }, wrongType],
      ['numbers', { username: 1, password: 123456 }, wrongType],
      ['a password that is a number', { username: 'alice', password: 123456 }, wrongType],
      ['a long user name', { username: 'x'.repeat(256), password: 'secret' }, outOfRange],
      ['a long password', { username: 'alice', password: 'secret'.repeat(43) }, outOfRange],
      ['a long password in UTF-8', { username: 'alice', password: 'é'.repeat(128) }, outOfRange],
      ['null bytes', { username: 'alice', password: 'secret\0' }, wrongValue],
    ];
    test.each(refusals)('rejects %s and keeps the session usable', async (_, answer, error) => {
      const server = await serve({ connections: [exchange(unauthorized(basic)), exchange(response('a'))] });
      const session = sessionWith(server);
      ne.ne_set_server_auth(session, () => answer as ne.ne_credentials);
      const failure = await failureOf(() => get(session));
      expect(failure).toEqual(error);
      expect(`${failure.message} ${failure.stack} ${ne.ne_get_error(session)}`).not.toMatch(/secret|123456|xxx|éé/);
      expect(await get(session)).toEqual(ok);
    });

    test('throws the error of a callback to the caller', async () => {
      const server = await serve({ connections: [exchange(unauthorized(basic)), exchange(response('a'))] });
      const session = sessionWith(server);
      const thrown = new Error('thrown');
      ne.ne_set_server_auth(session, () => {
        throw thrown;
      });
      expect(await failureOf(() => get(session))).toBe(thrown);
      expect(await get(session)).toEqual(ok);
    });

    test.each([
      ['255 bytes', 'u'.repeat(255), 'p'.repeat(255)],
      ['more than ASCII', 'älice', 'pässwörd €'],
      ['nothing', '', ''],
    ])('sends credentials of %s whole', async (_, username, password) => {
      const server = await serve(answers(unauthorized(basic), response('a')));
      const session = sessionWith(server);
      ne.ne_set_server_auth(session, () => ({ username, password }));
      expect(await get(session)).toEqual(ok);
      const [, sent = ''] = /Authorization: Basic (\S*)/.exec((await receivedBy(server))[0]!) ?? [];
      expect(Buffer.from(sent, 'base64').toString()).toBe(`${username}:${password}`);
    });

    test('takes as many bytes as ne_add_auth offers', async () => {
      let room = 0;
      const provide =
        (more: number): ne.ne_auth_provide =>
        (_, __, ___, buflen) => {
          room = buflen;
          return { username: 'u', password: 'p'.repeat(buflen - 1 + more) };
        };
      const server = await serve(answers(unauthorized(basic), response('a')));
      const session = sessionWith(server);
      ne.ne_add_auth(session, ne.NE_AUTH_BASIC, provide(0));
      expect(await get(session)).toEqual(ok);
      expect((await receivedBy(server))[0]).toContain(Buffer.from(`u:${'p'.repeat(room - 1)}`).toString('base64'));
      const longer = sessionWith(await serve(answers(unauthorized(basic))));
      ne.ne_add_auth(longer, ne.NE_AUTH_BASIC, provide(1));
      expect(await failureOf(() => get(longer))).toEqual(outOfRange);
    });

    test('refuses a user name with a colon for Basic and one beyond ASCII for Digest', async () => {
      for (const [challenge, username, message] of [
        [basic, 'a:b', /colon/],
        [digest, 'älice', /non-ASCII/],
        [digest, 'a"b', /non-ASCII/],
        [digest, 'a\r\nX: y', /non-ASCII/],
      ] as const) {
        const session = sessionWith(await serve(answers(unauthorized(challenge))));
        ne.ne_set_server_auth(session, () => ({ username, password: 'p' }));
        expect(await get(session)).toEqual(refused);
        expect(ne.ne_get_error(session)).toMatch(message);
      }
    });
  });

  test('refuses ne_forget_auth in a callback', async () => {
    const session = sessionWith(await serve(answers(unauthorized(basic), response('a'))));
    const failures: unknown[] = [];
    ne.ne_set_server_auth(session, () => {
      try {
        ne.ne_forget_auth(session);
      } catch (error) {
        failures.push(error);
      }
      return alice;
    });
    expect(await get(session)).toEqual(ok);
    expect(failures).toEqual([neonError('ERR_NEON_REENTRANT')]);
    ne.ne_forget_auth(session);
  });

  test('lets a callback add another', async () => {
    const session = sessionWith(await serve(answers(unauthorized(digest, basic), response('a'))));
    ne.ne_add_server_auth(session, ne.NE_AUTH_DIGEST, () => {
      ne.ne_add_server_auth(session, ne.NE_AUTH_BASIC, () => alice);
      ne.ne_add_proxy_auth(session, ne.NE_AUTH_BASIC, () => alice);
      return 1;
    });
    expect(await get(session)).toEqual(refused); // there was no callback for Basic when the challenges were read
    expect(await get(session)).toEqual(ok);
  });

  test('accepts a missing callback for Negotiate only', async () => {
    const session = sessionWith(await serve(answers(unauthorized('Negotiate'))));
    for (const add of [ne.ne_add_server_auth, ne.ne_add_proxy_auth, ne.ne_add_auth]) {
      for (const protocol of [ne.NE_AUTH_BASIC, ne.NE_AUTH_NTLM, ne.NE_AUTH_DEFAULT, ne.NE_AUTH_ALL, 1 << 20])
        expect(() => add(session, protocol | ne.NE_AUTH_NEGOTIATE, null)).toThrow(wrongType);
      add(session, ne.NE_AUTH_NEGOTIATE, null);
    }
    expect((await get(session)).result).toBe(ne.NE_AUTH);
  });

  if (!asynchronous) {
    test('rejects a promise', async () => {
      const session = sessionWith(await serve(answers(unauthorized(basic))));
      ne.ne_set_server_auth(session, async () => alice);
      expect(await failureOf(() => get(session))).toEqual(wrongType);
    });
    return;
  }

  test('waits for a callback that answers later', async () => {
    const session = sessionWith(await serve(answers(unauthorized(basic), response('a'))));
    const { asked, creds } = noting(async () => {
      await sleep(20);
      return alice;
    });
    ne.ne_set_server_auth(session, creds);
    expect(await get(session)).toEqual(ok);
    expect(asked).toHaveLength(1);
  });

  test('rejects with the reason of a rejected promise', async () => {
    const session = sessionWith(await serve(answers(unauthorized(basic))));
    const reason = new Error('the reason');
    ne.ne_set_server_auth(session, () => Promise.reject(reason));
    expect(await failureOf(() => get(session))).toBe(reason);
  });

  test('stops waiting for credentials on abort', async () => {
    const server = await serve(answering(unauthorized(basic)));
    // Repeats the abort to provoke a race: if the thread woke up before the abort, the connection might stay open.
    for (let closed = 1; closed <= 200; closed++) {
      const session = sessionWith(server);
      const controller = new AbortController();
      ne.ne_set_server_auth(session, () => {
        controller.abort(new Error('aborted'));
        return new Promise(() => {});
      });
      const request = await io.ne_request_create(session, 'GET', '/');
      const dispatch = io.ne_request_dispatch as (req: ne.ne_request, options: object) => Promise<number>;
      expect((await failureOf(() => dispatch(request, { signal: controller.signal }))).message).toBe('aborted');
      await server.waitForClosed(closed);
      await io.ne_request_destroy(request);
      await io.ne_session_destroy(session);
    }
  });
});

/** Tests response bodies of every length and framing, read as bytes, text, JSON and streams. */
import { Readable } from 'node:stream';
import * as ne from 'libneon/ne';
import { chunkedResponse, response } from '../../servers/raw.js';
import { bodyOf, headFor, kib, withBody } from '../../support/bodies.js';
import { failureOf, neonError, textOf } from '../../support/expect.js';
import { requestForms } from '../../support/methods.js';
import { answering, exchange, keepAlive, openSession as open, testServers } from '../../support/servers.js';

const serve = testServers();

describe.each(requestForms)('%s', (_, send) => {
  describe('bodies', () => {
    const lengths = [0, 1, 1000, 64 * kib - 1, 64 * kib, 64 * kib + 1, 128 * kib, 1_000_000, 5_000_000];

    test.each(lengths)('have %d bytes of a known length', async (length) => {
      const server = await serve(answering(withBody(length)));
      using session = open(server);
      for (let i = 0; i < 2; i++)
        expect((await (await send(session, 'GET', '/')).bytes()).equals(bodyOf(length))).toBe(true);
      expect((await server.connections()).length).toBe(1);
      expect(session.liveRequests).toBe(0);
    });

    test.each(lengths)('have %d bytes in chunks', async (length) => {
      const text = bodyOf(length).toString();
      const pieces = text.match(/[^]{1,30011}/g) ?? [];
      const server = await serve(answering(chunkedResponse(pieces)));
      using session = open(server);
      for (let i = 0; i < 2; i++)
        expect((await (await send(session, 'GET', '/')).bytes()).equals(bodyOf(length))).toBe(true);
      expect((await server.connections()).length).toBe(1);
    });

    test.each(lengths)('have %d bytes up to the end of the connection', async (length) => {
      const server = await serve({
        connections: [exchange(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), bodyOf(length)]))],
      });
      using session = open(server);
      expect((await (await send(session, 'GET', '/')).bytes()).equals(bodyOf(length))).toBe(true);
    });

    test.each([
      ['HEAD', headFor(1_000_000)],
      ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
      ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n'],
    ])('are empty after %s with %j', async (method, head) => {
      const server = await serve(answering(head));
      using session = open(server);
      for (let i = 0; i < 2; i++) expect((await (await send(session, method, '/')).bytes()).length).toBe(0);
      expect((await server.connections()).length).toBe(1);
    });

    test('reject when they break off', async () => {
      for (const [sent, announced] of [
        [10, 20],
        [100_000, 200_000],
      ] as const) {
        const server = await serve({
          connections: [exchange(Buffer.concat([Buffer.from(headFor(announced)), bodyOf(sent)])), keepAlive()],
        });
        using session = open(server);
        const error = await failureOf(async () => (await send(session, 'GET', '/broken')).bytes());
        expect(error).toEqual(neonError('NE_ERROR', ne.NE_ERROR));
        expect(textOf(error)).toBe('Could not read response body: connection was closed by server');
        expect(error).toMatchObject({
          method: 'GET',
          target: '/broken',
          origin: `http://127.0.0.1:${server.port}`,
        });
        expect(session.liveRequests).toBe(0);
        expect((await send(session, 'GET', '/next')).status).toBe(200);
      }
    });

    test('can be taken once', async () => {
      const server = await serve(answering());
      using session = open(server);
      const res = await send(session, 'GET', '/');
      expect(await res.text()).toBe('hello');
      const taken = neonError('ERR_NEON_INVALID_STATE');
      await expect(res.bytes()).rejects.toEqual(taken);
      await expect(res.text()).rejects.toEqual(taken);
      await expect(res.json()).rejects.toEqual(taken);
      expect(() => res.bytesSync()).toThrow(taken);
      expect(() => res.textSync()).toThrow(taken);
      expect(() => res.jsonSync()).toThrow(taken);
      expect(() => res.body).toThrow(taken);
    });

    test('are parsed as JSON', async () => {
      const server = await serve(answering(response('{"a":["ü"]}')));
      using session = open(server);
      expect(await (await send(session, 'GET', '/')).json()).toEqual({ a: ['ü'] });
      expect((await send(session, 'GET', '/')).jsonSync()).toEqual({ a: ['ü'] });
    });

    test('reject when they are not JSON', async () => {
      const server = await serve(answering(response('{')));
      using session = open(server);
      await expect((await send(session, 'GET', '/')).json()).rejects.toMatchObject({ name: 'SyntaxError' });
      const res = await send(session, 'GET', '/');
      expect(() => res.jsonSync()).toThrow(expect.objectContaining({ name: 'SyntaxError' }) as Error);
    });

    test.each([
      [undefined, 'grün €', 'grün €'],
      ['text/plain', 'grün €', 'grün €'],
      ['text/plain; charset=utf-8', '\ufeffgrün', 'grün'],
      ['text/plain; charset=ISO-8859-1', Buffer.from('gr\xfcn', 'latin1'), 'grün'],
      ['text/plain;charset="iso-8859-15"; format=flowed', Buffer.from([0xa4]), '€'],
      ['text/plain; format=flowed; Charset=UTF-16LE', Buffer.from('grün', 'utf16le'), 'grün'],
      ['text/plain; charset=nonsense', 'grün', 'grün'],
      // Parameters as the MIME standard reads them: quoted text, the first of two charsets, and no broken types.
      ['text/plain; title="; charset=latin1"; charset=utf-8', 'grün', 'grün'],
      ['text/plain; charset="utf-\\8"', 'grün', 'grün'],
      ['text/plain; charset=iso-8859-1; charset=utf-8', Buffer.from('gr\xfcn', 'latin1'), 'grün'],
      ['text; charset=iso-8859-1', 'grün', 'grün'],
      ['text/plain; charset=utf-8', Buffer.from([0x61, 0xff]), 'a\ufffd'],
    ])('are decoded as text of %s', async (type, body, expected) => {
      const fields = type === undefined ? '' : `Content-Type: ${type}\r\n`;
      const bytes = Buffer.from(body as string);
      const answer = Buffer.concat([
        Buffer.from(`HTTP/1.1 200 OK\r\n${fields}Content-Length: ${bytes.length}\r\n\r\n`),
        bytes,
      ]);
      const server = await serve(answering(answer));
      using session = open(server);
      expect(await (await send(session, 'GET', '/')).text()).toBe(expected);
      expect((await send(session, 'GET', '/')).textSync()).toBe(expected);
    });

    test('are read as a stream', async () => {
      for (const length of [0, 5, 1_000_000]) {
        const server = await serve(answering(withBody(length)));
        using session = open(server);
        const res = await send(session, 'GET', '/');
        const { body } = res;
        expect(body).toBeInstanceOf(Readable);
        expect(res.body).toBe(body);
        expect(res.bodyUsed).toBe(true);
        const blocks: Buffer[] = [];
        for await (const block of body) blocks.push(block as Buffer);
        expect(Buffer.concat(blocks).equals(bodyOf(length))).toBe(true);
        expect(session.liveRequests).toBe(0);
        expect((await (await send(session, 'GET', '/')).bytes()).length).toBe(length);
        expect((await server.connections()).length).toBe(1);
      }
    });
  });
});

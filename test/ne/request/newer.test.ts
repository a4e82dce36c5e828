/** Tests functions that exist only in newer versions of neon. read-to.test.ts also covers versions without them. */
import { features } from 'libneon';
import * as ne from 'libneon/ne';
import { chunkedResponse, response } from '../../servers/raw.js';
import { exchange, sessionWith, testServers } from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';

const serve = testServers();
/** Defines a test, or skips it if the loaded neon lacks the function. */
const needs = (name: string): typeof test => (features.functions[name] ? test : test.skip);
const title = (name: string, sentence: string): string =>
  features.functions[name] ? sentence : `${sentence} (skipped: this neon has no ${name})`;

describe.each(surfaces)('$surface', ({ io }) => {
  async function begin(answer: string): Promise<{ session: ne.ne_session; request: ne.ne_request }> {
    const session = sessionWith(await serve({ connections: [exchange(answer)] }));
    return { session, request: ne.ne_request_create(session, 'GET', '/a/b?c') };
  }
  async function end(session: ne.ne_session, request: ne.ne_request): Promise<void> {
    await io.ne_request_destroy(request);
    await io.ne_session_destroy(session);
  }

  needs('ne_add_interim_handler')(
    title('ne_add_interim_handler', 'passes interim responses to the handler'),
    async () => {
      const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n';
      const { session, request } = await begin(hints + response('hello'));
      const seen: unknown[] = [];
      ne.ne_add_interim_handler(request, (req, { code }) => {
        seen.push([req === request, code, ne.ne_get_response_header(req, 'Link')]);
      });
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(seen).toEqual([
        [true, 103, '</x>'],
        [true, 102, null],
      ]);
      expect(ne.ne_get_status(request).code).toBe(200);
      await end(session, request);
    },
  );

  needs('ne_add_interim_handler')(
    title('ne_add_interim_handler', 'throws the error of an interim handler to the caller'),
    async () => {
      const { session, request } = await begin('HTTP/1.1 103 Early Hints\r\n\r\n' + response('hello'));
      const reason = new Error('the reason');
      ne.ne_add_interim_handler(request, () => {
        throw reason;
      });
      await expect((async () => io.ne_request_dispatch(request))()).rejects.toBe(reason);
      await end(session, request);
    },
  );

  needs('ne_response_trailer_iterate')(
    title('ne_response_trailer_iterate', 'keeps trailers apart from headers'),
    async () => {
      const answer = chunkedResponse(['body']).replace(/\r\n\r\n$/, '\r\nX-Behind: one\r\nX-More: two\r\n\r\n');
      const { session, request } = await begin(answer);
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(ne.ne_get_response_header(request, 'X-Behind')).toBeNull();
      expect(ne.ne_get_response_trailer(request, 'x-behind')).toBe('one');
      expect(ne.ne_get_response_trailer(request, 'x-missing')).toBeNull();
      const [name, value] = [{ value: '' }, { value: '' }];
      const fields: string[] = [];
      for (let at = ne.ne_response_trailer_iterate(request, null, name, value); at;)
        [fields[fields.length], at] = [
          `${name.value}: ${value.value}`,
          ne.ne_response_trailer_iterate(request, at, name, value),
        ];
      expect(fields.sort()).toEqual(['x-behind: one', 'x-more: two']);
      const cursor = ne.ne_response_trailer_iterate(request, null, name, value);
      expect(() => ne.ne_response_header_iterate(request, cursor, name, value)).toThrow(
        expect.objectContaining({ code: 'ERR_NEON_INVALID_STATE' }) as Error,
      );
      await end(session, request);
    },
  );

  needs('ne_get_response_location')(
    title('ne_get_response_location', 'returns the target, the location and the time of Retry-After'),
    async () => {
      const headers = { Location: '../d?e', 'Retry-After': 'Wed, 21 Oct 2065 07:28:00 GMT' };
      const { session, request } = await begin(response('', { status: '302 Found', headers }));
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(ne.ne_get_request_target(request)).toMatchObject({ scheme: 'http', host: '127.0.0.1' });
      expect(ne.ne_get_response_location(request, 'f')).toMatchObject({ path: '/d', query: 'e', fragment: 'f' });
      expect(ne.ne_get_response_location(request, null)).toMatchObject({ fragment: null });
      if (features.functions['ne_get_response_retry_after'])
        expect(ne.ne_get_response_retry_after(request)).toBe(Date.UTC(2065, 9, 21, 7, 28) / 1000);
      await end(session, request);
    },
  );

  needs('ne_read_response_to_buffer')(
    title('ne_read_response_to_buffer', 'reads a response into a buffer'),
    async () => {
      for (const [room, result, count] of [
        [10, ne.NE_OK, 5],
        [5, ne.NE_OK, 5],
        [3, ne.NE_FAILED, 3],
      ] as const) {
        const { session, request } = await begin(response('hello'));
        expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
        const [buffer, length] = [Buffer.alloc(20), { value: room as number }];
        expect(await io.ne_read_response_to_buffer(request, buffer, length)).toBe(result);
        expect(length.value).toBe(count);
        if (result === ne.NE_OK) {
          expect(buffer.toString('latin1', 0, 6)).toBe('hello\0');
          expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
        }
        await end(session, request);
      }
    },
  );
});

/** Helpers for tests of requests: an unsent request, all headers of a response, and a large body. */
import * as ne from 'libneon/ne';

/** A request that is not sent, and therefore needs no server. */
export function unsent(method = 'GET', path = '/'): ne.ne_request {
  return ne.ne_request_create(ne.ne_session_create('http', 'example.com', 80), method, path);
}

/** All headers of a response, read by ne_response_header_iterate. */
export function headersOf(request: ne.ne_request): Map<string, string> {
  const headers = new Map<string, string>();
  const name = { value: '' };
  const value = { value: '' };
  for (let cursor = null; (cursor = ne.ne_response_header_iterate(request, cursor, name, value)) !== null;)
    headers.set(name.value, value.value);
  return headers;
}

/** A body too large to arrive in a single block. */
export const big = Buffer.alloc(300_000, 'block of a large body\n');

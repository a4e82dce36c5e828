/**
 * Both surfaces of the C API in one form. Each surface has the functions of `libneon/ne/promises` by name, and each
 * function returns a promise. Suites run once for each of {@link surfaces} to show that both behave alike.
 */
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';

/** A function that exists on both surfaces. */
export type Name = keyof typeof promises;

/** The functions of one surface. If a blocking function throws, its promise rejects with the same error. */
export type Io = {
  readonly [N in Name]: (...values: Parameters<(typeof ne)[N]>) => Promise<ReturnType<(typeof ne)[N]>>;
};

export interface Surface {
  readonly surface: 'libneon/ne' | 'libneon/ne/promises';
  /** Whether callbacks may return promises. */
  readonly asynchronous: boolean;
  readonly io: Io;
}

/** The names of the functions of both surfaces. */
export const names = Object.keys(promises) as Name[];

const blocking = Object.fromEntries(
  names.map((name) => [
    name,
    async (...values: unknown[]) => (ne[name] as (...values: unknown[]) => unknown)(...values),
  ]),
) as unknown as Io;

export const surfaces: readonly Surface[] = [
  { surface: 'libneon/ne', asynchronous: false, io: blocking },
  { surface: 'libneon/ne/promises', asynchronous: true, io: promises },
];

/** Reads a body to its end, in blocks of at most `size` bytes. */
export async function pull(io: Io, request: ne.ne_request, size = 4096): Promise<Buffer> {
  const blocks: Buffer[] = [];
  const block = Buffer.alloc(size);
  for (;;) {
    const count = await io.ne_read_response_block(request, block);
    if (count < 0) throw new Error(`ne_read_response_block: ${count}: ${ne.ne_get_error(ne.ne_get_session(request))}`);
    if (count === 0) return Buffer.concat(blocks);
    blocks.push(Buffer.from(block.subarray(0, count)));
  }
}

/** Begins a request, reads its body to the end, and ends it. */
export async function fetchBody(io: Io, session: ne.ne_session, method: string, path: string): Promise<string> {
  const request = await io.ne_request_create(session, method, path);
  try {
    expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
    const body = await pull(io, request);
    expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
    return body.toString();
  } finally {
    await io.ne_request_destroy(request);
  }
}

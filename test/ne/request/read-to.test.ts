/** Tests of ne_read_response_to_fd, ne_read_response_to_buffer, and functions that only newer versions of neon have. */
import { constants, fstatSync, readFileSync, readSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { features } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { chunkedResponse, response } from '../../servers/raw.js';
import { failureOf, neonError } from '../../support/expect.js';
import { testFiles } from '../../support/files.js';
import { answering, receivedBy, sessionWith, testServers, thenAnswering } from '../../support/servers.js';
import { surfaces, type Io } from '../../support/surfaces.js';

const serve = testServers();
const invalidState = neonError('ERR_NEON_INVALID_STATE');
const body = 'line of a large body\n'.repeat(15_000);

const files = testFiles();

async function begun(io: Io, session: ne.ne_session): Promise<ne.ne_request> {
  const request = await io.ne_request_create(session, 'GET', '/');
  expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
  return request;
}

describe.each(surfaces)('$surface', ({ io, asynchronous }) => {
  async function nextWorks(session: ne.ne_session): Promise<void> {
    const request = await io.ne_request_create(session, 'GET', '/next');
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(ne.ne_get_status(request).code).toBe(200);
  }

  test.each([
    ['of known length', response(body), body],
    ['in chunks', chunkedResponse([body, 'last']), `${body}last`],
    ['that is empty', response(''), ''],
  ])('writes a body %s into a file and keeps the connection', async (_, answer, expected) => {
    const server = await serve(answering(answer));
    const session = sessionWith(server);
    const file = files.path('file');
    const fd = files.open(file, 'w');
    const request = await begun(io, session);
    expect(await io.ne_read_response_to_fd(request, fd)).toBe(ne.NE_OK);
    expect(await io.ne_read_response_to_fd(request, fd)).toBe(ne.NE_OK); // nothing is left to read
    expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
    expect(readFileSync(file, 'utf8') === expected).toBe(true);
    expect(fstatSync(fd).isFile()).toBe(true); // the descriptor is still open
    await nextWorks(session);
    expect((await receivedBy(server)).length).toBe(1);
  });

  test('writes the rest of a body at the position of the file', async () => {
    const session = sessionWith(await serve(answering(response('hello world'))));
    const file = files.path('file');
    const fd = files.open(file, 'w');
    writeSync(fd, 'before ');
    const request = await begun(io, session);
    expect(await io.ne_read_response_block(request, Buffer.alloc(6))).toBe(6);
    expect(await io.ne_read_response_to_fd(request, fd)).toBe(ne.NE_OK);
    expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
    expect(readFileSync(file, 'utf8')).toBe('before world');
  });

  test.each([
    ['that is open for reading only', () => files.open('/dev/null', 'r'), /Bad file descriptor/],
    ['that is not open', () => 1_000_000, /Bad file descriptor/],
    ['of a full device', () => files.open('/dev/full', 'w'), /No space left/],
    [
      'of a pipe without a reader',
      () => {
        const { from, to } = files.pipe();
        files.close(from);
        return to;
      },
      /Broken pipe/,
    ],
    [
      'of a full pipe that must not block',
      () => files.pipe(constants.O_WRONLY | constants.O_NONBLOCK).to,
      /unavailable/,
    ],
  ])('fails on a descriptor %s and keeps the session usable', async (_, descriptor, message) => {
    const server = await serve(answering(response(body)));
    const session = sessionWith(server);
    const request = await begun(io, session);
    expect(await io.ne_read_response_to_fd(request, descriptor())).toBe(ne.NE_ERROR);
    expect(ne.ne_get_error(session)).toMatch(message);
    await nextWorks(session);
    expect((await receivedBy(server)).length).toBe(2); // the rest of the body was left in the first connection
    expect(await failureOf(() => io.ne_end_request(request))).toEqual(invalidState);
  });

  test('fails on a body that ends early', async () => {
    const cut = response(body).slice(0, 1000);
    const server = await serve(thenAnswering([{ read: 'request' }, { send: cut }, { close: 'fin' }]));
    const session = sessionWith(server);
    const file = files.path('file');
    const request = await begun(io, session);
    expect(await io.ne_read_response_to_fd(request, files.open(file, 'w'))).toBe(ne.NE_ERROR);
    expect(cut.endsWith(readFileSync(file, 'utf8'))).toBe(true);
    await nextWorks(session);
  });

  test('rejects a call before the begin and after the end', async () => {
    const session = sessionWith(await serve(answering()));
    const fd = files.open(files.path('file'), 'w');
    const request = await io.ne_request_create(session, 'GET', '/');
    expect(await failureOf(() => io.ne_read_response_to_fd(request, fd))).toEqual(invalidState);
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(await failureOf(() => io.ne_read_response_to_fd(request, fd))).toEqual(invalidState);
    expect(fstatSync(fd).size).toBe(0);
  });

  test('passes the body to the readers of the request, too', async () => {
    const session = sessionWith(await serve(answering()));
    const request = await io.ne_request_create(session, 'GET', '/');
    const blocks: string[] = [];
    ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => void blocks.push(block.toString()));
    expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
    const file = files.path('file');
    expect(await io.ne_read_response_to_fd(request, files.open(file, 'w'))).toBe(ne.NE_OK);
    expect(readFileSync(file, 'utf8')).toBe('hello');
    expect(blocks.join('|')).toBe('hello|');
  });

  test('reads into a buffer, or is not supported', async () => {
    const session = sessionWith(await serve(answering()));
    const request = await begun(io, session);
    const buffer = Buffer.alloc(10, '.');
    const size: { value?: number } = {};
    const reading = failureOf(async () => {
      const result = await io.ne_read_response_to_buffer(request, buffer, size);
      throw Object.assign(new Error(), { result });
    });
    if (features.functions.ne_read_response_to_buffer) {
      expect(await reading).toMatchObject({ result: ne.NE_OK });
      expect([size.value, buffer.toString()]).toEqual([5, 'hello.....']);
    } else {
      expect(await reading).toEqual(neonError('ERR_NEON_UNSUPPORTED'));
      expect([size, buffer.toString()]).toEqual([{}, '..........']);
      expect(await io.ne_discard_response(request)).toBe(ne.NE_OK); // the failed call had no effect
    }
    expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
  });

  if (!asynchronous) return;

  test('waits while a pipe is full', async () => {
    const session = sessionWith(await serve(answering(response(body))));
    const { from, to } = files.pipe();
    const request = await begun(io, session);
    let settled = false;
    const reading = promises.ne_read_response_to_fd(request, to).finally(() => (settled = true));
    await sleep(50);
    expect(settled).toBe(false);
    expect((await drain(from, body.length)) === body).toBe(true);
    expect(await reading).toBe(ne.NE_OK);
    expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
    await nextWorks(session);
  });

  test('fails when the reader of a full pipe closes it', async () => {
    const session = sessionWith(await serve(answering(response(body))));
    const { from, to } = files.pipe();
    const request = await begun(io, session);
    const reading = promises.ne_read_response_to_fd(request, to);
    await sleep(50);
    files.close(from);
    expect(await reading).toBe(ne.NE_ERROR);
    expect(ne.ne_get_error(session)).toMatch(/Broken pipe/);
    await nextWorks(session);
  });

  test('rejects at once on abort while a pipe is full', async () => {
    const session = sessionWith(await serve(answering(response(body))));
    const { from, to } = files.pipe();
    const request = await begun(io, session);
    const controller = new AbortController();
    const reading = promises.ne_read_response_to_fd(request, to, { signal: controller.signal });
    await sleep(50);
    controller.abort('the reason');
    await expect(reading).rejects.toBe('the reason');
    expect(() => ne.ne_get_session_flag(session, ne.NE_SESSFLAG_PERSIST)).toThrow(neonError('ERR_NEON_BUSY'));
    files.close(from);
    await promises.ne_request_destroy(request);
    await nextWorks(session);
  });
});

/** Reads `count` bytes as they become available. */
async function drain(fd: number, count: number): Promise<string> {
  const blocks: Buffer[] = [];
  for (let left = count; left > 0;) {
    const block = Buffer.alloc(65_536);
    try {
      const size = readSync(fd, block);
      blocks.push(block.subarray(0, size));
      left -= size;
    } catch (error) {
      if ((error as { code?: string }).code !== 'EAGAIN') throw error;
    }
    await sleep(1);
  }
  return Buffer.concat(blocks).toString();
}

describe('functions of newer versions of neon', () => {
  const request = ne.ne_request_create(ne.ne_session_create('http', 'example.com', 80), 'GET', '/a?b');
  const calls: [keyof typeof ne, () => unknown, unknown][] = [
    ['ne_get_request_target', () => ne.ne_get_request_target(request)?.host, 'example.com'],
    ['ne_get_response_location', () => ne.ne_get_response_location(request, null), null],
    ['ne_get_response_retry_after', () => ne.ne_get_response_retry_after(request), 0],
    ['ne_get_response_trailer', () => ne.ne_get_response_trailer(request, 'X'), null],
    [
      'ne_response_trailer_iterate',
      () => ne.ne_response_trailer_iterate(request, null, { value: '' }, { value: '' }),
      null,
    ],
    ['ne_add_interim_handler', () => ne.ne_add_interim_handler(request, () => {}), undefined],
  ];

  test.each(calls)('calls %s or throws ERR_NEON_UNSUPPORTED', (name, call, expected) => {
    if (features.functions[name]) expect(call()).toEqual(expected);
    else {
      expect(call).toThrow(neonError('ERR_NEON_UNSUPPORTED'));
      expect(call).toThrow(new RegExp(`^${name} needs neon 0\\.3\\d\\.0; the loaded library is neon 0\\.\\d+`));
    }
  });
});

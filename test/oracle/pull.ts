/** Implements the twin of pull.c. */
import * as ne from 'libneon/ne';
import { hashMore, hashStart, runMain, printNumber, printStatus, printText, type Io } from './twin.js';

runMain(async (io, port, [size = '4096', count = '1', withSizes = '']) => {
  const session = ne.ne_session_create('http', '127.0.0.1', port);
  for (let i = 0; i < Number(count); i++) {
    if ((await pull(io, session, Number(size), withSizes === 'sizes')) !== ne.NE_OK) break;
  }
  await io.ne_session_destroy(session);
});

async function pull(io: Io, session: ne.ne_session, size: number, withSizes: boolean): Promise<number> {
  const request = ne.ne_request_create(session, 'GET', '/body');
  let result = await io.ne_begin_request(request);
  printNumber('begin', result);
  if (result === ne.NE_OK) {
    printStatus(request);
    if ((await readBlocks(io, request, size, withSizes)) < 0) result = ne.NE_ERROR;
  }
  if (result === ne.NE_OK) {
    result = await io.ne_end_request(request);
    printNumber('end', result);
  }
  printText('error', ne.ne_get_error(session));
  await io.ne_request_destroy(request);
  return result;
}

async function readBlocks(io: Io, request: ne.ne_request, size: number, withSizes: boolean): Promise<number> {
  const block = new Uint8Array(size);
  let total = 0;
  let hash = hashStart;
  let got: number;

  while ((got = await io.ne_read_response_block(request, block)) > 0) {
    if (withSizes) printNumber('block', got);
    total += got;
    hash = hashMore(hash, block.subarray(0, got));
  }
  printNumber('last', got);
  printNumber('total', total);
  printNumber('hash', hash);
  return got;
}

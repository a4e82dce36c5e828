/** Tests hooks in worker threads: blocking calls run the hooks, and a terminated worker ends its pending calls. */
import { once } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { projectRoot } from '../../servers/start.js';
import { answering, testServers } from '../../support/servers.js';

const serve = testServers();

test('runs the hooks of blocking calls in the worker thread', async () => {
  const server = await serve(answering());
  const text = `
    const { parentPort } = require('node:worker_threads');
    const ne = require('libneon/ne');
    const log = [];
    const session = ne.ne_session_create('http', '127.0.0.1', ${server.port});
    const thrown = new Error('thrown');
    let throwing = false;
    ne.ne_hook_create_request(session, (request, method) => { log.push('create ' + method); ne.ne_add_request_header(request, 'X', 'y'); });
    ne.ne_hook_pre_send(session, (request, header) => {
      log.push('pre_send ' + /X: y/.test(header.data));
      if (throwing) throw thrown;
      try { ne.ne_close_connection(session); } catch (error) { log.push(error.code); }
    });
    ne.ne_hook_post_send(session, (request, status) => void log.push('post_send ' + status.code));
    ne.ne_hook_destroy_request(session, (one) => void log.push('destroy ' + (one === request)));
    ne.ne_hook_close_conn(session, () => void log.push('close'));
    ne.ne_set_notifier(session, (status) => { if (status === ne.ne_status_connected) log.push('connected'); });
    const request = ne.ne_request_create(session, 'GET', '/');
    log.push(ne.ne_request_dispatch(request));
    throwing = true;
    try { ne.ne_request_dispatch(request); } catch (error) { log.push(error === thrown); }
    throwing = false;
    ne.ne_request_destroy(request);
    ne.ne_session_destroy(session);
    parentPort.postMessage(log);`;
  const worker = new Worker(text.replaceAll('libneon/ne', path.join(projectRoot, 'dist', 'lib', 'ne', 'index.js')), {
    eval: true,
  });
  const ended = once(worker, 'exit');
  const [log] = (await once(worker, 'message')) as [unknown[]];
  await ended;
  const first = ['create GET', 'pre_send true', 'ERR_NEON_REENTRANT', 'connected', 'post_send 200', 0];
  expect(log).toEqual([...first, 'pre_send true', true, 'destroy true']);
});

test.each(['forever', 'in a promise'])('terminates a worker whose hook waits %s', async (how) => {
  const server = await serve(answering());
  const text = `
    const { parentPort } = require('node:worker_threads');
    const ne = require('libneon/ne');
    const promises = require('libneon/promises');
    const session = ne.ne_session_create('http', '127.0.0.1', ${server.port});
    ne.ne_hook_destroy_request(session, () => {});
    ne.ne_hook_post_headers(session, () => {
      parentPort.postMessage('waiting');
      if (${how === 'forever'}) for (;;);
      return new Promise(() => setInterval(() => {}, 1000));
    });
    const request = ne.ne_request_create(session, 'GET', '/');
    if (${how === 'forever'}) ne.ne_request_dispatch(request);
    else void promises.ne_request_dispatch(request);`;
  const folder = path.join(projectRoot, 'dist', 'lib', 'ne');
  const worker = new Worker(
    text
      .replace('libneon/ne', path.join(folder, 'index.js'))
      .replace('libneon/promises', path.join(folder, 'promises.js')),
    { eval: true },
  );
  await once(worker, 'message');
  expect(await worker.terminate()).toBe(1);
  const [record] = await server.waitForClosed(1);
  expect(record!.requests).toBe(1);
});

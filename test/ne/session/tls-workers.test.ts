/** Tests TLS callbacks (ne_session.h) in worker threads. */
import { once } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { describeWith } from '../../servers/packages.js';
import { pem, testPki } from '../../servers/pki.js';
import type { RawServer } from '../../servers/raw.js';
import { projectRoot } from '../../servers/start.js';
import { answering, testServers } from '../../support/servers.js';

const serve = testServers();

describeWith('openssl', 'worker threads', () => {
  const pki = testPki();
  const secure = (): Promise<RawServer> =>
    serve({
      ...answering(),
      tls: { key: pem(pki.server.key), cert: pem(pki.server.cert), ca: pem(pki.ca.cert), requestCert: true },
    });

  function start(port: number, body: string): Worker {
    const folder = path.join(projectRoot, 'dist', 'lib', 'ne');
    const text = `
      const { parentPort } = require('node:worker_threads');
      const ne = require(${JSON.stringify(path.join(folder, 'index.js'))});
      const promises = require(${JSON.stringify(path.join(folder, 'promises.js'))});
      const session = ne.ne_session_create('https', 'localhost', ${port});
      const request = ne.ne_request_create(session, 'GET', '/');
      ${body}`;
    return new Worker(text, { eval: true });
  }

  test('runs the callbacks of a worker in its own thread', async () => {
    const server = await secure();
    const worker = start(
      server.port,
      `const log = [];
      ne.ne_ssl_set_verify(session, (failures, cert) => {
        log.push(failures, ne.ne_ssl_readable_dname(ne.ne_ssl_cert_subject(cert)));
        return 0;
      });
      ne.ne_ssl_provide_clicert(session, (sess, dnames) => {
        log.push(dnames.map((name) => ne.ne_ssl_readable_dname(name)));
        const client = ne.ne_ssl_clicert_read(${JSON.stringify(pki.p12)});
        log.push(ne.ne_ssl_clicert_decrypt(client, 'secret'));
        ne.ne_ssl_set_clicert(sess, client);
      });
      log.push(ne.ne_request_dispatch(request));
      parentPort.postMessage(log);`,
    );
    const ended = once(worker, 'exit');
    const [log] = (await once(worker, 'message')) as [unknown[]];
    await ended;
    // The log is sorted, because the order of the callbacks depends on the TLS version.
    expect(log.sort()).toEqual([['libneon test'], 0, 0, 8, 'libneon test'].sort());
    expect((await server.connections())[0]!.tls!.clientCertificate).toBe('Test Client');
  });

  test.each([
    ['ne_ssl_set_verify', 'for ever', 'ne.ne_request_dispatch(request)'],
    ['ne_ssl_set_verify', 'in a promise', 'void promises.ne_request_dispatch(request)'],
    ['ne_ssl_provide_clicert', 'for ever', 'ne.ne_request_dispatch(request)'],
    ['ne_ssl_provide_clicert', 'in a promise', 'void promises.ne_request_dispatch(request)'],
  ])('terminates a worker whose callback of %s waits %s', async (register, how, call) => {
    const server = await secure();
    const worker = start(
      server.port,
      `ne.${register}(session, () => {
        parentPort.postMessage('waiting');
        if (${how === 'for ever'}) for (;;);
        return new Promise(() => setInterval(() => {}, 1000));
      });
      ${call};`,
    );
    await once(worker, 'message');
    expect(await worker.terminate()).toBe(1);
    await server.waitForClosed(1);
  });
});

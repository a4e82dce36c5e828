/** Tests the servers, the proxy, the PKI and the mechanics that other tests rely on. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { apacheUser, startApache, type Apache } from './apache.js';
import { dial, fetchOnce, readAll } from './client.js';
import { faultProxy, type Fault, type FaultProxy } from './faultproxy.js';
import { startNephele, type Nephele } from './nephele.js';
import { smallFile, startNginx } from './nginx.js';
import { describeWith, findProgram, requireProgram } from './packages.js';
import { pem, testPki } from './pki.js';
import { rawServer, response, type RawServer } from './raw.js';
import { startRclone } from './rclone.js';
import { freePorts, startProgram, withFreePorts } from './start.js';

const basic = {
  Authorization: `Basic ${Buffer.from(`${apacheUser.name}:${apacheUser.password}`).toString('base64')}`,
};

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const accepted = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'close').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return accepted;
}

async function untilRefused(port: number): Promise<void> {
  while (await accepts(port)) await sleep(10);
}

describeWith('apache2', 'Apache', () => {
  let apache: Apache;
  beforeAll(async () => {
    apache = await startApache();
    apache.write('dav', 'text.txt', 'text\n'.repeat(1000));
    apache.write('documents', 'index.html', '<p>home</p>');
    apache.write('digest', 'a.txt', 'digested');
  });
  afterAll(() => apache.stop());

  test('is a WebDAV server of class 2', async () => {
    const options = await fetchOnce(`${apache.origin}/dav/`, { method: 'OPTIONS' });
    expect(options.headers['dav']).toContain('1,2');
    expect((await fetchOnce(`${apache.origin}/dav/new`, { method: 'PUT' }, 'new')).status).toBe(201);
    expect((await fetchOnce(`${apache.origin}/dav/`, { method: 'PROPFIND', headers: { Depth: '1' } })).status).toBe(
      207,
    );
    const lock = '<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>';
    expect((await fetchOnce(`${apache.origin}/dav/new`, { method: 'LOCK' }, lock)).headers['lock-token']).toBeDefined();
    expect(readFileSync(path.join(apache.files.dav, 'new'), 'utf8')).toBe('new');
  });

  test('requires Basic and Digest', async () => {
    expect((await fetchOnce(`${apache.origin}/basic/`)).status).toBe(401);
    expect((await fetchOnce(`${apache.origin}/basic/`, { headers: basic })).status).toBe(200);
    expect((await fetchOnce(`${apache.origin}/digest/a.txt`)).headers['www-authenticate']).toMatch(/^Digest .*domain=/);
    const stale = await fetchOnce(`${apache.origin}/digest-stale/a.txt`);
    expect(stale.headers['www-authenticate']).toMatch(/^Digest realm="digest realm"/);
    expect(apache.accessLog()).toContainEqual(expect.stringMatching(/^alice "GET \/basic\/ HTTP\/1.1" 200/));
  });

  test('compresses, redirects, and runs programs', async () => {
    const zipped = await fetchOnce(`${apache.origin}/gzip/text.txt`, {
      headers: { 'Accept-Encoding': 'gzip' },
    });
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(zipped.body).toString()).toBe('text\n'.repeat(1000));
    expect((await fetchOnce(`${apache.origin}/r302/text.txt`)).headers.location).toBe(`${apache.origin}/dav/text.txt`);
    expect((await fetchOnce(`${apache.origin}/gone`)).status).toBe(410);
    expect((await fetchOnce(`${apache.origin}/cgi/echo`, { method: 'POST' }, 'there')).body.toString()).toBe('there');
    expect((await fetchOnce(`${apache.origin}/cgi/sleep?0`)).body.toString()).toBe('slept 0\n');
    expect((await fetchOnce(apache.origin)).body.toString()).toBe('<p>home</p>');
  });

  test('serves TLS and requires client certificates', async () => {
    const pki = testPki();
    const ca = pem(pki.ca.cert);
    const identity = (pair: { cert: string; key: string }): object => ({
      ca,
      cert: pem(pair.cert),
      key: pem(pair.key),
    });
    expect((await fetchOnce(`${apache.tlsOrigin}/`, { ca })).status).toBe(200);
    const strict = `https://127.0.0.1:${apache.clientCertificatePort}/`;
    await expect(fetchOnce(strict, { ca })).rejects.toThrow();
    await expect(fetchOnce(strict, identity(pki.revokedClient))).rejects.toThrow();
    expect((await fetchOnce(strict, identity(pki.client))).status).toBe(200);
    const post = await fetchOnce(`${apache.tlsOrigin}/mtls/text.txt`, {
      ...identity(pki.client),
      maxVersion: 'TLSv1.2',
    });
    expect(post.status).toBe(200);
  });
});

describeWith('nginx', 'nginx', () => {
  test('serves 12 bytes, a file of any size, and TLS', async () => {
    const nginx = await startNginx({ tls: true, files: { '/deep/big': 1_000_000 } });
    expect((await fetchOnce(nginx.origin + smallFile.path)).body).toHaveLength(12);
    expect((await fetchOnce(`${nginx.origin}/deep/big`)).body).toHaveLength(1_000_000);
    const ca = pem(testPki().ca.cert);
    expect((await fetchOnce(nginx.tlsOrigin + smallFile.path, { ca })).body.toString()).toBe(smallFile.body);
    await nginx.stop();
    expect(await accepts(nginx.port)).toBe(false);
  });

  test('has a sink that responds after the whole body', async () => {
    const nginx = await startNginx({ sink: '/sink' });
    const big = await fetchOnce(`${nginx.origin}/sink`, { method: 'PUT' }, Buffer.alloc(1_000_000));
    expect([big.status, big.headers['received'], big.body.length]).toEqual([200, '1000000', 0]);

    const socket = await dial(nginx.port);
    const half = 'x'.repeat(500_000);
    socket.write(`PUT /sink HTTP/1.1\r\nHost: sink\r\nContent-Length: 1000000\r\n\r\n${half}`);
    const answer = once(socket, 'data');
    expect(await Promise.race([answer, sleep(200)])).toBeUndefined();
    socket.write(half);
    expect(String((await answer)[0])).toContain('Received: 1000000');
    socket.destroy();
    await nginx.stop();
  });
});

describe('nephele', () => {
  let nephele: Nephele;
  beforeAll(async () => {
    nephele = await startNephele();
  });
  afterAll(() => nephele.stop());

  test('is a WebDAV server', async () => {
    expect((await fetchOnce(nephele.origin, { method: 'OPTIONS' })).headers['dav']).toContain('2');
    expect((await fetchOnce(`${nephele.origin}/a.txt`, { method: 'PUT' }, 'text')).status).toBe(201);
    expect(readFileSync(path.join(nephele.root, 'a.txt'), 'utf8')).toBe('text');
    expect((await fetchOnce(nephele.origin, { method: 'PROPFIND', headers: { Depth: '1' } })).status).toBe(207);
  });

  test('removes its files when it ends, and can be stopped twice', async () => {
    const other = await startNephele();
    await other.stop();
    await other.stop();
    expect(existsSync(other.root)).toBe(false);
  });
});

describeWith('rclone', 'a WebDAV program', () => {
  test('serves its folder, which is removed with it', async () => {
    const rclone = await startRclone();
    expect((await fetchOnce(`${rclone.origin}/a.txt`, { method: 'PUT' }, 'text')).status).toBe(201);
    expect(readFileSync(path.join(rclone.files!, 'a.txt'), 'utf8')).toBe('text');
    await rclone.stop();
    expect(await accepts(rclone.port)).toBe(false);
    expect(existsSync(rclone.files!)).toBe(false);
  });
});

describe('the fault proxy', () => {
  const text = 'x'.repeat(20_000);
  let server: RawServer;
  let proxy: FaultProxy;
  beforeAll(async () => {
    const steps = [{ repeat: 'forever', steps: [{ read: 'request' }, { send: response(text) }] }] as const;
    server = await rawServer({ connections: [steps], rest: 'repeat-last' });
    proxy = await faultProxy(server.port);
  });
  afterAll(() => Promise.all([server.stop(), proxy.stop()]));

  async function fetchWith(fault: Fault): Promise<{ body: string; ms: number }> {
    await proxy.setFault(fault);
    const start = performance.now();
    const { body } = await fetchOnce(`http://127.0.0.1:${proxy.port}/`);
    return { body: body.toString(), ms: performance.now() - start };
  }

  test('passes everything on', async () => {
    expect((await fetchWith('none')).body).toBe(text);
    expect((await fetchWith('split')).body).toBe(text);
  });

  test('slows down transfers', async () => {
    expect((await fetchWith({ latency: 150 })).ms).toBeGreaterThan(140);
    expect((await fetchWith({ rate: 80_000 })).ms).toBeGreaterThan(200);
  });

  test('inverts a byte', async () => {
    const { body } = await fetchWith({ corrupt: 5000 });
    expect(body.replaceAll('x', '')).toHaveLength(1);
  });

  test.each(['refuse', { rst: 1000 }, { fin: 1000 }] as const)('cuts the connection with %j', async (fault) => {
    await expect(fetchWith(fault)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('falls silent', async () => {
    await proxy.setFault({ silence: 1000 });
    const socket = await dial(proxy.port);
    let count = 0;
    socket.on('data', (block: Buffer) => (count += block.length));
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await sleep(200);
    expect([count, socket.destroyed]).toEqual([1000, false]);
    socket.destroy();
  });

  test('stalls an upload', async () => {
    await proxy.setFault({ stallUpload: 10_000 });
    const socket = await dial(proxy.port);
    socket.write('PUT / HTTP/1.1\r\nContent-Length: 64000000\r\n\r\n');
    socket.write(Buffer.alloc(64_000_000));
    await sleep(200);
    expect(socket.writableNeedDrain).toBe(true);
    const received = (await server.connections()).at(-1)!.receivedTotal;
    expect(received).toBe(10_000);
    socket.destroy();
  });
});

describeWith('openssl', 'the PKI', () => {
  const pki = testPki();

  test('is created once', () => {
    expect(testPki()).toEqual(pki);
    expect(existsSync(pki.p12) && existsSync(pki.p12NoPassword) && existsSync(pki.p12NoName)).toBe(true);
  });

  test.each([
    ['server', 'authorized'],
    ['chained', 'authorized'],
    ['wrongHost', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['expired', 'CERT_HAS_EXPIRED'],
    ['notYet', 'CERT_NOT_YET_VALID'],
    ['selfSigned', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['revoked', 'CERT_REVOKED'],
  ] as const)('contains %s, which is %s', async (name, outcome) => {
    const server = await rawServer({
      connections: [[]],
      tls: { key: pem(pki[name].key), cert: pem(pki[name].cert) },
    });
    const crl = name === 'revoked' ? { crl: pem(pki.crl) } : {};
    const options = {
      port: server.port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: pem(pki.ca.cert),
      ...crl,
    };
    expect(await verdictOn(options)).toBe(outcome);
    await server.stop();
  });

  function verdictOn(options: tls.ConnectionOptions): Promise<string> {
    return new Promise((resolve) => {
      const socket = tls.connect(options, () => resolve('authorized'));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.once('close', () => socket.destroy());
    });
  }
});

describe('the mechanics of servers', () => {
  test('find distinct free ports', async () => {
    expect(new Set(await freePorts(5)).size).toBe(5);
  });

  test('replace ports that were taken meanwhile', async () => {
    const tried: number[] = [];
    const start = async ([port]: number[]): Promise<string> => {
      tried.push(port!);
      if (tried.length < 3) throw new Error('bind: Address already in use');
      return 'up';
    };
    expect(await withFreePorts(1, start)).toBe('up');
    expect(new Set(tried).size).toBe(3);
  });

  test('report a server that does not start with its log', async () => {
    await expect(startApache({ extra: 'NoSuchDirective' })).rejects.toThrow(/Invalid command 'NoSuchDirective'/);
  });

  test('report a missing program', async () => {
    const options = { command: '/nonexistent', args: [], ports: [1], log: '/dev/null' };
    await expect(startProgram(options)).rejects.toThrow('/nonexistent ended');
  });

  test('find programs, and report missing ones with their package', () => {
    expect(findProgram('openssl')).toMatch(/openssl$/);
    const missing = 'krb5kdc' as const;
    if (findProgram(missing) === null) expect(() => requireProgram(missing)).toThrow('needs Debian package krb5-kdc');
  });

  test('share a process between raw servers, and replace it when it is gone', async () => {
    const first = await rawServer({ connections: [] });
    const second = await rawServer({ connections: [] });
    expect(first.pid).toBe(second.pid);
    process.kill(first.pid, 'SIGKILL');
    await expect(first.waitForClosed(1)).rejects.toThrow('the server has ended');
    const third = await rawServer({ connections: [[{ send: 'alive' }]] });
    expect(await readAll(await dial(third.port))).toBe('alive');
    await Promise.all([first, second, third].map((server) => server.stop()));
  });
});

describeWith(['apache2', 'nginx'], 'servers of a process', () => {
  test.each(['SIGKILL', 'SIGTERM', 'exit'] as const)('end with their parent on %s', async (how) => {
    const parent = fork(path.join(__dirname, 'orphans.js'), [], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [{ ports, folders }] = (await once(parent, 'message')) as [{ ports: number[]; folders: string[] }];
    expect(await Promise.all(ports.map(accepts))).toEqual(ports.map(() => true));
    await endBy(parent, how);
    await Promise.all(ports.map(untilRefused));
    while (folders.some((folder) => existsSync(folder))) await sleep(10);
  });

  async function endBy(parent: ChildProcess, how: 'SIGKILL' | 'SIGTERM' | 'exit'): Promise<void> {
    const exited = once(parent, 'exit');
    if (how === 'exit') parent.send('exit');
    else parent.kill(how);
    await exited;
  }
});

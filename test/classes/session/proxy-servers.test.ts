/** Tests sessions of the classes through real proxies, with and without TLS. */
import { type ProxyOptions, type Scheme, Session, type SessionOptions, SessionPool } from 'libneon';
import * as ne from 'libneon/ne';
import { startApache, type Apache } from '../../servers/apache.js';
import { describeWith, type Program } from '../../servers/packages.js';
import { pem, testPki } from '../../servers/pki.js';
import { startDante, startMicrosocks, startSsh } from '../../servers/socks.js';
import { squidUser, startSquid, type Squid } from '../../servers/squid.js';
import type { RunningServer } from '../../servers/start.js';
import { startTinyproxy } from '../../servers/tinyproxy.js';
import { failureOf, neonError } from '../../support/expect.js';

const alice = { username: squidUser.name, password: squidUser.password };
const wrong = { ...alice, password: 'wrong' };

describeWith('apache2', 'Apache behind a proxy', () => {
  let apache: Apache;
  const tls = (): SessionOptions => ({ tls: { ca: pem(testPki().ca.cert), trustDefaultCA: false } });
  beforeAll(async () => {
    apache = await startApache();
    apache.write('dav', 'a.txt', 'text');
    apache.write('basic', 'a.txt', 'basic');
    apache.write('digest', 'a.txt', 'digest');
  });
  afterAll(() => apache.stop());

  /** Sends two blocking and two asynchronous requests over http, and as many over https. */
  async function expectThrough(options: SessionOptions, host = '127.0.0.1'): Promise<void> {
    for (const [scheme, port] of [
      ['http', apache.port],
      ['https', apache.tlsPort],
    ] as const) {
      await using session = new Session(scheme, host, port, { ...options, ...tls() });
      for (let i = 0; i < 2; i++) {
        expect(session.requestSync('GET', '/dav/a.txt').textSync()).toBe('text');
        expect(await (await session.request('GET', '/dav/a.txt')).text()).toBe('text');
      }
    }
  }

  async function expectRefused(
    options: SessionOptions,
    code: string,
    schemes: Scheme[] = ['http', 'https'],
  ): Promise<void> {
    for (const scheme of schemes) {
      const port = scheme === 'http' ? apache.port : apache.tlsPort;
      await using session = new Session(scheme, '127.0.0.1', port, { ...options, ...tls() });
      const failure = await failureOf(() => session.request('GET', '/dav/a.txt'));
      expect([scheme, failure]).toEqual([scheme, neonError(code, (ne as unknown as Record<string, number>)[code])]);
    }
  }

  describe.each(['basic', 'digest'] as const)('squid with %s', (kind) => {
    describeWith('squid', 'proxy', () => {
      let squid: Squid;
      beforeAll(async () => {
        squid = await startSquid(kind);
      });
      afterAll(() => squid.stop());
      const asking = (more: SessionOptions = {}): SessionOptions => ({
        proxy: { host: '127.0.0.1', port: squid.authPort },
        ...more,
      });

      test('passes requests', async () => {
        await expectThrough({ proxy: `http://127.0.0.1:${squid.port}` });
        await expectThrough(asking({ proxyAuth: alice }));
        await expectThrough({ proxy: `http://alice:secret@127.0.0.1:${squid.authPort}/` });
        await expectThrough({ proxy: { host: '127.0.0.1', port: squid.authPort, ...alice } });
        const seen = squid.accessLog();
        expect(seen).toContainEqual(`200 alice GET http://127.0.0.1:${apache.port}/dav/a.txt`);
        expect(seen).toContainEqual(`200 alice CONNECT 127.0.0.1:${apache.tlsPort}`);
      });

      test('passes credentials for the proxy and the server, which a callback provides later', async () => {
        for (const place of ['basic', 'digest']) {
          const asked: boolean[] = [];
          const later = async ({ proxy }: { proxy: boolean }): Promise<typeof alice> => {
            asked.push(proxy);
            return new Promise((resolve) => setImmediate(() => resolve(alice)));
          };
          await using session = new Session(
            'http',
            '127.0.0.1',
            apache.port,
            asking({ auth: later, proxyAuth: later }),
          );
          expect(await (await session.request('GET', `/${place}/a.txt`)).text()).toBe(place);
          expect(asked).toEqual([true, false]);
        }
      });

      test('passes uploads, and large ones once it knows the credentials', async () => {
        const open = (): Session =>
          new Session('http', '127.0.0.1', apache.port, asking({ auth: alice, proxyAuth: alice }));
        await using session = open();
        const small = { body: 'x'.repeat(4000) };
        expect((await session.request('PUT', `/digest/small-${kind}`, small)).ok).toBe(true);
        const body = 'x'.repeat(300_000);
        await using another = open();
        expect((await another.request('GET', '/digest/a.txt')).status).toBe(200);
        expect((await another.request('PUT', `/digest/big-${kind}`, { body })).ok).toBe(true);
        expect(await (await another.request('GET', `/digest/big-${kind}`)).text()).toBe(body);
      });

      test('passes the requests of a pool', async () => {
        await using pool = new SessionPool(apache.origin, { connections: 4, ...asking({ proxyAuth: alice }) });
        const texts = Array.from({ length: 12 }, async () => (await pool.request('GET', '/dav/a.txt')).text());
        expect(new Set(await Promise.all(texts))).toEqual(new Set(['text']));
      });

      test('rejects a wrong password', async () => {
        await expectRefused(asking({ proxyAuth: wrong }), 'NE_PROXYAUTH');
        await expectRefused(asking(), 'NE_ERROR', ['https']);
        await using session = new Session('http', '127.0.0.1', apache.port, asking());
        expect((await session.request('GET', '/dav/a.txt')).status).toBe(407);
      });
    });
  });

  describeWith('tinyproxy', 'tinyproxy', () => {
    test('passes requests, with and without Basic', async () => {
      const [open, asking] = await Promise.all([startTinyproxy(), startTinyproxy(squidUser)]);
      try {
        await expectThrough({ proxy: `http://127.0.0.1:${open.port}` });
        await expectThrough({ proxy: `http://127.0.0.1:${asking.port}`, proxyAuth: alice });
        const options = { proxy: `http://127.0.0.1:${asking.port}`, proxyAuth: wrong };
        await expectRefused(options, 'NE_PROXYAUTH', ['https']);
        await using session = new Session('http', '127.0.0.1', apache.port, options);
        expect((await session.request('GET', '/dav/a.txt')).status).toBe(401); // tinyproxy responds 401 instead of 407
      } finally {
        await Promise.all([open.stop(), asking.stop()]);
      }
    });
  });

  /** SOCKS 4 needs an address for the loopback host; the other types pass the name to the proxy. */
  const socks: [name: string, programs: Program[], start: () => Promise<RunningServer>, types: string[]][] = [
    ['microsocks', ['microsocks'], startMicrosocks, ['socks5', 'socks5h', 'socks']],
    ['dante', ['danted'], startDante, ['socks4', 'socks5']],
    ['ssh -D', ['sshd', 'ssh'], startSsh, ['socks4', 'socks4a', 'socks5']],
  ];
  describe.each(socks)('%s', (_, programs, start, types) => {
    describeWith(programs, 'proxy', () => {
      test(`passes requests by ${types.join(', ')}`, async () => {
        const proxy = await start();
        try {
          for (const type of types) await expectThrough({ proxy: `${type}://127.0.0.1:${proxy.port}` });
          if (types.includes('socks4a'))
            await expectThrough({ proxy: { type: 'socks4a', host: '127.0.0.1', port: proxy.port } }, 'localhost');
        } finally {
          await proxy.stop();
        }
      });
    });
  });

  describeWith('microsocks', 'microsocks with a password', () => {
    test('passes requests with the right password only', async () => {
      const proxy = await startMicrosocks(squidUser);
      const at = (user: object): ProxyOptions => ({ type: 'socks5', host: '127.0.0.1', port: proxy.port, ...user });
      try {
        await expectThrough({ proxy: at(alice) });
        await expectThrough({ proxy: `socks5://alice:secret@127.0.0.1:${proxy.port}` });
        for (const user of [wrong, {}, { username: 'alice' }]) await expectRefused({ proxy: at(user) }, 'NE_ERROR');
      } finally {
        await proxy.stop();
      }
    });
  });
});

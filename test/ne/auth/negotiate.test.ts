/** Tests of ne_auth.h with Negotiate (Kerberos), and with NTLM if neon supports it. */
import path from 'node:path';
import * as ne from 'libneon/ne';
import { kerberosNeeds, startKerberos, type Kerberos } from '../../servers/kerberos.js';
import { describeWith } from '../../servers/packages.js';
import { response } from '../../servers/raw.js';
import { squidNegotiate, startSquid, type Squid } from '../../servers/squid.js';
import { runNode } from '../../support/child.js';
import { neonError } from '../../support/expect.js';
import { exchange, receivedBy, sessionWith, testServers } from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';

const serve = testServers();

describeWith(kerberosNeeds, 'Kerberos', () => {
  let kerberos: Kerberos;
  beforeAll(async () => {
    kerberos = await startKerberos();
  });
  afterAll(() => kerberos.stop());

  type Environment = Readonly<Record<string, string>>;

  async function run(env: Environment, ...args: readonly string[]): Promise<unknown> {
    const script = path.join(__dirname, '../../support/negotiate-child.js');
    const { stdout, stderr, exit } = await runNode([script, ...args], undefined, { ...process.env, ...env });
    expect({ stderr, exit }).toEqual({ stderr: '', exit: 0 });
    return JSON.parse(stdout);
  }

  const get = (env: Environment): Promise<unknown> =>
    run(env, `http://localhost:${kerberos.apache.port}/negotiate/a.txt`);

  test('authenticates with a ticket', async () => {
    expect(await get(kerberos.withTicket)).toEqual([
      [200, 'negotiated'],
      [200, 'negotiated'],
      [ne.NE_OK, 200],
    ]);
    expect(kerberos.apache.accessLog()).toContainEqual(
      expect.stringContaining('alice@TEST.LOCAL "GET /negotiate/a.txt'),
    );
  });

  test('fails without a ticket and gives the reason', async () => {
    const refused = [
      'NE_AUTH',
      expect.stringMatching(/^GET \S+: Could not authenticate to server: GSSAPI authentication error/),
    ];
    expect(await get(kerberos.withoutTicket)).toEqual([refused, refused, [ne.NE_AUTH, 401]]);
  });

  describeWith(['squid', squidNegotiate], 'squid', () => {
    let squid: Squid;
    beforeAll(async () => {
      squid = await startSquid({ keytab: kerberos.keytab, env: kerberos.withoutTicket });
      kerberos.apache.write('documents', 'a.txt', 'through squid');
    });
    afterAll(() => squid.stop());

    const through = (scheme: 'http' | 'https', env: Environment): Promise<unknown> => {
      const { port, tlsPort } = kerberos.apache;
      return run(env, `${scheme}://127.0.0.1:${scheme === 'http' ? port : tlsPort}/a.txt`, String(squid.authPort));
    };

    test.each(['http', 'https'] as const)('authenticates with a ticket over %s', async (scheme) => {
      const good = [200, 'through squid'];
      expect(await through(scheme, kerberos.withTicket)).toEqual([good, good, [ne.NE_OK, 200]]);
      expect(squid.accessLog().join('\n')).toMatch(/200 alice@TEST\.LOCAL (GET|CONNECT)/);
    });

    test('fails without a ticket', async () => {
      const refused = ['NE_PROXYAUTH', expect.stringContaining('GSSAPI authentication error')];
      expect(await through('http', kerberos.withoutTicket)).toEqual([refused, refused, [ne.NE_PROXYAUTH, 407]]);
    });
  });
});

describe.each(surfaces)('NTLM, $surface', ({ io }) => {
  // The message consists of "NTLMSSP", the type 2, an empty target, flags, and the challenge 01 23 45 67 89 ab cd ef.
  const message = Buffer.from(
    '4e544c4d53535000' + '02000000' + '0000000030000000' + '01820000' + '0123456789abcdef' + '00'.repeat(16),
    'hex',
  );
  const asking = (token: string): string =>
    `HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM${token}\r\nContent-Length: 0\r\n\r\n`;
  const types = (sent: string): number[] =>
    Array.from(sent.matchAll(/Authorization: NTLM (\S+)/g), ([, text = '']) =>
      Buffer.from(text, 'base64').readUInt8(8),
    );

  test('sends both messages, unless this neon lacks NTLM or must not use it', async () => {
    const steps = [asking(''), asking(` ${message.toString('base64')}`), response('a')].flatMap((text) =>
      exchange(text),
    );
    const server = await serve({ connections: [steps] });
    const session = sessionWith(server);
    const asked: unknown[] = [];
    const creds: ne.ne_auth_creds = (realm) => {
      asked.push(realm);
      return { username: 'alice', password: 'secret' };
    };
    // Only neon 0.37 and later report NTLM as a feature. They free memory twice when NTLM fails, so libneon refuses it.
    if (ne.ne_has_support(ne.NE_FEATURE_NTLM)) {
      expect(() => ne.ne_add_server_auth(session, ne.NE_AUTH_NTLM, creds)).toThrow(neonError('ERR_NEON_UNSUPPORTED'));
      ne.ne_add_server_auth(session, ne.NE_AUTH_ALL, creds);
    } else ne.ne_add_server_auth(session, ne.NE_AUTH_NTLM, creds);
    const request = await io.ne_request_create(session, 'GET', '/');
    const result = await io.ne_request_dispatch(request);
    const sent = types((await receivedBy(server))[0]!);
    if (ne.ne_get_error(session).includes('ignored NTLM challenge'))
      expect({ result, sent, asked }).toEqual({ result: ne.NE_AUTH, sent: [], asked: [] });
    else expect({ result, sent, asked: asked.length }).toEqual({ result: ne.NE_OK, sent: [1, 3], asked: 1 });
  });
});

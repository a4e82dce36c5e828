/**
 * Uses a PKCS#11 token with sessions and prints the outcomes as JSON, for pkcs11.test.ts. Arguments: `PORT CA`. It is a
 * separate process because the PKCS#11 module reads environment variables.
 */
import * as ne from 'libneon/ne';
import { surfaces, type Io } from './surfaces.js';

const [, , port, ca] = process.argv as [string, string, string, string];
const trusted = ne.ne_ssl_cert_read(ca)!;

function session(): ne.ne_session {
  const made = ne.ne_session_create('https', 'localhost', Number(port));
  ne.ne_set_addrlist(made, [ne.ne_iaddr_parse('127.0.0.1', ne.ne_iaddr_ipv4)!]);
  ne.ne_ssl_trust_cert(made, trusted);
  return made;
}

async function provider(io: Io): Promise<ne.ne_ssl_pkcs11_provider> {
  const out: { value?: ne.ne_ssl_pkcs11_provider } = {};
  const code = await io.ne_ssl_pkcs11_provider_init(out, 'softhsm2');
  if (code !== ne.NE_PK11_OK || !out.value) throw new Error(`ne_ssl_pkcs11_provider_init: ${code}`);
  return out.value;
}

async function get(io: Io, sess: ne.ne_session): Promise<number> {
  const request = await io.ne_request_create(sess, 'GET', '/');
  try {
    return await io.ne_request_dispatch(request);
  } finally {
    await io.ne_request_destroy(request);
  }
}

/**
 * Sends a first request. Returns its result, or the code or message of its error. Also returns the arguments of the PIN
 * callback.
 */
async function first(io: Io, pin: (attempt: number) => unknown): Promise<unknown> {
  const asked: unknown[] = [];
  const token = await provider(io);
  ne.ne_ssl_pkcs11_provider_pin(token, (attempt, ...more) => {
    asked.push([attempt, ...more]);
    return pin(attempt) as string;
  });
  const sess = session();
  ne.ne_ssl_set_pkcs11_provider(sess, token);
  const result = await outcome(() => get(io, sess));
  await io.ne_session_destroy(sess);
  ne.ne_ssl_pkcs11_provider_destroy(token);
  return { result, asked };
}

async function outcome(action: () => unknown): Promise<unknown> {
  try {
    return await action();
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    return code ?? message;
  }
}

/** Uses one provider in several sessions. Destroys the provider's handle before the sessions. */
async function shared(io: Io): Promise<unknown> {
  let asked = 0;
  const token = await provider(io);
  ne.ne_ssl_pkcs11_provider_pin(token, () => {
    asked++;
    return 'secret';
  });
  const sessions = [session(), session(), session()];
  for (const sess of sessions) ne.ne_ssl_set_pkcs11_provider(sess, token);
  ne.ne_ssl_pkcs11_provider_destroy(token);
  gc!();
  const results = await Promise.all(sessions.map((sess) => get(io, sess)));
  await Promise.all(sessions.map((sess) => io.ne_session_destroy(sess)));
  return { results, asked };
}

/** While a session that uses the provider is busy, tries the calls that must be refused. */
async function busy(io: Io): Promise<unknown> {
  const token = await provider(io);
  const [one, two, other] = [session(), session(), session()];
  ne.ne_ssl_set_pkcs11_provider(one, token);
  ne.ne_ssl_set_pkcs11_provider(two, token);
  const report: Record<string, unknown> = {};
  const look = async (when: string): Promise<void> => {
    report[when] = [
      await outcome(() => ne.ne_set_useragent(two, 'x')),
      await outcome(() => ne.ne_ssl_set_pkcs11_provider(other, token)),
      await outcome(() => ne.ne_ssl_pkcs11_provider_pin(token, null)),
      await outcome(() => ne.ne_get_error(two)),
    ];
  };
  ne.ne_ssl_pkcs11_provider_pin(token, () => {
    const queued = io.ne_close_connection(two);
    const pin = async (): Promise<string> => {
      report['close in the callback'] = await outcome(() => queued);
      await look('in the callback');
      return 'secret';
    };
    if (io !== surfaces[0]!.io) return pin();
    queued.catch(() => {});
    return 'secret';
  });
  const pending = get(io, one);
  if (io !== surfaces[0]!.io) await look('while it is pending');
  report['result'] = await pending;
  await look('afterwards');
  for (const sess of [one, two, other]) await io.ne_session_destroy(sess);
  ne.ne_ssl_pkcs11_provider_destroy(token);
  return report;
}

async function main(): Promise<void> {
  const report: Record<string, unknown> = {};
  for (const { surface, io, asynchronous } of surfaces) {
    report[surface] = {
      right: await first(io, () => 'secret'),
      second: await first(io, (attempt) => (attempt === 0 ? 'wrong' : 'secret')),
      'gives up': await first(io, () => 1),
      throws: await first(io, () => {
        throw new Error('the reason');
      }),
      nothing: await first(io, () => undefined),
      zero: await first(io, () => 0),
      'too long': await first(io, () => '1'.repeat(256)),
      'with a null': await first(io, () => 'sec\0ret'),
      promise: await first(io, async () => 'secret'),
      shared: await shared(io),
      busy: await busy(io),
      asynchronous,
    };
  }
  process.stdout.write(JSON.stringify(report));
}

void main();

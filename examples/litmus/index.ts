#!/usr/bin/env node
/** Implements `libneon-litmus`, which tests a WebDAV server as litmus does. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { versions } from 'libneon';
import * as ne from 'libneon/ne';
import { basic } from './basic.js';
import { copymove } from './copymove.js';
import { http } from './http.js';
import { locks } from './locks.js';
import { props } from './props.js';
import { plainReport, tapReport } from './report.js';
import { runTests, type Test, type Verdict } from './runner.js';
import { type Access, Server } from './server.js';

const suites: Readonly<Record<string, (server: Server) => Test[]>> = { basic, copymove, props, locks, http };

const usage = `usage: libneon-litmus [OPTIONS] URL [USER PASSWORD]

Tests a WebDAV server. URL is a collection; the tests work in URL/litmus/, which they delete first.

  -k, --keep-going         continues after a suite with failures
  -s, --suite=NAME         runs only this suite; may be repeated: ${Object.keys(suites).join(', ')}
  -p, --proxy=URL          uses this HTTP proxy
  -c, --client-cert=FILE   uses this client certificate (PKCS#12; its password is PASSWORD)
  -i, --insecure           accepts any server certificate
      --corrected          corrects tests of litmus 0.13 as later versions do
      --tap                prints TAP (Test Anything Protocol)
  -h, --help               prints this
      --version            prints the version

Exits with 0 when no test failed, with 1 when one failed, and with 2 when the arguments are invalid.`;

const options = {
  'keep-going': { type: 'boolean', short: 'k' },
  suite: { type: 'string', short: 's', multiple: true },
  proxy: { type: 'string', short: 'p' },
  'client-cert': { type: 'string', short: 'c' },
  insecure: { type: 'boolean', short: 'i' },
  corrected: { type: 'boolean' },
  tap: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options'];

/** An invalid command line. */
class UsageError extends Error {}

function main(): void {
  const { values, positionals } = parseCommandLine();
  if (values.help || values.version) {
    console.log(values.help ? usage : `libneon-litmus ${versions.libneon}, neon ${versions.neon}`);
    return;
  }
  const [url, user, password, ...rest] = positionals;
  if (url === undefined || rest.length > 0 || (user === undefined) !== (password === undefined))
    throw new UsageError('expected a URL, optionally with USER and PASSWORD');

  const access: Access = {
    ...serverAt(url),
    user,
    password,
    proxy: values.proxy === undefined ? undefined : proxyAt(values.proxy),
    clientCertificate: values['client-cert'],
    insecure: values.insecure,
    corrected: values.corrected,
  };
  const names = values.suite ?? Object.keys(suites);
  const unknown = names.find((name) => !Object.hasOwn(suites, name));
  if (unknown !== undefined) throw new UsageError(`there is no suite ${unknown}`);

  const verdicts = run(access, names, values['keep-going'] ?? false, values.tap ?? false);
  if (failures(verdicts)) process.exitCode = 1;
}

function parseCommandLine() {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Runs suites. Stops after the first suite that has failures, unless `keepGoing`. */
function run(access: Access, names: readonly string[], keepGoing: boolean, tap: boolean): Verdict[] {
  const report = (tap ? tapReport : plainReport)((line) => console.log(line));
  const all: Verdict[] = [];
  for (const name of names) {
    const server = new Server(access, name, `libneon-litmus/${versions.libneon}`);
    const tests = [...server.opening(), ...(suites[name]?.(server) ?? []), ...server.closing()];
    report.suite(name);
    const verdicts = runTests(tests, server.progress, (verdict) => report.verdict(verdict));
    server.close();
    report.summary(name, verdicts);
    all.push(...verdicts);
    if (failures(verdicts) && !keepGoing) break;
  }
  report.end(all);
  return all;
}

function failures(verdicts: readonly Verdict[]): boolean {
  return verdicts.some(({ result }) => result === 'FAIL');
}

function serverAt(url: string): Pick<Access, 'scheme' | 'host' | 'port' | 'path'> {
  const { scheme, host, port, path } = parse(url);
  if (scheme !== 'http' && scheme !== 'https') throw new UsageError(`${url} is not a URL of http or https`);
  return {
    scheme,
    host,
    port: port || ne.ne_uri_defaultport(scheme),
    path: ne.ne_path_has_trailing_slash(path) ? path : `${path}/`,
  };
}

function proxyAt(url: string): NonNullable<Access['proxy']> {
  const { scheme, host, port } = parse(url.includes('://') ? url : `http://${url}`);
  if (scheme !== 'http') throw new UsageError(`the proxy must be used by http, not by ${scheme}`);
  return { host, port: port || 8080 };
}

function parse(url: string): { scheme: string; host: string; port: number; path: string } {
  const uri: Partial<ne.ne_uri> = {};
  if (ne.ne_uri_parse(url, uri) !== 0 || !uri.scheme || !uri.host) throw new UsageError(`${url} is not a URL`);
  return { scheme: uri.scheme, host: uri.host, port: uri.port ?? 0, path: uri.path || '/' };
}

try {
  main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`libneon-litmus: ${error.message}\n\n${usage}`);
  process.exitCode = 2;
}

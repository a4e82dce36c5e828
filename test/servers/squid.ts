/** Starts squid as an HTTP proxy with tunnels. One port requires credentials, and the other does not. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { requireProgram } from './packages.js';
import { scratchDirectory, startProgram, withFreePorts, type RunningServer } from './start.js';

/** The only user of squid. */
export const squidUser = { name: 'alice', password: 'secret', realm: 'squid realm' } as const;

/** A running squid; `port` is the port that requires no credentials. */
export interface Squid extends RunningServer {
  /** The port that requires credentials. */
  readonly authPort: number;
  /** The lines of the access log: status, user, method, URL. */
  accessLog(): string[];
}

/**
 * The authentication scheme: Basic, Digest or Negotiate. Negotiate requires the keytab of `HTTP/localhost` and the
 * environment variables of Kerberos.
 */
export type SquidScheme =
  'basic' | 'digest' | { readonly keytab: string; readonly env: Readonly<Record<string, string>> };

/** Squid's program for Negotiate. */
export const squidNegotiate = '/usr/lib/squid/negotiate_kerberos_auth';

/** Starts squid. */
export function startSquid(scheme: SquidScheme): Promise<Squid> {
  const command = requireProgram('squid');
  return withFreePorts(2, async (ports) => {
    const [port, authPort] = ports as [number, number];
    const scratch = scratchDirectory('squid');
    const run = path.join(scratch, 'run');
    mkdirSync(run);
    const config = path.join(scratch, 'squid.conf');
    const log = path.join(scratch, 'output.log');
    const accesses = path.join(run, 'access.log');
    writeFileSync(config, configuration(scratch, port, authPort, authentication(scheme, scratch)));
    if (process.getuid?.() === 0) execFileSync('chown', ['-R', 'proxy', scratch]);

    // Each squid has its own service name, so that several can run at the same time.
    const args = ['-N', '-n', `libneon${port}`, '-f', config];
    const logs = [path.join(run, 'cache.log')];
    const env = typeof scheme === 'string' ? {} : scheme.env;
    const child = await startProgram({ command, args, env, ports, log, logs, scratch, patience: 3000 });
    return {
      port,
      authPort,
      pid: child.pid,
      accessLog: () => (existsSync(accesses) ? readFileSync(accesses, 'utf8').split('\n').filter(Boolean) : []),
      stop: () => child.stop(),
    };
  });
}

/** The lines that configure squid's scheme and its program for checking credentials. */
function authentication(scheme: SquidScheme, scratch: string): string {
  const [name, program] =
    typeof scheme === 'string'
      ? [scheme, helper(scheme, scratch)]
      : ['negotiate', `${squidNegotiate} -k ${scheme.keytab} -s HTTP/localhost`];
  const realm = name === 'negotiate' ? '' : `auth_param ${name} realm ${squidUser.realm}`;
  return `auth_param ${name} program ${program}\nauth_param ${name} children 1\n${realm}`;
}

/**
 * Returns the program that checks credentials. Digest uses squid's own program. Basic uses a script that answers each
 * line.
 */
function helper(scheme: 'basic' | 'digest', scratch: string): string {
  const { name, password, realm } = squidUser;
  if (scheme === 'digest') {
    const users = path.join(scratch, 'digest.users');
    const hash = createHash('md5').update(`${name}:${realm}:${password}`).digest('hex');
    writeFileSync(users, `${name}:${realm}:${hash}\n`);
    return `/usr/lib/squid/digest_file_auth -c ${users}`;
  }
  const script = path.join(scratch, 'basic.sh');
  const line = `${name} ${password}`;
  writeFileSync(script, `#!/bin/sh\nwhile read -r line; do [ "$line" = '${line}' ] && echo OK || echo ERR; done\n`);
  chmodSync(script, 0o755);
  return script;
}

function configuration(scratch: string, port: number, authPort: number, auth: string): string {
  return `
http_port 127.0.0.1:${port} name=open
http_port 127.0.0.1:${authPort} name=asking
${auth}
acl open_port myportname open
acl loopback dst 127.0.0.0/8
acl known proxy_auth REQUIRED
http_access deny !loopback
http_access allow open_port
http_access allow known
http_access deny all
cache deny all
cache_mem 8 MB
memory_pools off
logformat short %>Hs %un %rm %ru
access_log stdio:${scratch}/run/access.log short
cache_log ${scratch}/run/cache.log
cache_store_log none
pid_filename ${scratch}/run/squid.pid
coredump_dir ${scratch}/run
shutdown_lifetime 0 seconds
visible_hostname localhost
pinger_enable off
netdb_filename none
${process.getuid?.() === 0 ? 'cache_effective_user proxy' : ''}
`;
}

/**
 * Starts Apache as the reference server: WebDAV, Basic, Digest, gzip, redirects, CGI, a throttle, TLS and client
 * certificates.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { apacheConfiguration } from './apache.conf.js';
import { requireProgram } from './packages.js';
import { testPki } from './pki.js';
import { scratchDirectory, startProgram, withFreePorts, type RunningServer } from './start.js';

/** The only user of Basic and Digest. */
export const apacheUser = {
  name: 'alice',
  password: 'secret',
  basicRealm: 'basic realm',
  digestRealm: 'digest realm',
} as const;

/** Differences from `apache.conf.ts`. */
export interface ApacheOptions {
  /** Directives to append. */
  readonly extra?: string;
  /** Additional environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A running Apache. */
export interface Apache extends RunningServer {
  /** TLS 1.2 and 1.3; `/mtls` requires a client certificate. */
  readonly tlsPort: number;
  /** A port with TLS 1.2 only. The server requires a client certificate during the handshake. */
  readonly clientCertificatePort: number;
  /** `http://127.0.0.1:PORT`, and the https origin of `tlsPort`. */
  readonly origin: string;
  readonly tlsOrigin: string;
  /**
   * The folders of the paths `/dav`, `/basic`, `/digest` and `/`. The first is also served at `/gzip`, `/inflate`,
   * `/throttle` and `/mtls`.
   */
  readonly files: {
    readonly dav: string;
    readonly basic: string;
    readonly digest: string;
    readonly documents: string;
  };
  /** Writes a file into a folder. Apache's user becomes the owner of the file. */
  write(folder: 'dav' | 'basic' | 'digest' | 'documents', name: string, content: string | Uint8Array): string;
  /** The lines of the access log: user, request line, status, number of bytes sent. */
  accessLog(): string[];
}

/** Starts Apache on three free ports, as root or not. */
export function startApache(options: ApacheOptions = {}): Promise<Apache> {
  const command = requireProgram('apache2');
  return withFreePorts(3, async (ports) => {
    const [port, tlsPort, clientCertificatePort] = ports as [number, number, number];
    const scratch = scratchDirectory('apache');
    const config = path.join(scratch, 'apache.conf');
    const log = path.join(scratch, 'run', 'output.log');
    const user = process.getuid?.() === 0 ? unprivilegedUser() : null;
    layOut(scratch);
    writeFileSync(
      config,
      apacheConfiguration({
        scratch,
        pki: testPki(),
        user,
        port,
        tlsPort,
        clientCertificatePort,
        extra: options.extra ?? '',
      }),
    );
    if (user !== null) giveTo(user, scratch);

    const logs = [path.join(scratch, 'run', 'error.log')];
    const child = await startProgram({
      command,
      args: ['-d', scratch, '-f', config, '-DFOREGROUND'],
      ports,
      log,
      logs,
      scratch,
      ...(options.env && { env: options.env }),
    });
    const files = {
      dav: path.join(scratch, 'dav'),
      basic: path.join(scratch, 'basic'),
      digest: path.join(scratch, 'digest'),
      documents: path.join(scratch, 'documents'),
    };
    return {
      port,
      tlsPort,
      clientCertificatePort,
      origin: `http://127.0.0.1:${port}`,
      tlsOrigin: `https://127.0.0.1:${tlsPort}`,
      pid: child.pid,
      files,
      write: (folder, name, content) => {
        const file = path.join(files[folder], name);
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, content);
        if (user !== null) giveTo(user, files[folder]);
        return file;
      },
      accessLog: () => linesOf(path.join(scratch, 'run', 'access.log')),
      stop: () => child.stop(),
    };
  });
}

function layOut(scratch: string): void {
  for (const folder of ['run', 'dav', 'basic', 'digest', 'documents', 'cgi']) mkdirSync(path.join(scratch, folder));
  writeFileSync(
    path.join(scratch, 'basic.users'),
    `${apacheUser.name}:{SHA}${hash('sha1', apacheUser.password, 'base64')}\n`,
  );
  writeFileSync(path.join(scratch, 'digest.users'), digestUser());
  for (const [name, script] of Object.entries(CGI)) {
    writeFileSync(path.join(scratch, 'cgi', name), `#!/bin/sh\n${script}`, { mode: 0o755 });
  }
}

/** `sleep?N` responds after N seconds, `echo` returns the request body, and `env` returns the CGI variables. */
const CGI = {
  sleep: `sleep "$QUERY_STRING"; printf 'Content-Type: text/plain\\r\\n\\r\\nslept %s\\n' "$QUERY_STRING"\n`,
  echo: `printf 'Content-Type: application/octet-stream\\r\\nX-Method: %s\\r\\n\\r\\n' "$REQUEST_METHOD"; cat\n`,
  env: `printf 'Content-Type: text/plain\\r\\n\\r\\n'; env | sort\n`,
} as const;

function digestUser(): string {
  const { name, digestRealm, password } = apacheUser;
  return `${name}:${digestRealm}:${hash('md5', `${name}:${digestRealm}:${password}`, 'hex')}\n`;
}

function hash(algorithm: string, text: string, encoding: 'hex' | 'base64'): string {
  return createHash(algorithm).update(text).digest(encoding);
}

/** The user that Apache switches to when root starts it. */
function unprivilegedUser(): string {
  const users = readFileSync('/etc/passwd', 'utf8');
  return /^www-data:/m.test(users) ? 'www-data' : 'nobody';
}

function giveTo(user: string, folder: string): void {
  execFileSync('chown', ['-R', user, folder]);
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}

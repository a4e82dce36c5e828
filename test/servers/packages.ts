/** Lists the Debian packages of the programs that tests use, and defines suites that need these programs. */
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';

/** Program or file → Debian package. */
export const packageOf = {
  '/usr/lib/apache2/modules/mod_auth_gssapi.so': 'libapache2-mod-auth-gssapi',
  '/usr/lib/lighttpd/mod_webdav.so': 'lighttpd-mod-webdav',
  '/usr/lib/squid/negotiate_kerberos_auth': 'squid',
  '/usr/lib/nginx/modules/ngx_http_dav_ext_module.so': 'libnginx-mod-http-dav-ext',
  '/usr/share/php/Sabre/DAV/Server.php': 'php-sabre-dav',
  '/usr/share/tomcat10/bin/bootstrap.jar': 'tomcat10-common',
  apache2: 'apache2',
  cc: 'gcc',
  chezdav: 'chezdav',
  'g++': 'g++',
  gcc: 'gcc',
  danted: 'dante-server',
  htpasswd: 'apache2-utils',
  java: 'default-jre-headless',
  'kadmin.local': 'krb5-admin-server',
  kdb5_util: 'krb5-kdc',
  kinit: 'krb5-user',
  krb5kdc: 'krb5-kdc',
  lighttpd: 'lighttpd',
  litmus: 'litmus',
  make: 'make',
  microsocks: 'microsocks',
  'neon-config': 'libneon27-dev',
  nginx: 'nginx',
  openssl: 'openssl',
  php: 'php-cli',
  'pkcs11-tool': 'opensc',
  'pkg-config': 'pkg-config',
  radicale: 'radicale',
  rclone: 'rclone',
  'softhsm2-util': 'softhsm2',
  squid: 'squid',
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  tinyproxy: 'tinyproxy',
  valgrind: 'valgrind',
  xandikos: 'xandikos',
} as const;

/** A program whose package is known. */
export type Program = keyof typeof packageOf;

/**
 * Returns the full path of a program, or null. It also searches the system folders, even if PATH does not contain them.
 */
export function findProgram(program: Program): string | null {
  if (path.isAbsolute(program)) return existsSync(program) ? program : null;
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.map((folder) => path.join(folder, program)).find(isExecutable) ?? null;
}

/** Returns the full path of a program. If the program is missing, throws an error with the name of its package. */
export function requireProgram(program: Program): string {
  const file = findProgram(program);
  if (file === null) throw new Error(`needs Debian package ${packageOf[program]} (${program} not found)`);
  return file;
}

/**
 * A `describe` for a suite that needs external programs. If a program is missing, the suite fails when `CI` is set.
 * Otherwise a skipped test takes its place and names the missing package.
 */
export function describeWith(programs: Program | readonly Program[], name: string, suite: () => void): void {
  const missing = [programs].flat().filter((program) => findProgram(program) === null);
  if (missing.length === 0) describe(name, suite);
  else describeMissing(missing, name);
}

function describeMissing(missing: readonly Program[], name: string): void {
  const title = `needs Debian package ${missing.map((program) => packageOf[program]).join(', ')}`;
  describe(name, () => {
    if (process.env['CI']) {
      test(title, () => {
        throw new Error(title);
      });
    } else {
      test.skip(title, () => {});
    }
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts a Kerberos realm with one user. Also starts an Apache that accepts this user's tickets at `/negotiate`. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startApache, type Apache } from './apache.js';
import { requireProgram } from './packages.js';
import { scratchDirectory, startProgram, withFreePorts } from './start.js';

const gssapiModule = '/usr/lib/apache2/modules/mod_auth_gssapi.so';
const realm = 'TEST.LOCAL';

const user = { name: 'alice', password: 'secret' };

/** The programs and modules that {@link startKerberos} needs. */
export const kerberosNeeds = ['apache2', gssapiModule, 'krb5kdc', 'kadmin.local', 'kdb5_util', 'kinit'] as const;

/** A running realm. */
export interface Kerberos {
  /** Apache. Clients must use the host name `localhost`, for which the ticket is valid. */
  readonly apache: Apache;
  /** The file with the key of `HTTP/localhost`. */
  readonly keytab: string;
  /** The environments for two users: one who has a Kerberos ticket, and one who has none. */
  readonly withTicket: Readonly<Record<string, string>>;
  readonly withoutTicket: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts the realm and Apache. */
export function startKerberos(): Promise<Kerberos> {
  const command = requireProgram('krb5kdc');
  return withFreePorts(1, async (ports) => {
    const [port] = ports as [number];
    const scratch = scratchDirectory('kerberos');
    const file = (name: string): string => path.join(scratch, name);
    writeFileSync(file('krb5.conf'), clientConfiguration(scratch, port));
    writeFileSync(file('kdc.conf'), kdcConfiguration(scratch, port));
    const env = {
      KRB5_CONFIG: file('krb5.conf'),
      KRB5_KDC_PROFILE: file('kdc.conf'),
      KRB5RCACHENAME: 'none:',
    };
    createRealm(file('http.keytab'), env);
    const args = ['-n', '-r', realm, '-P', file('kdc.pid')];
    const kdc = await startProgram({ command, args, env, ports, log: file('kdc.log'), scratch });
    try {
      const withTicket = { ...env, KRB5CCNAME: `FILE:${file('tickets')}` };
      execFileSync(requireProgram('kinit'), [user.name], {
        env: { ...process.env, ...withTicket },
        input: user.password,
      });
      const apache = await startApache({ extra: directives(file('http.keytab')), env });
      mkdirSync(path.join(apache.files.documents, 'negotiate'));
      apache.write('documents', 'negotiate/a.txt', 'negotiated');
      return {
        apache,
        keytab: file('http.keytab'),
        withTicket,
        withoutTicket: { ...env, KRB5CCNAME: `FILE:${file('missing')}` },
        stop: async () => {
          await apache.stop();
          await kdc.stop();
        },
      };
    } catch (error) {
      await kdc.stop();
      throw error;
    }
  });
}

function createRealm(keytab: string, env: Record<string, string>): void {
  const run = (program: 'kdb5_util' | 'kadmin.local', args: string[]): void => {
    execFileSync(requireProgram(program), args, { env: { ...process.env, ...env }, stdio: 'ignore' });
  };
  run('kdb5_util', ['create', '-r', realm, '-s', '-P', 'master']);
  for (const query of [
    `addprinc -pw ${user.password} ${user.name}`,
    'addprinc -randkey HTTP/localhost',
    `ktadd -k ${keytab} HTTP/localhost`,
  ])
    run('kadmin.local', ['-r', realm, '-q', query]);
  chmodSync(keytab, 0o644); // readable by the user that Apache runs as
}

function clientConfiguration(scratch: string, port: number): string {
  return `
[libdefaults]
  default_realm = ${realm}
  dns_lookup_realm = false
  dns_lookup_kdc = false
  rdns = false
  dns_canonicalize_hostname = false
  udp_preference_limit = 1
[realms]
  ${realm} = {
    kdc = 127.0.0.1:${port}
  }
[domain_realm]
  localhost = ${realm}
[dbmodules]
  ${realm} = {
    db_library = db2
    database_name = ${scratch}/principals
  }
`;
}

function kdcConfiguration(scratch: string, port: number): string {
  return `
[kdcdefaults]
  kdc_listen = 127.0.0.1:${port}
  kdc_tcp_listen = 127.0.0.1:${port}
[realms]
  ${realm} = {
    database_name = ${scratch}/principals
    key_stash_file = ${scratch}/stash
    max_life = 1h
    supported_enctypes = aes256-cts:normal
  }
`;
}

function directives(keytab: string): string {
  return `
LoadModule auth_gssapi_module ${requireProgram(gssapiModule)}
<Location /negotiate>
  AuthType GSSAPI
  AuthName "kerberos"
  GssapiCredStore keytab:${keytab}
  GssapiAllowedMech krb5
  Require valid-user
</Location>
`;
}

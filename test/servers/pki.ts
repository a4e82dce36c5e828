/**
 * Creates a test PKI in the temporary folder. Each user gets a new PKI every day. `pki-child.ts` makes the ordinary
 * certificates. The `openssl` program makes the hostile ones, the revocation list and the PKCS#12 files. The password
 * of the PKCS#12 files is `secret`.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { requireProgram } from './packages.js';

/** A certificate and its key, as PEM files. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/**
 * The files of the PKI. A server certificate is for `localhost`, 127.0.0.1 and ::1 unless its property name says
 * otherwise.
 */
export interface Pki {
  readonly directory: string;
  /** The root that signs all other certificates, and its certificate revocation list. */
  readonly ca: KeyPair;
  readonly crl: string;
  /** A root that signs no server certificate. */
  readonly otherCa: KeyPair;
  readonly server: KeyPair;
  /** Signed by an intermediate certificate. The file contains the intermediate certificate after the server's. */
  readonly chained: KeyPair;
  readonly wildcard: KeyPair;
  readonly wrongHost: KeyPair;
  readonly expired: KeyPair;
  readonly notYet: KeyPair;
  readonly revoked: KeyPair;
  /** With an RSA key of 768 bits. */
  readonly weak: KeyPair;
  readonly selfSigned: KeyPair;
  /**
   * Signed by an intermediate certificate that has expired. The file also contains the intermediate certificate, after
   * the server's.
   */
  readonly badChain: KeyPair;
  /**
   * The host names are `first.test.invalid`, `localhost` and `*.test.invalid`. The second certificate is for 127.0.0.1
   * only, and the third for `localhost` only.
   */
  readonly severalNames: KeyPair;
  readonly addressOnly: KeyPair;
  readonly nameOnly: KeyPair;
  /**
   * Two certificates without alternative names. The common name of the first is `localhost`. The second is self-signed
   * and has no common name.
   */
  readonly commonName: KeyPair;
  readonly noName: KeyPair;
  /** The only alternative name is one string: `localhost`, then a null byte, then `.test.invalid`. */
  readonly nullInName: KeyPair;
  /** Valid until 2060. Dates after 2049 use a longer encoding (GeneralizedTime). */
  readonly until2060: KeyPair;
  readonly client: KeyPair;
  readonly revokedClient: KeyPair;
  /** Signed by `otherCa`. */
  readonly wrongClient: KeyPair;
  /**
   * Three PKCS#12 files of `client`. The first contains the CA and a friendly name. The second has no password, and the
   * third has no friendly name.
   */
  readonly p12: string;
  readonly p12NoPassword: string;
  readonly p12NoName: string;
  /** PKCS#12 of `wrongClient`. */
  readonly p12WrongClient: string;
  /** PKCS#12 files of other contents: the revoked client; `client` without its key; only the key of `client`. */
  readonly p12RevokedClient: string;
  readonly p12NoKey: string;
  readonly p12NoCertificate: string;
  /** A PKCS#12 file with the old RC2 and 3DES encryption. Null if the installed openssl does not support it. */
  readonly p12Legacy: string | null;
}

const HOUR = 3_600_000;

/** The program that makes the ordinary certificates. */
const ordinary = path.join(__dirname, 'pki-child.js');

const EXTENSIONS: Record<string, string> = {
  intermediate:
    'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash',
  server: serverExtensions('DNS:localhost,IP:127.0.0.1,IP:::1'),
  nullInName: serverExtensions(`DER:${alternativeName('localhost\0.test.invalid')}`),
  noNames: serverExtensions(null),
  client: 'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth',
};

const CONFIGURATION = `
[ca]
default_ca = authority
[authority]
dir = .
new_certs_dir = issued
database = index.txt
serial = serial
crlnumber = crlnumber
default_md = sha256
default_days = 30
default_crl_days = 30
policy = names
unique_subject = no
[names]
organizationName = optional
organizationalUnitName = optional
countryName = optional
commonName = supplied
[req]
distinguished_name = ask_nothing
prompt = no
[ask_nothing]
${Object.entries(EXTENSIONS)
  .map(([name, lines]) => `[${name}]\n${lines}`)
  .join('\n')}
`;

/** Returns today's PKI. The first call of the day creates it, which takes at most a second or so. */
export function testPki(): Pki {
  const directory = todaysDirectory();
  if (!existsSync(directory)) makeInPlace(directory);
  if (statSync(directory).uid !== userInfo().uid) throw new Error(`${directory} belongs to another user`);
  return filesIn(directory);
}

/** The text of a PEM file, for options that take data. */
export function pem(file: string): string {
  return readFileSync(file, 'utf8');
}

function todaysDirectory(): string {
  const sources = [CONFIGURATION, make.toString(), readFileSync(ordinary)];
  const recipe = sources.reduce((hash, source) => hash.update(source), createHash('sha256'));
  const name = recipe.digest('hex').slice(0, 12);
  const day = new Date().toISOString().slice(0, 10);
  return path.join(realpathSync(tmpdir()), `libneon-pki-${userInfo().uid}-${name}-${day}`);
}

/**
 * Creates the PKI under a temporary name and then renames it. Other processes therefore never see an incomplete PKI. If
 * another process was faster, its PKI is used.
 */
function makeInPlace(directory: string): void {
  const aside = mkdtempSync(`${directory}.`);
  chmodSync(aside, 0o755);
  try {
    make(aside);
    renameSync(aside, directory);
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    if (!existsSync(directory)) throw error;
  }
  removeOlder(directory);
}

function removeOlder(directory: string): void {
  const prefix = `libneon-pki-${userInfo().uid}-`;
  for (const name of readdirSync(path.dirname(directory))) {
    const other = path.join(path.dirname(directory), name);
    const made = statSync(other, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (name.startsWith(prefix) && Date.now() - made > 48 * HOUR) rmSync(other, { recursive: true, force: true });
  }
}

function make(directory: string): void {
  const program = requireProgram('openssl');
  const openssl = (...args: string[]): void =>
    void execFileSync(program, args, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
  mkdirSync(path.join(directory, 'issued'));
  writeFileSync(path.join(directory, 'openssl.cnf'), CONFIGURATION);
  writeFileSync(path.join(directory, 'index.txt'), '');
  writeFileSync(path.join(directory, 'serial'), '1001\n');
  writeFileSync(path.join(directory, 'crlnumber'), '1001\n');

  execFileSync(process.execPath, [ordinary, directory], { stdio: ['ignore', 'ignore', 'pipe'] });
  issue('revoked', 'localhost', 'server');
  key('weak', ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:768']);
  issue('weak', 'localhost', 'server');
  issue('expiredIntermediate', 'Expired Intermediate', 'intermediate', [
    '-startdate',
    '20200101000000Z',
    '-enddate',
    '20210101000000Z',
  ]);
  issue('badChain', 'localhost', 'server', ['-cert', 'expiredIntermediate.crt', '-keyfile', 'expiredIntermediate.key']);
  issue('commonName', 'localhost', 'noNames');
  selfSign('noName', '/O=libneon test', 'noNames');
  issue('nullInName', 'localhost', 'nullInName');
  issue('until2060', 'localhost', 'server', ['-enddate', '20600229120000Z']);
  issue('revokedClient', 'Revoked Client', 'client');
  follow('chained', 'intermediate');
  follow('badChain', 'expiredIntermediate');
  revoke('revoked', 'revokedClient');

  bundle('p12', '-certfile', 'ca.crt', '-name', 'Test Client', '-passout', 'pass:secret');
  bundle('p12NoPassword', '-name', 'Test Client', '-passout', 'pass:');
  bundle('p12NoName', '-passout', 'pass:secret');
  bundleOf('wrongClient', 'p12WrongClient', '-name', 'Wrong Client', '-passout', 'pass:secret');
  bundleOf('revokedClient', 'p12RevokedClient', '-name', 'Revoked Client', '-passout', 'pass:secret');
  exportPkcs12('p12NoKey', '-nokeys', '-in', 'client.crt', '-passout', 'pass:secret');
  exportPkcs12('p12NoCertificate', '-nocerts', '-inkey', 'client.key', '-passout', 'pass:secret');
  try {
    bundle('p12Legacy', '-legacy', '-name', 'Test Client', '-passout', 'pass:secret');
  } catch {
    rmSync(path.join(directory, 'p12Legacy.p12'), { force: true }); // this openssl has no legacy provider
  }

  function selfSign(name: string, subject: string, extensions: string): void {
    key(name);
    openssl(
      'req',
      '-new',
      '-x509',
      '-config',
      'openssl.cnf',
      '-extensions',
      extensions,
      '-days',
      '30',
      '-subj',
      subject,
      '-key',
      `${name}.key`,
      '-out',
      `${name}.crt`,
    );
  }

  function issue(name: string, commonName: string, extensions: string, more: string[] = []): void {
    key(name);
    openssl(
      'req',
      '-new',
      '-config',
      'openssl.cnf',
      '-subj',
      `/O=libneon test/CN=${commonName}`,
      '-key',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    );
    const issuer = more.includes('-cert') ? [] : ['-cert', 'ca.crt', '-keyfile', 'ca.key'];
    openssl(
      'ca',
      '-batch',
      '-notext',
      '-config',
      'openssl.cnf',
      ...issuer,
      ...more,
      '-extensions',
      extensions,
      '-in',
      `${name}.csr`,
      '-out',
      `${name}.crt`,
    );
  }

  function key(name: string, kind = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']): void {
    if (existsSync(path.join(directory, `${name}.key`))) return; // was made earlier, with another algorithm
    openssl('genpkey', ...kind, '-out', `${name}.key`);
    chmodSync(path.join(directory, `${name}.key`), 0o644);
  }

  function revoke(...names: string[]): void {
    const authority = ['ca', '-batch', '-config', 'openssl.cnf', '-cert', 'ca.crt', '-keyfile', 'ca.key'];
    for (const name of names) openssl(...authority, '-revoke', `${name}.crt`);
    openssl(...authority, '-gencrl', '-out', 'crl.pem');
  }

  function bundle(name: string, ...options: string[]): void {
    bundleOf('client', name, ...options);
  }

  function bundleOf(pair: string, name: string, ...options: string[]): void {
    exportPkcs12(name, '-in', `${pair}.crt`, '-inkey', `${pair}.key`, ...options);
  }

  function exportPkcs12(name: string, ...options: string[]): void {
    openssl('pkcs12', '-export', '-out', `${name}.p12`, ...options);
  }

  /** Appends the signer's certificate to the file of the signed certificate. */
  function follow(name: string, signer: string): void {
    const [certificate, next] = [name, signer].map((one) => path.join(directory, `${one}.crt`)) as [string, string];
    writeFileSync(certificate, pem(certificate) + pem(next));
  }
}

function filesIn(directory: string): Pki {
  const file = (name: string): string => path.join(directory, name);
  const pair = (name: string): KeyPair => ({ cert: file(`${name}.crt`), key: file(`${name}.key`) });
  return {
    directory,
    ca: pair('ca'),
    crl: file('crl.pem'),
    otherCa: pair('otherCa'),
    server: pair('server'),
    chained: pair('chained'),
    wildcard: pair('wildcard'),
    wrongHost: pair('wrongHost'),
    expired: pair('expired'),
    notYet: pair('notYet'),
    revoked: pair('revoked'),
    weak: pair('weak'),
    selfSigned: pair('selfSigned'),
    badChain: pair('badChain'),
    severalNames: pair('severalNames'),
    addressOnly: pair('addressOnly'),
    nameOnly: pair('nameOnly'),
    commonName: pair('commonName'),
    noName: pair('noName'),
    nullInName: pair('nullInName'),
    until2060: pair('until2060'),
    client: pair('client'),
    revokedClient: pair('revokedClient'),
    wrongClient: pair('wrongClient'),
    p12: file('p12.p12'),
    p12NoPassword: file('p12NoPassword.p12'),
    p12NoName: file('p12NoName.p12'),
    p12WrongClient: file('p12WrongClient.p12'),
    p12RevokedClient: file('p12RevokedClient.p12'),
    p12NoKey: file('p12NoKey.p12'),
    p12NoCertificate: file('p12NoCertificate.p12'),
    p12Legacy: existsSync(file('p12Legacy.p12')) ? file('p12Legacy.p12') : null,
  };
}

function serverExtensions(names: string | null): string {
  const usage =
    'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth';
  return names === null ? usage : `${usage}\nsubjectAltName=${names}`;
}

/** The DER of a subjectAltName with one host name. DER allows bytes that OpenSSL's configuration syntax does not. */
function alternativeName(name: string): string {
  const bytes = [0x30, name.length + 2, 0x82, name.length, ...Buffer.from(name)];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** Builds certificates byte by byte, because the `openssl` program refuses to write some contents. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A value of ASN.1 in DER: its tag, the length of its content, and the content. */
export function der(tag: number, ...parts: readonly (Uint8Array | string)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const digits = Buffer.from(length.toString(16).padStart(length > 0xffff ? 6 : length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([0x80 | digits.length]), digits]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
export const utf8 = (text: string | Uint8Array): Buffer => der(0x0c, text);
export const utcTime = (text: string): Buffer => der(0x17, text);
export const generalizedTime = (text: string): Buffer => der(0x18, text);
const bits = (content: Uint8Array): Buffer => der(0x03, Buffer.of(0), content);

/** An object identifier; `text` has its numbers separated by dots. */
export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...others] = text.split('.').map(Number);
  const base128 = (n: number): number[] =>
    n < 128 ? [n] : [...base128(Math.floor(n / 128)).map((b) => b | 128), n % 128];
  return der(0x06, Buffer.from([first * 40 + second, ...others.flatMap(base128)]));
}

const attributes = { CN: '2.5.4.3', O: '2.5.4.10', OU: '2.5.4.11' } as const;

/** One attribute of a name: its type and its value. The value is DER or a text; a text becomes a UTF8String. */
export type Attribute = readonly [type: keyof typeof attributes, value: Buffer | string];

/** A name. */
export function name(...parts: readonly Attribute[]): Buffer {
  return sequence(
    ...parts.map(([type, value]) =>
      der(0x31, sequence(oid(attributes[type]), typeof value === 'string' ? utf8(value) : value)),
    ),
  );
}

/** Alternative names for a host or an address. {@link der} creates names of other kinds. */
export const host = (text: string | Uint8Array): Buffer => der(0x82, text);
export const address = (bytes: Uint8Array): Buffer => der(0x87, bytes);

/** An extension of a certificate. */
export function extension(id: string, value: Uint8Array, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [Buffer.of(1, 1, 0xff)] : []), der(0x04, value));
}

/** The extension with the alternative names. */
export const alternativeNames = (...names: readonly Uint8Array[]): Buffer => extension('2.5.29.17', sequence(...names));

/** The parts of a certificate. The defaults give a valid certificate for `localhost`. */
export interface Recipe {
  readonly subject?: Buffer;
  /** The certificate of the signer; by default, the certificate is self-signed. */
  readonly signer?: Made;
  /** The start and the end of the period of validity, as DER. */
  readonly validity?: readonly [Buffer, Buffer];
  readonly serial?: Buffer;
  readonly version?: number;
  readonly extensions?: readonly Buffer[];
  readonly authority?: boolean;
  /** Changes the signed part; `editAll` changes the whole certificate. */
  readonly edit?: (signed: Buffer) => Buffer;
  readonly editAll?: (certificate: Buffer) => Buffer;
}

/** A certificate and its private key, as PEM texts. */
export interface Made {
  readonly cert: string;
  readonly key: string;
  readonly subject: Buffer;
  readonly bytes: Buffer;
}

let keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } | undefined;
const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
const day = 86_400_000;
const timeFrom = (now: number): Buffer =>
  utcTime(`${new Date(now).toISOString().slice(2, 19).replaceAll(/[-:T]/g, '')}Z`);

/** Makes a certificate. All certificates share one key, which saves time. */
export function makeCertificate(recipe: Recipe = {}): Made {
  keys ??= generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { subject = name(['O', 'libneon test'], ['CN', 'localhost']), signer, version = 2, authority = false } = recipe;
  const serial = recipe.serial ?? createHash('sha1').update(JSON.stringify(recipe)).digest().subarray(0, 8);
  const validity = recipe.validity ?? [timeFrom(Date.now() - day), timeFrom(Date.now() + 30 * day)];
  const constraints = extension('2.5.29.19', authority ? sequence(Buffer.of(1, 1, 0xff)) : sequence(), true);
  const extensions = recipe.extensions ?? (authority ? [] : [alternativeNames(host('localhost'))]);
  const draft = sequence(
    ...(version === 0 ? [] : [der(0xa0, der(0x02, Buffer.of(version)))]),
    der(0x02, recipe.serial ?? Buffer.concat([Buffer.of(1), serial])),
    ecdsaWithSha256,
    signer?.subject ?? subject,
    sequence(...validity),
    subject,
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    ...(version === 0 ? [] : [der(0xa3, sequence(constraints, ...extensions))]),
  );
  const signed = recipe.edit ? recipe.edit(draft) : draft;
  const whole = sequence(signed, ecdsaWithSha256, bits(sign('sha256', signed, keys.privateKey)));
  const bytes = recipe.editAll ? recipe.editAll(whole) : whole;
  const lines = bytes.toString('base64').replaceAll(/.{1,64}/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`,
    key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    subject,
    bytes,
  };
}

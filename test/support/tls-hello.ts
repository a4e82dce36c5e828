/** The first messages of a TLS 1.2 server. They are not encrypted, so a script can send them without a key. */

/** A number, encoded in `bytes` bytes. */
const number = (bytes: number, value: number): Buffer =>
  Buffer.from(value.toString(16).padStart(bytes * 2, '0'), 'hex');
const sized = (bytes: number, content: Uint8Array): Buffer => Buffer.concat([number(bytes, content.length), content]);
const message = (type: number, content: Uint8Array): Buffer => Buffer.concat([Buffer.of(type), sized(3, content)]);

/** TLS records of at most 16 KiB with this content. */
function records(content: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < content.length; at += 0x4000)
    parts.push(Buffer.of(22, 3, 3), sized(2, content.subarray(at, at + 0x4000)));
  return Buffer.concat(parts);
}

const ecdheEcdsaAes128Gcm = 0xc02b;
/** Two TLS extensions: secure renegotiation, which OpenSSL requires, and uncompressed points of elliptic curves. */
const extensions = Buffer.of(0xff, 0x01, 0, 1, 0, 0x00, 0x0b, 0, 2, 1, 0);

const serverHello = message(
  2,
  Buffer.concat([
    Buffer.of(3, 3),
    Buffer.alloc(32, 7),
    Buffer.of(0),
    number(2, ecdheEcdsaAes128Gcm),
    Buffer.of(0),
    sized(2, extensions),
  ]),
);

/** A ServerHello message and a Certificate message. The certificates are DER or deliberately invalid bytes. */
export function certificateMessages(...certificates: readonly Uint8Array[]): Buffer {
  return rawCertificateMessages(sized(3, Buffer.concat(certificates.map((one) => sized(3, one)))));
}

/** A ServerHello message, and a Certificate message whose content is given as raw bytes. */
export function rawCertificateMessages(content: Uint8Array): Buffer {
  return records(Buffer.concat([serverHello, message(11, content)]));
}

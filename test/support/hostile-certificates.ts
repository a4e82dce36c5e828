/** Certificates that no honest authority issues. Each is for `localhost`, or tries to look as if it were. */
import {
  address,
  alternativeNames,
  type Attribute,
  der,
  extension,
  generalizedTime,
  host,
  type Made,
  makeCertificate,
  name,
  oid,
  type Recipe,
  sequence,
  utcTime,
  utf8,
} from './der.js';

/** A certificate, the certificates that signed it, and the root that a client trusts. */
export interface Hostile {
  readonly about: string;
  readonly leaf: Made;
  readonly chain: readonly Made[];
  readonly root: Made;
}

const KiB = 1024;
const localhost = alternativeNames(host('localhost'));
const organization = ['O', 'libneon test'] as const;
const named = (...parts: Attribute[]): Buffer => name(organization, ...parts);

/** All hostile certificates. */
export function hostileCertificates(): Hostile[] {
  const root = makeCertificate({ subject: named(['CN', 'Test Root']), authority: true });
  const signed = (about: string, recipe: Recipe): Hostile => ({
    about,
    leaf: makeCertificate({ signer: root, ...recipe }),
    chain: [],
    root,
  });
  return [
    ...[...oddSubjects, ...badSubjects].map(([about, ...parts]) => signed(about, { subject: name(...parts) })),
    ...oddCommonNames.map(([about, ...parts]) => signed(about, { subject: name(...parts), extensions: [] })),
    ...oddNames.map(([about, ...names]) => signed(about, { extensions: [alternativeNames(...names)] })),
    ...oddParts.map(([about, recipe]) => signed(about, recipe)),
    selfSigned('a subject of 64 KiB that signed itself', named(['OU', 'x'.repeat(64 * KiB)], ['CN', 'localhost'])),
    chained('a chain of 5', 5),
    chained('a chain of 20', 20),
    chained('a chain of 20 whose names have 1 KiB', 20, 'x'.repeat(KiB)),
    chained('a chain of 150', 150),
    circular(),
  ];
}

/** Authorities that a server may name when it asks for a certificate. */
export function hostileAuthorities(): [about: string, authorities: Made[]][] {
  const authority = (...parts: readonly Attribute[]): Made =>
    makeCertificate({ subject: name(...parts), authority: true });
  return [
    ['1,000', many(1000, (i) => authority(['CN', `Authority ${i}`]))],
    ['one of 60 KiB', [authority(['O', 'x'.repeat(60 * KiB)])]],
    ['100 that are alike', many(100, () => authority(organization))],
    ['odd ones', oddSubjects.slice(1).map(([, ...parts]) => authority(...parts))],
  ];
}

const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

const oddSubjects: readonly [about: string, ...Attribute[]][] = [
  ['a subject of 60 KiB', ['O', 'x'.repeat(60 * KiB)], ['CN', 'localhost']],
  ['1,000 units in its subject', ...many(1000, (i) => ['OU', `unit ${i}`] as const), ['CN', 'localhost']],
  ['an empty subject'],
  ['null bytes in its organization', ['O', '\0Trusted\0Ltd.\0'], ['CN', 'localhost']],
  ['line ends and escapes in its subject', ['O', 'a\r\nb\t\x1b[31mc\x7f'], ['CN', 'localhost']],
  ['a comma and a quote in its subject', ['O', 'A, "B" \\ C=D+E'], ['CN', 'localhost']],
  ['UTF-16 in its subject', ['O', der(0x1e, utf16('Größe 漢'))], ['CN', 'localhost']],
  ['UTF-32 in its subject', ['O', der(0x1c, Buffer.of(0, 1, 0xf6, 0, 0, 0, 0, 0x41))], ['CN', 'localhost']],
  ['Latin-1 in its subject', ['O', der(0x14, Buffer.from('Größe', 'latin1'))], ['CN', 'localhost']],
  ['a sequence for its organization', ['O', sequence(utf8('a'), utf8('b'))], ['CN', 'localhost']],
];

/** Subjects that OpenSSL cannot read. */
const badSubjects: typeof oddSubjects = [
  ['bytes that are no UTF-8 in its subject', ['O', utf8(Buffer.of(0xff, 0xfe, 0xc0, 0x80))], ['CN', 'localhost']],
  ['half a character of UTF-16', ['O', der(0x1e, Buffer.of(0, 0x41, 0))], ['CN', 'localhost']],
  ['a number for its organization', ['O', der(0x02, Buffer.of(42))], ['CN', 'localhost']],
];

/** Subjects of certificates without alternative names. */
const oddCommonNames: readonly [about: string, ...Attribute[]][] = [
  ['no name at all', ['O', 'Trusted Ltd.']],
  ['a common name of 60 KiB', ['CN', 'x'.repeat(60 * KiB)]],
  ['100 common names', ...many(100, (i) => ['CN', `host${i}`] as const), ['CN', 'localhost']],
  ['a null byte in its common name', ['CN', 'localhost\0.test.invalid']],
  ['an empty common name', ['CN', '']],
  ['a common name in UTF-16', ['CN', der(0x1e, utf16('localhost'))]],
  [
    'a common name in UTF-32',
    [
      'CN',
      der(
        0x1c,
        Buffer.from('000l000o000c', 'latin1').map((b) => (b === 48 ? 0 : b)),
      ),
    ],
  ],
  ['a common name in Latin-1', ['CN', der(0x14, 'localhost')]],
  ['a common name of another kind', ['CN', der(0x04, 'localhost')]],
  ['a number for its common name', ['CN', der(0x02, Buffer.of(42))]],
];

const oddNames: readonly [about: string, ...Buffer[]][] = [
  ['2,000 names, of which the last is right', ...many(2000, (i) => host(`host${i}.test.invalid`)), host('localhost')],
  ['8,000 names, of which the last is right', ...many(8000, (i) => host(`host${i}.test.invalid`)), host('localhost')],
  ['1,000 addresses', ...many(1000, (i) => address(Buffer.of(10, 0, i >> 8, i & 0xff)))],
  ['no names where there is a list of them'],
  ['an empty name', host('')],
  ['a name of 60 KiB', host('x'.repeat(60 * KiB))],
  ['a null byte and a good name', host('localhost\0.test.invalid'), host('localhost')],
  ['a null byte at the end of its name', host('localhost\0')],
  ['a dot at the end of its name', host('localhost.')],
  ['a star alone', host('*')],
  ['stars', host('*.*'), host('*ost'), host('l*t'), host('local*')],
  ['bytes in its name that are not ASCII', host(Buffer.from('local\xffhost', 'latin1')), host('lôcalhost')],
  ['an address of 3 bytes', address(Buffer.of(127, 0, 0))],
  ['an address of 0 bytes', address(Buffer.of())],
  ['an address of 17 bytes', address(Buffer.alloc(17))],
  ['an address as a host', host('127.0.0.1')],
  ['a URI for its name', der(0x86, 'https://localhost/')],
  ['an invalid URI', der(0x86, 'https://localhost\0[:/'), host('other.test.invalid')],
  ['a mail address for its name', der(0x81, 'root@localhost')],
  ['a name of another kind', der(0xa0, oid('1.2.3.4'), der(0xa0, utf8('localhost')))],
  ['a directory for its name', der(0xa4, name(['CN', 'localhost']))],
];

const flip =
  (text: string, to: string) =>
  (bytes: Buffer): Buffer =>
    Buffer.from(bytes.toString('latin1').replace(text, to), 'latin1');

/** Encodes the outermost length of a DER value in another way. BER allows this, but DER requires the shortest form. */
function relength(bytes: Buffer, make: (content: Buffer) => Buffer[]): Buffer {
  const first = bytes[1]!;
  return Buffer.concat([bytes.subarray(0, 1), ...make(bytes.subarray(first < 0x80 ? 2 : 2 + (first & 0x7f)))]);
}
const longLength = (bytes: Buffer): Buffer =>
  relength(bytes, (content) => [Buffer.of(0x84, 0, 0, content.length >> 8, content.length & 0xff), content]);
const noLength = (bytes: Buffer): Buffer => relength(bytes, (content) => [Buffer.of(0x80), content, Buffer.of(0, 0)]);

const soon = generalizedTime('20991231235959Z');
const ago = utcTime('200101000000Z');

const oddParts: readonly [about: string, Recipe][] = [
  ['a length in more bytes than needed', { editAll: longLength }],
  ['an indefinite length', { editAll: noLength }],
  ['a length in more bytes than needed, in the signed part', { edit: longLength }],
  ['an indefinite length, in the signed part', { edit: noLength }],
  ['a broken signature', { editAll: flip('localhost', 'localhosT') }],
  ['a serial number of 1,000 bytes', { serial: Buffer.alloc(1000, 0x7f) }],
  ['the serial number 0', { serial: Buffer.of(0) }],
  ['a negative serial number', { serial: Buffer.of(0xff, 0x01) }],
  ['version 1', { version: 0 }],
  ['version 77', { version: 77 }],
  ['an unknown extension that is critical', { extensions: [localhost, extension('1.2.3.4.5', utf8('x'), true)] }],
  ['an extension of 60 KiB', { extensions: [localhost, extension('1.2.3.4.5', utf8('x'.repeat(60 * KiB)))] }],
  ['its names twice', { extensions: [alternativeNames(host('other.test.invalid')), localhost] }],
  ['invalid names', { extensions: [extension('2.5.29.17', Buffer.from('junk'))] }],
  ['names of a wrong length', { extensions: [extension('2.5.29.17', Buffer.of(0x30, 0x7f, 0x82, 0x01, 0x61))] }],
  ['no time of its beginning', { validity: [utcTime(''), soon] }],
  ['words for times', { validity: [utcTime('yesterday'), generalizedTime('the end of days')] }],
  ['a 13th month', { validity: [ago, generalizedTime('20991331235959Z')] }],
  ['the year 9999', { validity: [ago, generalizedTime('99991231235959Z')] }],
  ['the year 0', { validity: [generalizedTime('00000101000000Z'), soon] }],
  ['a time with another zone', { validity: [utcTime('200101000000+0100'), generalizedTime('20991231235959-0800')] }],
  ['a time with fractions of a second', { validity: [ago, generalizedTime('20991231235959.123456789Z')] }],
  ['a time of numbers', { validity: [der(0x02, Buffer.of(1)), der(0x02, Buffer.of(2))] }],
  ['an end before its beginning', { validity: [soon, ago] }],
];

function selfSigned(about: string, subject: Buffer): Hostile {
  const leaf = makeCertificate({ subject, extensions: [localhost] });
  return { about, leaf, chain: [], root: leaf };
}

function chained(about: string, length: number, more = ''): Hostile {
  const authority = (index: number, signer?: Made): Made =>
    makeCertificate({
      subject: named(['CN', `Authority ${index}${more}`]),
      authority: true,
      serial: Buffer.of(0x01, index),
      ...(signer && { signer }),
    });
  const root = authority(0);
  const chain = [root];
  for (let i = 1; i < length; i++) chain.unshift(authority(i, chain[0]));
  return { about, leaf: makeCertificate({ signer: chain[0]! }), chain: chain.slice(0, -1), root };
}

/** Two authorities that signed each other. */
function circular(): Hostile {
  const [one, two] = ['One', 'Two'].map((text) => named(['CN', `Authority ${text}`])) as [Buffer, Buffer];
  const signer = (subject: Buffer): Made => makeCertificate({ subject, authority: true });
  const first = makeCertificate({ subject: one, signer: signer(two), authority: true });
  const second = makeCertificate({ subject: two, signer: signer(one), authority: true });
  const root = makeCertificate({ subject: named(['CN', 'Test Root']), authority: true });
  return {
    about: 'two authorities that signed each other',
    leaf: makeCertificate({ signer: first }),
    chain: [first, second, first, second],
    root,
  };
}

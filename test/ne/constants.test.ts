/** Tests of the constants of the C API against the installed headers. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as ne from 'libneon/ne';
import { neon } from '../oracle/compile.js';
import { describeWith } from '../servers/packages.js';
import { runC } from '../support/compile.js';

const constants = Object.entries(ne).filter((entry): entry is [string, number] => typeof entry[1] === 'number');

test('exports constants that are safe integers', () => {
  expect(constants.length).toBeGreaterThan(30);
  for (const [name, value] of constants) expect([name, Number.isSafeInteger(value)]).toEqual([name, true]);
});

/** The constants that neon added in 0.33 and later. */
const newer = {
  NE_PATH_NONPC: 4,
  NE_REQFLAG_1XXTIMEOUT: 2,
  NE_SESSFLAG_STRICT: 8,
  NE_HASH_SHA1: 5,
  NE_FEATURE_GSSAPI: 9,
  NE_FEATURE_LIBPXY: 10,
  NE_FEATURE_NTLM: 11,
  ne_status_handshake: 6,
  NE_SSL_PROTO_UNSPEC: 0,
  NE_SSL_PROTO_SSL_3: 1,
  NE_SSL_PROTO_TLS_1_0: 2,
  NE_SSL_PROTO_TLS_1_1: 3,
  NE_SSL_PROTO_TLS_1_2: 4,
  NE_SSL_PROTO_TLS_1_3: 5,
};

test('exports the constants of newer versions with every neon', () => {
  expect(ne).toMatchObject(newer);
});

test('exports no sentinels', () => {
  expect(Object.keys(ne).filter((name) => /_LAST$/.test(name))).toEqual([]);
});

describeWith('cc', 'the installed headers', () => {
  const { include, defines } = neon();
  const headers = readdirSync(include).filter((file) => /^ne_\w+\.h$/.test(file));
  const texts = new Map(headers.map((file) => [file, withoutComments(readFileSync(path.join(include, file), 'utf8'))]));
  const mentions = (text: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(text);

  test.each(headers)('gives the constants of %s their values', (header) => {
    const own = constants.filter(([name]) => mentions(texts.get(header)!, name));
    const prints = own.map(([name]) => `printf("%s %lld\\n", "${name}", (long long)(${name}));`);
    const source = `#include <stdio.h>\n#include <${header}>\nint main(void) { ${prints.join('\n')} return 0; }\n`;
    const output = own.length === 0 ? '' : runC(source, [`-isystem${include}`, ...defines]);
    expect(own.map(([name, value]) => `${name} ${value}\n`).join('')).toBe(output);
  });

  test('declares every constant except those of newer versions', () => {
    const absent = constants.filter(([name]) => ![...texts.values()].some((text) => mentions(text, name)));
    const allowed = Object.keys(newer);
    expect(absent.map(([name]) => name).filter((name) => !allowed.includes(name))).toEqual([]);
  });

  test.each([
    ['ne_request.h', /\bNE_REQFLAG_\w+/g],
    ['ne_session.h', /\bNE_SESSFLAG_\w+/g],
    ['ne_request.h', /^#define (NE_(?:OK|ERROR|LOOKUP|AUTH|PROXYAUTH|CONNECT|TIMEOUT|FAILED|RETRY|REDIRECT))\b/gm],
    ['ne_string.h', /\bNE_HASH_\w+/g],
    ['ne_utils.h', /\bNE_FEATURE_\w+/g],
    ['ne_uri.h', /\bNE_PATH_\w+/g],
    ['ne_utils.h', /\bNE_DBG_\w+/g],
    ['ne_session.h', /\bne_status_\w+/g],
    ['ne_socket.h', /\bne_iaddr_ipv\d\b/g],
    ['ne_socket.h', /\bNE_(?:SOCK_(?!E?SSL)[A-Z0-9]+|ADDR_[A-Z]+)\b/g],
    ['ne_auth.h', /\bNE_AUTH_(?!H\b)\w+/g],
    ['ne_ssl.h', /\bNE_SSL_(?!H\b)\w+/g],
    ['ne_xml.h', /\bNE_XML_(?!H\b|MAPLEN\b)\w+/g],
    ['ne_basic.h', /\bNE_DEPTH_\w+/g],
    ['ne_props.h', /\b(?:NE_PROPS_(?!H\b)\w+|ne_propset(?=,)|ne_propremove)\b/g],
    ['ne_207.h', /\bNE_207_(?!H\b)\w+/g],
    ['ne_pkcs11.h', /\bNE_(?:PK11|SSL)_\w+/g],
    ['ne_basic.h', /\bNE_(?:CAP|DEPTH)_\w+/g],
    ['ne_locks.h', /\b(?:NE_TIMEOUT_[A-Z]+|ne_lock(?:scope|type)_(?!s\b)\w+)\b/g],
    ['ne_acl3744.h', /\b(?:NE_ACL_[A-Z_]+|ne_acl_(?:href|property|all|\w*authenticated|self|grant|deny))\b/g],
  ])('exports every name in %s that matches %s', (header, pattern) => {
    const found = new Set([...texts.get(header)!.matchAll(pattern)].map(([whole, group]) => group ?? whole));
    const expected = [...found].filter((name) => !name.endsWith('_LAST'));
    expect(expected.length).toBeGreaterThan(1);
    expect(expected.filter((name) => !(name in ne))).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[^]*?\*\//g, ' ').replace(/\/\/.*/g, ' ');
}

/** Tests of `versions` and `features`. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { features, versions } from 'libneon';
import * as ne from 'libneon/ne';
import { projectRoot } from '../servers/start.js';

const build = ne.ne_version_string();

test('gives the version of the package as libneon', () => {
  const manifest = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as {
    version: string;
  };
  expect(versions.libneon).toBe(manifest.version);
});

test('gives the version of the loaded library as neon', () => {
  expect(build.startsWith(`neon ${versions.neon}: `)).toBe(true);
  expect(versions.neon).toMatch(/^0\.3[2-9]\.\d+/);
});

test('gives the TLS library that is really used', () => {
  // Node exports the functions of its built-in OpenSSL, so an addon that is built for OpenSSL calls these functions.
  if (build.includes('OpenSSL')) expect(versions.tls).toBe(`OpenSSL ${process.versions.openssl}`);
  else if (build.includes('GNU TLS')) expect(versions.tls).toMatch(/^GnuTLS \d+\.\d+\.\d+$/);
  else expect(versions.tls).toBeNull();
});

test('gives the version of Node-API that the addon is built for', () => {
  const manifest = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as {
    binary: { napi_versions: number[] };
  };
  expect(versions.napi).toBe(String(manifest.binary.napi_versions[0]));
  expect(Object.keys(versions).sort()).toEqual(['libneon', 'napi', 'neon', 'tls']);
});

test('gives the features that ne_has_support reports', () => {
  const has = (feature: number): boolean => ne.ne_has_support(feature) !== 0;
  expect(features).toMatchObject({
    ssl: has(ne.NE_FEATURE_SSL),
    zlib: has(ne.NE_FEATURE_ZLIB),
    ipv6: has(ne.NE_FEATURE_IPV6),
    lfs: has(ne.NE_FEATURE_LFS),
    socks: has(ne.NE_FEATURE_SOCKS),
    tsSsl: has(ne.NE_FEATURE_TS_SSL),
    i18n: has(ne.NE_FEATURE_I18N),
    sspi: has(ne.NE_FEATURE_SSPI),
    gssapi: has(ne.NE_FEATURE_GSSAPI),
    libproxy: has(ne.NE_FEATURE_LIBPXY),
    ntlm: has(ne.NE_FEATURE_NTLM),
  });
  expect(features.ssl).toBe(/OpenSSL|GNU TLS/.test(build));
  expect(features.ipv6).toBe(build.includes('IPv6'));
  expect(features.zlib).toBe(build.includes('zlib'));
});

test('reports whether each newer function exists', () => {
  expect(Object.keys(features.functions)).toContain('ne_version_library');
  for (const [name, there] of Object.entries(features.functions)) {
    expect([name, name in ne]).toEqual([name, true]);
    expect(typeof there).toBe('boolean');
  }
});

test('reports whether calls can be interrupted', () => {
  expect(typeof features.interrupt).toBe('boolean');
});

test('freezes all objects', () => {
  expect([versions, features, features.functions].map((object) => Object.isFrozen(object))).toEqual([true, true, true]);
});

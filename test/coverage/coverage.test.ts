/** docs/coverage.md, and that nothing of neon's is left out unnoticed. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import * as ne from 'libneon/ne';
import { describeWith } from '../servers/packages.js';
import { newest, rows } from './rows.js';
import { unbound } from './unbound.js';

describeWith('gcc', 'coverage', () => {
  // In a process of its own: what formats the page cannot be loaded here.
  test('the page is up to date (npm run coverage)', () => {
    const { status, stderr } = spawnSync(process.execPath, [path.join(__dirname, 'index.js'), '--check'], {
      encoding: 'utf8',
    });
    expect([stderr, status]).toEqual(['', 0]);
  });

  test('the headers are read', () => {
    const names = rows().map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['ne_session_create', 'ne_buffer_size', 'NE_OK', 'ne_status_lookup', 'ne_version_library']),
    );
    expect(newest().declarations.length).toBeGreaterThan(300);
  });

  test('every name is exported, or is known to be not', () => {
    const exported = Object.keys(ne);
    const known = new Set(rows().map(({ name }) => name));
    expect(exported.filter((name) => !known.has(name))).toEqual([]);
    expect(Object.keys(unbound).filter((name) => exported.includes(name))).toEqual([]);
  });

  test('what is bound has a test', () => {
    const untested = rows().filter(({ kind, surface, tests }) => surface && kind !== 'constant' && tests.length === 0);
    expect(untested.map(({ name }) => name)).toEqual([]);
  });
});

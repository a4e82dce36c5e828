/** Tests the release script, in a small repository of its own. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dated, entriesOf } from '../../tools/release/changelog.js';
import { projectRoot } from '../servers/start.js';

const today = new Date().toISOString().slice(0, 10);
const changelog = '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A thing.\n\n## [1.0.0] - 2020-01-02\n\n- Old.\n';

describe('the change log', () => {
  test('gets a date and a new empty heading', () => {
    expect(dated(changelog, '1.1.0', new Date('2021-03-04T05:06:07Z'))).toBe(
      changelog.replace('## [Unreleased]\n', '## [Unreleased]\n\n## [1.1.0] - 2021-03-04\n'),
    );
  });

  test.each([
    [changelog, '- A thing.'],
    ['## [Unreleased]\n\n- Only.', '- Only.'],
    ['## [Unreleased]\n\n### Added\n\n## [1.0.0] - 2020-01-02\n\n- Old.\n', ''],
    ['# Changelog\n', ''],
  ])('has entries, or none: %j', (text, entries) => {
    expect(entriesOf(text)).toBe(entries);
  });
});

describe('the release script', () => {
  let folder: string;
  const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim();
  const release = (...args: string[]) =>
    spawnSync(process.execPath, [path.join(projectRoot, 'dist/tools/release/index.js'), ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
  const commit = (): void => {
    git('add', '--all');
    git('-c', 'user.name=a', '-c', 'user.email=a@b.invalid', 'commit', '--quiet', '--allow-empty', '--message', 'work');
  };

  function makeRepository(scripts: object = {}, homepage = 'https://example.com/'): void {
    const note = (text: string): string => `node -e "fs.appendFileSync('build/log', '${text} ')"`;
    const steps = Object.fromEntries(['build', 'lint', 'test', 'check:package'].map((name) => [name, note(name)]));
    const manifest = { name: 'small', version: '1.0.0', homepage, files: ['a.js'], scripts: { ...steps, ...scripts } };
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(path.join(folder, 'CHANGELOG.md'), changelog);
    writeFileSync(path.join(folder, '.gitignore'), 'build/\n');
    writeFileSync(path.join(folder, 'a.js'), '');
    execFileSync('mkdir', ['-p', path.join(folder, 'build')]);
    git('init', '--quiet');
    git('config', 'user.name', 'a');
    git('config', 'user.email', 'a@b.invalid');
    commit();
  }

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'libneon-release-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('builds, tests, dates, packs, commits and tags', () => {
    makeRepository();
    const { status, stdout, stderr } = release('1.1.0');
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stdout).toContain('build/release/small-1.1.0.tgz is ready');
    expect(read('build/log')).toBe('build lint test check:package ');
    expect(read('CHANGELOG.md')).toContain(`## [Unreleased]\n\n## [1.1.0] - ${today}\n\n### Added\n\n- A thing.`);
    expect(JSON.parse(read('package.json'))).toMatchObject({ version: '1.1.0' });
    expect(existsSync(path.join(folder, 'build/release/small-1.1.0.tgz'))).toBe(true);
    expect([git('status', '--porcelain'), git('log', '-1', '--format=%s'), git('describe')]).toEqual([
      '',
      'Release 1.1.0',
      'v1.1.0',
    ]);
  });

  test('changes nothing in a dry run', () => {
    makeRepository({}, 'https://example.com/OWNER');
    const before = git('rev-parse', 'HEAD');
    const { status, stdout } = release('1.1.0', '--dry-run');
    expect(status).toBe(0);
    expect(stdout).toContain(`CHANGELOG.md: ## [1.1.0] - ${today}`);
    expect(stdout).toContain('placeholder OWNER');
    expect([git('rev-parse', 'HEAD'), git('status', '--porcelain'), git('tag')]).toEqual([before, '', '']);
    expect(existsSync(path.join(folder, 'build/log'))).toBe(false);
  });

  test('restores the tree when the package fails its check', () => {
    makeRepository({ 'check:package': 'exit 3' });
    const { status, stderr } = release('1.1.0');
    expect([status, stderr]).toEqual([1, expect.stringContaining('check:package')]);
    expect([git('status', '--porcelain'), git('tag'), JSON.parse(read('package.json')).version]).toEqual([
      '',
      '',
      '1.0.0',
    ]);
  });

  test.each([
    ['1.1', () => undefined, 'is not a version'],
    ['1.1.0', () => writeFileSync(path.join(folder, 'a.js'), 'changed'), 'not committed'],
    ['1.1.0', () => git('tag', 'v1.1.0'), 'exists already'],
  ])('refuses %s when it must', (version, change, message) => {
    makeRepository();
    change();
    const { status, stderr } = release(version);
    expect([status, stderr]).toEqual([1, expect.stringContaining(message)]);
    expect(existsSync(path.join(folder, 'build/log'))).toBe(false);
  });

  test('refuses a release without entries, or with placeholders', () => {
    makeRepository({}, 'https://example.com/OWNER');
    expect(release('1.1.0').stderr).toContain('placeholder OWNER');
    writeFileSync(path.join(folder, 'CHANGELOG.md'), '## [Unreleased]\n');
    commit();
    expect(release('1.1.0').stderr).toContain('no entry');
  });

  test('stops when the tests fail', () => {
    makeRepository({ test: 'exit 1' });
    const { status, stderr } = release('1.1.0');
    expect([status, stderr]).toEqual([1, expect.stringContaining('npm test failed')]);
    expect([git('status', '--porcelain'), git('tag')]).toEqual(['', '']);
  });
});

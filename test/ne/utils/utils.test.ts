/** Tests of ne_utils.h: versions and features (compared with C), status lines, and the debugging log. */
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { features, Session } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { neon } from '../../oracle/compile.js';
import { describeWith } from '../../servers/packages.js';
import { projectRoot } from '../../servers/start.js';
import { runC } from '../../support/compile.js';
import { coded, neonError, wrongValue } from '../../support/expect.js';
import { neonSince } from '../../support/neon.js';
import { answering, sessionWith, stalling, testServers } from '../../support/servers.js';
import { surfaces, fetchBody } from '../../support/surfaces.js';

const serve = testServers();

/** Evaluates C expressions in a program that includes neon's headers; returns the printed values. */
function inC(format: string, ...expressions: string[]): string {
  return runWithNeon(`printf("${format}", ${expressions.join(', ')});`);
}

/** Runs C statements in a program that includes neon's headers; returns the output. */
function runWithNeon(statements: string): string {
  const { include, defines, library, rpath } = neon();
  const headers = ['stdio.h', 'ne_session.h', 'ne_request.h', 'ne_utils.h'].map((name) => `#include <${name}>\n`);
  return runC(`${headers.join('')}int main(void) { ${statements} return 0; }\n`, [
    `-isystem${include}`,
    ...defines,
    library,
    ...(rpath === undefined ? [] : [`-Wl,-rpath,${rpath}`]),
  ]);
}

/** The neon that `npm run test:matrix` loads. C programs are compiled against the installed neon. */
const another = process.env['LIBNEON_TEST_MATRIX'];
const describeInC = another === undefined ? describeWith : describeSkipped;

function describeSkipped(_: string, name: string): void {
  test.skip(`${name} (skipped: the loaded neon, ${another}, is not the installed one)`, () => {});
}

describeInC('cc', 'results as in C', () => {
  test('returns the string of ne_version_string', () => {
    expect(ne.ne_version_string()).toBe(inC('%s', 'ne_version_string()'));
  });

  test('returns the results of ne_version_match', () => {
    const versions = [
      [0, 0],
      [0, 24],
      [0, 26],
      [0, 27],
      [0, 29],
      [0, 31],
      [0, 32],
      [0, 33],
      [0, 37],
      [0, 38],
      [0, 99],
      [1, 0],
      [1, 32],
    ] as const;
    const calls = versions.map(([major, minor]) => `ne_version_match(${major}, ${minor}) != 0`);
    const expected = inC(calls.map(() => '%d').join(' '), ...calls)
      .split(' ')
      .map(Number);
    expect(versions.map(([major, minor]) => (ne.ne_version_match(major, minor) === 0 ? 0 : 1))).toEqual(expected);
  });

  test('returns the results of ne_has_support', () => {
    const codes = [...Array.from({ length: 20 }, (_, i) => i), -1, 1000, 2 ** 31 - 1];
    const calls = codes.map((code) => `ne_has_support(${code}) != 0`);
    const expected = inC(calls.map(() => '%d').join(' '), ...calls)
      .split(' ')
      .map(Number);
    expect(codes.map((code) => (ne.ne_has_support(code) === 0 ? 0 : 1))).toEqual(expected);
  });

  test('writes the log that C writes', () => {
    const expected = runWithNeon(`
      ne_debug_init(stdout, NE_DBG_HTTP | NE_DBG_FLUSH);
      ne_session *sess = ne_session_create("http", "example.com", 80);
      ne_request_destroy(ne_request_create(sess, "GET", "/"));
      ne_debug(NE_DBG_HTTP, "%s: %d\\n", "own", 42);
      ne_debug(NE_DBG_XML, "not this\\n");
      ne_session_destroy(sess);`);
    const log = logged(ne.NE_DBG_HTTP | ne.NE_DBG_FLUSH, () => {
      const session = ne.ne_session_create('http', 'example.com', 80);
      ne.ne_request_destroy(ne.ne_request_create(session, 'GET', '/'));
      ne.ne_debug(ne.NE_DBG_HTTP, '%s: %d\n', 'own', 42);
      ne.ne_debug(ne.NE_DBG_XML, 'not this\n');
      ne.ne_session_destroy(session);
    });
    expect(log).toContain('own: 42\n');
    expect(log).toBe(expected);
  });
});

test('returns 0 from ne_version_match for a compatible version', () => {
  expect([ne.ne_version_match(0, 32), ne.ne_version_match(1, 0), ne.ne_version_match(0, 1000)]).toEqual([
    0,
    expect.any(Number),
    expect.any(Number),
  ]);
  expect(ne.ne_version_match(1, 0)).not.toBe(0);
  expect(ne.ne_version_match(0, 1000)).not.toBe(0);
});

test('returns the version from ne_version_library, or needs a newer neon', () => {
  const loaded = /^(neon (\S+)):/.exec(ne.ne_version_string())!;
  const attempt = (): unknown => {
    try {
      return ne.ne_version_library();
    } catch (error) {
      const { name, code, message } = error as Error & { code: string };
      return { name, code, message };
    }
  };
  const refusal = {
    name: 'NeonError',
    code: 'ERR_NEON_UNSUPPORTED',
    message: `ne_version_library needs neon 0.37.0; the loaded library is ${loaded[1]}`,
  };
  expect(attempt()).toEqual(features.functions['ne_version_library'] ? loaded[2] : refusal);
  expect(features.functions['ne_version_library']).toBe(Number(loaded[2]!.split('.')[1]) >= 37);
});

describe('ne_parse_statusline', () => {
  test.each([
    ['HTTP/1.1 200 OK', 1, 1, 200, 2, 'OK'],
    ['HTTP/1.0 404 Not Found', 1, 0, 404, 4, 'Not Found'],
    ['HTTP/1.1 100 ', 1, 1, 100, 1, ''],
    ['HTTP/2.0 599 x y  z', 2, 0, 599, 5, 'x y  z'],
    ['HTTP/1.1 200 \u00e4\u20ac', 1, 1, 200, 2, '\u00e4\u20ac'],
    [`HTTP/1.1 200 ${'x'.repeat(1_000_000)}`, 1, 1, 200, 2, 'x'.repeat(1_000_000)],
    ['HTTP/1.1 200 a\x01b', 1, 1, 200, 2, neonSince(34) ? 'a' : 'a b'],
  ])('parses %.40j', (line, major_version, minor_version, code, klass, reason) => {
    const status = { klass: 0, more: 'stays' };
    expect(ne.ne_parse_statusline(line, status)).toBe(0);
    // C replaces every byte outside printable ASCII in a reason phrase.
    const reason_phrase = reason.replaceAll(/[^\x20-\x7e]/g, (c) => ' '.repeat(Buffer.byteLength(c)));
    expect(status).toEqual({ major_version, minor_version, code, klass, reason_phrase, more: 'stays' });
  });

  test.each([
    '',
    'HTTP',
    'HTTP/',
    'HTTP/1',
    'HTTP/1.',
    'HTTP/1.1',
    'HTTP/1.1 ',
    'HTTP/1.1 20',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 20x OK',
    'HTTP/a.b 200 OK',
    'HTTP 200 OK',
    'HTTP/1.1\t200 OK',
    'ICY 200 OK',
    'http/1.1 200 OK',
    '\u00e4\u20ac',
    'x'.repeat(1_000_000),
  ])('returns -1 for %.40j and fills nothing', (line) => {
    const status = { major_version: 9, minor_version: 9, code: 9, klass: 9, reason_phrase: 'before' };
    expect(ne.ne_parse_statusline(line, status)).toBe(-1);
    expect(status).toEqual({ major_version: 9, minor_version: 9, code: 9, klass: 9, reason_phrase: 'before' });
  });

  test('survives versions of many digits', () => {
    const line = `HTTP/${'9'.repeat(1000)}.${'9'.repeat(1000)} 200 OK`;
    expect([0, -1]).toContain(ne.ne_parse_statusline(line, {}));
  });
});

describe('the debugging log', () => {
  afterEach(() => ne.ne_debug_init(null, 0));

  test('contains the text that is written to its channels', () => {
    const log = logged(ne.NE_DBG_XML | ne.NE_DBG_LOCKS, () => {
      ne.ne_debug(ne.NE_DBG_XML, 'one %s %d%%\n', 'gr\u00fcn', 1);
      ne.ne_debug(ne.NE_DBG_LOCKS | ne.NE_DBG_SSL, '%s%n'.slice(0, 2), '%s%n\n');
      ne.ne_debug(ne.NE_DBG_SSL, 'not this\n');
      ne.ne_debug(0, 'nor this\n');
    });
    expect(log).toBe('one gr\u00fcn 1%\n%s%n\n');
  });

  test('ends with null and any mask', () => {
    const end = beginLog(ne.NE_DBG_XML);
    ne.ne_debug(ne.NE_DBG_XML, 'this\n');
    ne.ne_debug_init(null, ne.NE_DBG_XML);
    ne.ne_debug(ne.NE_DBG_XML, 'not this\n');
    ne.ne_session_destroy(ne.ne_session_create('http', 'example.com', 80));
    const [log, file] = end();
    expect(log).toBe('this\n');
    expect(openFiles().filter((name) => name.startsWith(file))).toEqual([]);
  });

  test('continues in another file', () => {
    const endFirst = beginLog(ne.NE_DBG_XML);
    ne.ne_debug(ne.NE_DBG_XML, 'first\n');
    const endSecond = beginLog(ne.NE_DBG_LOCKS);
    ne.ne_debug(ne.NE_DBG_XML | ne.NE_DBG_LOCKS, 'second\n');
    expect([endSecond()[0], endFirst()[0]]).toEqual(['second\n', 'first\n']);
  });

  test('uses one descriptor of its own, even if it is opened repeatedly', () => {
    logged(ne.NE_DBG_XML, () => {});
    const before = openFiles().length;
    for (let i = 0; i < 100; i++)
      expect(logged(ne.NE_DBG_XML, () => ne.ne_debug(ne.NE_DBG_XML, `text ${i}`))).toBe(`text ${i}`);
    expect(openFiles().length).toBe(before);
  });

  test('rejects a descriptor that is not open for writing', () => {
    const folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'libneon-log-'));
    try {
      const name = path.join(folder, 'log');
      closeSync(openSync(name, 'w'));
      const readOnly = openSync(name, 'r');
      expect(() => ne.ne_debug_init(readOnly, ne.NE_DBG_XML)).toThrow(coded('EBADF', 'NeonError'));
      closeSync(readOnly);
      expect(() => ne.ne_debug_init(readOnly, ne.NE_DBG_XML)).toThrow(coded('EBADF', 'NeonError'));
      expect(() => ne.ne_debug_init(2 ** 31 - 1, ne.NE_DBG_XML)).toThrow(coded('EBADF', 'NeonError'));
      ne.ne_debug(ne.NE_DBG_XML, 'nowhere\n');
      expect(readFileSync(name, 'utf8')).toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('rejects formats that do not match their values, with any mask', () => {
    expect(() => ne.ne_debug(ne.NE_DBG_XML, '%s')).toThrow(wrongValue);
    expect(() => ne.ne_debug(ne.NE_DBG_XML, '%n', 1)).toThrow(wrongValue);
    expect(() => ne.ne_debug(ne.NE_DBG_XML, 'a\0b')).toThrow(wrongValue);
  });

  const channels = ne.NE_DBG_SOCKET | ne.NE_DBG_HTTP | ne.NE_DBG_HTTPBODY | ne.NE_DBG_FLUSH;

  test.each(surfaces)('leaves requests unchanged with $surface', async ({ io }) => {
    const server = await serve(answering());
    const end = beginLog(channels);
    expect(await fetchBody(io, sessionWith(server), 'GET', '/')).toBe('hello');
    ne.ne_debug(ne.NE_DBG_HTTP, 'and that was all\n');
    expect(end()[0]).toMatch(/and that was all\n$/);
  });

  test('refuses to begin or end while a promise is pending, even of an aborted call', async () => {
    const server = await serve({ connections: [stalling()], rest: 'repeat-last' });
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    const abort = new AbortController();
    const pending = promises.ne_request_dispatch(request, { signal: abort.signal });
    const busy = neonError('ERR_NEON_BUSY');
    expect(() => ne.ne_debug_init(2, 0)).toThrow(busy);
    expect(() => ne.ne_debug_init(null, 0)).toThrow(busy);
    ne.ne_debug(ne.NE_DBG_XML, 'this is no harm\n');
    abort.abort();
    await expect(pending).rejects.toThrow();
    await promises.ne_close_connection(session); // waits until the aborted call has left C
    ne.ne_debug_init(null, 0);
  });

  test('refuses to end while a body of the classes is read', async () => {
    const server = await serve(answering(`HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n${'x'.repeat(1_000_000)}`));
    const session = new Session('http', '127.0.0.1', server.port);
    const response = await session.request('GET', '/');
    expect(() => ne.ne_debug_init(null, 0)).toThrow(neonError('ERR_NEON_BUSY'));
    response.body.destroy();
    await session.close();
    await eventually(() => ne.ne_debug_init(null, 0)); // until the thread has reported the destruction of the body
  });

  test('refuses to end while a worker is in a blocking call', async () => {
    const server = await serve({ connections: [stalling()], rest: 'repeat-last' });
    const script = `
      const { parentPort, workerData } = require('node:worker_threads');
      const ne = require(workerData.library);
      const session = ne.ne_session_create('http', '127.0.0.1', workerData.port);
      const request = ne.ne_request_create(session, 'GET', '/');
      let idle = 'idle';
      try { ne.ne_debug_init(null, 0); } catch (error) { idle = error.code; }
      parentPort.postMessage(idle);
      ne.ne_request_dispatch(request);`;
    const library = path.join(projectRoot, 'dist', 'lib', 'ne', 'index.js');
    const worker = new Worker(script, { eval: true, workerData: { library, port: server.port } });
    expect(await once(worker, 'message')).toEqual(['idle']);
    await server.waitForConnections(1);
    expect(() => ne.ne_debug_init(null, 0)).toThrow(neonError('ERR_NEON_BUSY'));
    await worker.terminate();
    await eventually(() => ne.ne_debug_init(null, 0)); // until the worker's thread has left C
  });
});

/** Repeats an action until it does not throw. */
async function eventually(action: () => void): Promise<void> {
  for (let i = 0; ; i++) {
    try {
      return action();
    } catch (error) {
      if (i === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Starts a log in a new file. The returned function ends the log and returns its text and the file's name. */
function beginLog(mask: number): () => [text: string, name: string] {
  const folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'libneon-log-'));
  const name = path.join(folder, 'log');
  const fd = openSync(name, 'w');
  ne.ne_debug_init(fd, mask);
  closeSync(fd); // the log uses a duplicate
  return () => {
    ne.ne_debug_init(null, 0);
    const text = readFileSync(name, 'utf8');
    rmSync(folder, { recursive: true });
    return [text, name];
  };
}

/** The log of a call. */
function logged(mask: number, run: () => void): string {
  const end = beginLog(mask);
  try {
    run();
  } finally {
    ne.ne_debug_init(null, 0);
  }
  return end()[0];
}

/** The file behind each descriptor of this process. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // the descriptor of the listing itself
    }
  });
}

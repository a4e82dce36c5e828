/** signals.js CASE …: checks that the main thread handles signals while the addon's threads wait or work. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as libneon from '../../../lib/index.js';
// Static imports must not load the package, because the tests compare the process before and after the load.
import { report, reportEnding, times, until } from './tools.js';

const SIGPIPE = 13;

const cases = {
  /** A handler from before the load still works. A handler that is installed afterwards works, too. */
  async sigpipe(port: string): Promise<void> {
    const seen: string[] = [];
    process.on('SIGPIPE', () => seen.push('before'));
    const masks = signalMasks('/proc/self/status');
    const { Session } = await load();
    assert.deepEqual(signalMasks('/proc/self/status'), masks);
    assert.equal((masks.SigCgt >> BigInt(SIGPIPE - 1)) & 1n, 1n);
    process.kill(process.pid, 'SIGPIPE');
    await until(
      () => seen.length === 1,
      1000,
      () => 'the handler did not run',
    );

    process.on('SIGPIPE', () => seen.push('after'));
    using session = new Session('http', '127.0.0.1', Number(port));
    assert.equal(session.requestSync('GET', '/').textSync(), 'hello\n');
    assert.equal(await (await session.request('GET', '/')).text(), 'hello\n');
    process.kill(process.pid, 'SIGPIPE');
    await until(
      () => seen.length === 3,
      1000,
      () => 'a handler did not run',
    );
    assert.deepEqual(seen, ['before', 'before', 'after']);
    report({ seen });
  },

  /** If the program has no signal handlers, the load does not change Node's signal settings. */
  async dispositions(): Promise<void> {
    const masks = signalMasks('/proc/self/status');
    await load();
    assert.deepEqual(signalMasks('/proc/self/status'), masks);
    report({ unchanged: true });
  },

  /** A handler runs while 100 threads of the addon wait. All of these threads block every signal. */
  async handler(portsText: string): Promise<void> {
    const before = new Set(readdirSync('/proc/self/task'));
    const { block, portsFrom } = await import('./blocked.js');
    await block('response', 100, portsFrom(portsText));
    const added = readdirSync('/proc/self/task').filter((thread) => !before.has(thread));
    const deaf = added.filter((thread) => blocksAll(`/proc/self/task/${thread}/status`));
    assert(deaf.length >= 100, `${deaf.length} of ${added.length} new threads block all signals`);

    for (const signal of ['SIGUSR2', 'SIGINT', 'SIGTERM'] as const) {
      const seen = once(process, signal);
      const start = performance.now();
      process.kill(process.pid, signal);
      await seen;
      assert(performance.now() - start < 200);
    }
    reportEnding();
    process.exit(0);
  },

  /** Frequent signals do not disturb handshakes, requests or blocking calls. */
  async storm(portText: string, ca: string): Promise<void> {
    const { Session } = await load();
    const port = Number(portText);
    const tls = { ca: readFileSync(ca), trustDefaultCA: false };
    let seen = 0;
    process.on('SIGUSR2', () => seen++);
    let over = false;
    const storm = (async () => {
      for (let sent = 0; !over || sent < 1000; sent++) {
        process.kill(process.pid, 'SIGUSR2');
        if (sent % 10 === 0) await sleep(1);
      }
    })();
    await Promise.all(
      times(40, async () => {
        using session = new Session('https', 'localhost', port, { tls });
        assert.equal(await (await session.request('GET', '/')).text(), 'hello\n');
      }),
    );
    using session = new Session('https', 'localhost', port, { tls });
    assert.equal(session.requestSync('GET', '/').textSync(), 'hello\n');
    over = true;
    await storm;
    assert(seen > 0);
    report({ seen });
  },
} satisfies Record<string, (...args: string[]) => Promise<void>>;

const [, , name, ...args] = process.argv;
void (cases as Record<string, (...args: string[]) => Promise<void>>)[name!]!(...args);

function load(): Promise<typeof libneon> {
  return import('../../../lib/index.js');
}

function signalMasks(file: string): { SigIgn: bigint; SigCgt: bigint; SigBlk: bigint } {
  const text = readFileSync(file, 'utf8');
  const mask = (name: string): bigint => BigInt(`0x${new RegExp(`^${name}:\\s*(\\w+)`, 'm').exec(text)![1]!}`);
  return { SigIgn: mask('SigIgn'), SigCgt: mask('SigCgt'), SigBlk: mask('SigBlk') };
}

/** Whether all signals from SIGHUP (1) to SIGSYS (31) are blocked. Ignores the signals that cannot be blocked. */
function blocksAll(file: string): boolean {
  const never = new Set([9, 19]); // SIGKILL, SIGSTOP
  const { SigBlk } = signalMasks(file);
  return times(31, (index) => index + 1).every((signal) => never.has(signal) || (SigBlk >> BigInt(signal - 1)) & 1n);
}

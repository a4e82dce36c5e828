/** Tests that a process survives when V8 terminates JavaScript inside a getter, a setter or a destroy hook. */
import { runNode } from '../support/child.js';

/** A getter or setter that does not return. */
const forever = '() => { for (;;); }';
const getter = (name: string): string => `Object.defineProperty({}, '${name}', { get: ${forever}, set() {} })`;
const setter = (name: string, value: string): string =>
  `Object.defineProperty({}, '${name}', { get: () => '${value}', set: ${forever} })`;

const calls: readonly [what: string, call: string][] = [
  ['a field of a lock', `ne.ne_lock_copy(${getter('uri')})`],
  ['a field of a URI', `ne.ne_uri_unparse(${getter('scheme')})`],
  ['an entry of a list', `ne.ne_xml_mapid(Object.defineProperty([], '0', { get: ${forever} }), 'a', 'b')`],
  ['a field of an entry', `ne.ne_xml_mapid([${getter('nspace')}], 'a', 'b')`],
  ['a result', `ne.ne_token(${setter('value', 'a,b')}, ',')`],
  ['a text to read', `ne.ne_token(${getter('value')}, ',')`],
];

test.each(calls)('survives a timeout of node:vm inside the accessor of %s', async (_, call) => {
  const program = `
    import { runInNewContext } from 'node:vm';
    import * as ne from 'libneon/ne';
    try {
      runInNewContext(${JSON.stringify(call)}, { ne }, { timeout: 50 });
    } catch (error) {
      console.log(error.code);
    }`;
  expect(await runNode(['--input-type=module', '-e', program])).toEqual({
    stdout: 'ERR_SCRIPT_EXECUTION_TIMEOUT\n',
    stderr: '',
    exit: 0,
  });
});

const lastHook = `
  const session = ne.ne_session_create('http', 'localhost', 80);
  ne.ne_hook_destroy_session(session, ${forever});
  ne.ne_session_destroy(session);`;

test('survives a timeout of node:vm inside a hook of ne_session_destroy', async () => {
  const program = `
    import { runInNewContext } from 'node:vm';
    import * as ne from 'libneon/ne';
    try {
      runInNewContext(${JSON.stringify(`{${lastHook}}`)}, { ne }, { timeout: 50 });
    } catch (error) {
      console.log(error.code);
    }`;
  const stdout = 'ERR_SCRIPT_EXECUTION_TIMEOUT\n';
  expect(await runNode(['--input-type=module', '-e', program])).toEqual({ stdout, stderr: '', exit: 0 });
});

test.each([
  ['a getter', `ne.ne_lock_copy(${getter('uri')});`],
  ['a hook of ne_session_destroy', lastHook],
])('survives the termination of a worker inside %s', async (_, call) => {
  const program = `
    import { Worker } from 'node:worker_threads';
    const code = ${JSON.stringify(`
      const ne = require('libneon/ne');
      const { parentPort } = require('node:worker_threads');
      parentPort.postMessage('inside');
      ${call}`)};
    const worker = new Worker(code, { eval: true, execArgv: [] });
    worker.once('message', () => setTimeout(() => worker.terminate().then(console.log), 100));`;
  expect(await runNode(['--input-type=module', '-e', program])).toEqual({ stdout: '1\n', stderr: '', exit: 0 });
});

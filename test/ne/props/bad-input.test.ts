/** Bad arguments to the functions of ne_props.h. */
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { rawServer, response } from '../../servers/raw.js';
import {
  all,
  type Argument,
  callback,
  callbackOrNull,
  handle,
  integer,
  line,
  optional,
  sess,
  show,
} from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';
import { outOfRange, wrongType, wrongValue } from '../../support/expect.js';
import { newSession } from '../../support/handles.js';
import { answering, sessionWith } from '../../support/servers.js';

const depth = integer('depth', 0, 0, 2);
const propfind = handle('handler', 'ne_propfind_handler', ne.ne_propfind_destroy);
const noPropname: unknown[] = [undefined, null, 0, 'text', {}, [], { name: 1 }, { nspace: 1, name: 'x' }];
const propname: Argument = {
  name: 'propname',
  good: () => ({ nspace: 'DAV:', name: 'getetag' }),
  bad: () => [
    ...all(wrongType, noPropname),
    ['a name with a null', { name: 'a\0' }, wrongValue],
    ['a namespace with a null', { nspace: '\0', name: 'a' }, wrongValue],
  ],
};
/** Names and namespaces that would break the markup of the request. `around` builds an argument from a name. */
const noMarkup = (around: (name: ne.ne_propname) => unknown): [string, unknown, Error][] => [
  ...['', ' ', 'a b', 'a/', '1', '-a', 'p:a', ':', '<', '!--', 'a>', 'a b="c"', '\u0001', '\ufffe', 'a\0'].map(
    (name): [string, unknown, Error] => [`the name ${show(name)}`, around({ name }), wrongValue],
  ),
  ...['"', '" a="', '<', '&', '&nbsp;', '\u0001', '\0'].map((nspace): [string, unknown, Error] => [
    `the namespace ${show(nspace)}`,
    around({ nspace, name: 'a' }),
    wrongValue,
  ]),
];
const propnames = (name: string): Argument => ({
  name,
  good: () => [{ nspace: 'DAV:', name: 'getetag' }, { name: 'x' }],
  bad: () => [
    ...all(wrongType, [0, 'text', {}, new Set(), ...noPropname.map((entry) => [entry])]),
    ...noMarkup((entry) => [{ name: 'good' }, entry]),
  ],
});
const ops: Argument = {
  name: 'ops',
  good: () => [{ name: { name: 'x' }, type: ne.ne_propset, value: '<y/>' }],
  bad: () => [
    ...all(wrongType, [undefined, null, 0, 'text', {}, [undefined], ['text'], [{}], [{ name: { name: 'x' } }]]),
    ...all(wrongType, [[{ name: { name: 'x' }, value: 1 }], [{ name: { name: 'x' }, type: 'set', value: '' }]]),
    ['no type of C', [{ name: { name: 'x' }, type: 2, value: '' }], outOfRange],
    ...noMarkup((name) => [{ name, type: ne.ne_propremove }]),
    ...['<', '<a>', '</x>', '</x><x>', '&', '&nbsp;', ']]>', '\u0001', '\0', '<p:a/>'].map(
      (value): [string, unknown, Error] => [`the value ${show(value)}`, [{ name: { name: 'x' }, value }], wrongValue],
    ),
  ],
};
const required = (argument: Argument): Argument => ({
  ...argument,
  bad: (good) => [...argument.bad(good), ...all(wrongType, [undefined, null])],
});
/** A result set that stays valid for all tests of a function. The callback's promise settles after the last test. */
const lent: { set?: ne.ne_prop_result_set } = {};
function lendResults(): void {
  const document =
    '<multistatus xmlns="DAV:"><response><href>/</href><propstat><prop><x/></prop></propstat></response></multistatus>';
  const headers = { 'Content-Type': 'application/xml' };
  let end = async (): Promise<void> => {};
  beforeAll(async () => {
    const server = await rawServer(answering(response(document, { status: '207 Multi-Status', headers })));
    const session = sessionWith(server);
    await new Promise<void>((lend, reject) => {
      const call = promises.ne_simple_propfind(session, '/', 0, null, (_, results) => {
        lent.set = results;
        lend();
        return new Promise((answer) => {
          end = async () => {
            answer();
            await call;
            await server.stop();
          };
        });
      });
      call.catch(reject);
    });
  });
  afterAll(() => end());
}
const set: Argument = {
  name: 'set',
  prepare: lendResults,
  good: () => lent.set,
  bad: () => all(wrongType, [undefined, null, 0, 'text', {}, [], newSession(), ne.ne_xml_create()]),
};

testBadInput('props', {
  ne_simple_propfind: [sess, line('path', '/'), depth, optional(propnames('props')), callback('results')],
  ne_propnames: [sess, line('path', '/'), depth, callback('results')],
  ne_proppatch: [sess, line('path', '/'), ops],
  ne_propfind_create: [sess, line('path', '/'), depth],
  ne_propfind_get_parser: [propfind],
  ne_propfind_get_request: [propfind],
  ne_propfind_set_private: [propfind, callbackOrNull('creator'), callbackOrNull('destructor')],
  ne_propfind_current_private: [propfind],
  ne_propfind_allprop: [propfind, callback('result')],
  ne_propfind_named: [propfind, required(propnames('names')), callback('result')],
  ne_propfind_destroy: [propfind],
  ne_propset_value: [set, propname],
  ne_propset_status: [set, propname],
  ne_propset_lang: [set, propname],
  ne_propset_private: [set],
  ne_propset_iterate: [set, callback('iterator')],
});

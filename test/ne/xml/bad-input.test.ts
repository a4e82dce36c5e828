/** What the functions of ne_xml.h, ne_xmlreq.h and ne_207.h do with arguments that are none. */
import * as ne from 'libneon/ne';
import {
  all,
  type Argument,
  bytes,
  callback,
  callbackOrNull,
  fragments,
  handle,
  integer,
  noBytes,
  noObjects,
  req,
  sess,
  status,
  text,
} from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';
import { outOfRange, result, wrongType, wrongValue } from '../../support/expect.js';

const p: Argument = {
  ...handle('p', 'ne_xml_parser', ne.ne_xml_destroy),
  untouched: (parser: ne.ne_xml_parser) => {
    expect(ne.ne_xml_get_error(parser)).toBe('Unknown error');
    expect(ne.ne_xml_parse(parser, '<a/>')).toBe(0);
    expect(result(() => ne.ne_xml_destroy(parser))).toBeUndefined();
  },
};
const parser = handle('parser', 'ne_xml_parser', ne.ne_xml_destroy);
const multistatus = handle('p', 'ne_207_parser', ne.ne_207_destroy);
const tellers = [multistatus, callbackOrNull('start'), callbackOrNull('end')];
const idmap: Argument = {
  name: 'map',
  good: () => [{ nspace: 'DAV:', name: 'prop', id: 1 }],
  bad: () => [
    ...all(wrongType, [
      undefined,
      null,
      0,
      'text',
      {},
      [undefined],
      [null],
      ['text'],
      [{}],
      [{ nspace: '', name: '' }],
    ]),
    ['a name with a null', [{ nspace: '', name: '\0', id: 1 }], wrongValue],
    ['a number that is no int', [{ nspace: '', name: '', id: 2 ** 31 }], outOfRange],
  ],
};
const attrs: Argument = {
  name: 'attrs',
  good: () => ['name', 'value'],
  bad: () => [
    ...all(wrongType, [undefined, null, 0, 'text', {}, [1, 'value'], ['name', null]]),
    ['half a pair', ['name'], wrongValue],
    ['a null', ['name', '\0'], wrongValue],
  ],
};
const base: Argument = {
  name: 'base',
  good: () => ({ path: '/' }),
  bad: () => [
    ...all(wrongType, [
      ...noObjects,
      {},
      { path: null },
      { path: 1 },
      { path: '/', host: 1 },
      { path: '/', port: '1' },
    ]),
    ['a path with a null', { path: '/\0' }, wrongValue],
    ['a port that is none', { path: '/', port: 65536 }, outOfRange],
  ],
};
const block: Argument = { ...bytes('block'), bad: () => all(wrongType, noBytes.slice(2)), optional: true };

testBadInput('xml', {
  ne_accept_207: [req, status],
  ne_xml_create: [],
  ne_xml_push_handler: [p, callback('startelm'), callbackOrNull('cdata'), callbackOrNull('endelm')],
  ne_xml_failed: [p],
  ne_xml_set_error: [p, text('msg', 'text')],
  ne_xml_get_error: [p],
  ne_xml_parse: [p, block],
  ne_xml_parse_v: [p, block],
  ne_xml_currentline: [p],
  ne_xml_doc_encoding: [p],
  ne_xml_set_encoding: [p, text('encoding', 'UTF-8')],
  ne_xml_get_attr: [p, attrs, { ...text('nspace', 'DAV:'), bad: () => fragments, optional: true }, text('name', 'x')],
  ne_xml_resolve_nspace: [p, { ...text('prefix', 'D'), bad: () => fragments, optional: true }],
  ne_xml_destroy: [p],
  ne_xml_mapid: [idmap, text('nspace', 'DAV:'), text('name', 'prop')],
  ne_xml_parse_response: [req, parser],
  ne_xml_dispatch_request: [req, parser],
  ne_xml_dispatchif_request: [req, parser, callback('acpt')],
  ne_207_create: [parser, base],
  ne_207_set_flags: [multistatus, integer('flags', 0, 0, 2 ** 32 - 1)],
  ne_207_set_response_handlers: tellers,
  ne_207_set_propstat_handlers: tellers,
  ne_207_get_current_response: [multistatus],
  ne_207_get_current_propstat: [multistatus],
  ne_207_destroy: [multistatus],
  ne_simple_request: [sess, req],
});

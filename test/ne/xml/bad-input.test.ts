/** Bad arguments to the functions of ne_xml.h. */
import * as ne from 'libneon/ne';
import {
  all,
  type Argument,
  bytes,
  callback,
  callbackOrNull,
  fragments,
  handle,
  notBytes,
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
const block: Argument = { ...bytes('block'), bad: () => all(wrongType, notBytes.slice(2)), optional: true };

testBadInput('xml', {
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
});

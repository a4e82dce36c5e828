/** The twin of xml.c. */
import * as ne from 'libneon/ne';
import { playTwin, sayNumber, sayText } from './twin.js';

playTwin(async (_, __, [size = '1', document = '']) => {
  const p = ne.ne_xml_create();
  ne.ne_xml_push_handler(
    p,
    (parent, nspace, name, atts) => {
      sayNumber('start', parent);
      sayText('nspace', nspace);
      sayText('name', name);
      for (const text of atts) sayText('att', text);
      sayText('b', ne.ne_xml_get_attr(p, atts, null, 'b'));
      sayText('u:b', ne.ne_xml_get_attr(p, atts, 'u', 'b'));
      sayText('p', ne.ne_xml_resolve_nspace(p, 'p'));
      sayText('default', ne.ne_xml_resolve_nspace(p, null));
      if (name.startsWith('abort')) {
        ne.ne_xml_set_error(p, 'aborted');
        return -3;
      }
      return name.startsWith('skip') ? ne.NE_XML_DECLINE : parent + 1;
    },
    (state, text) => {
      sayNumber('text', state);
      sayText('cdata', text);
      return text.endsWith('!') ? 5 : 0;
    },
    (state, nspace, name) => {
      sayNumber('end', state);
      sayText('nspace', nspace);
      sayText('name', name);
    },
  );
  ne.ne_xml_push_handler(
    p,
    (parent, _nspace, name) => {
      sayNumber('second', parent);
      return name === 'skip-not' ? 100 : ne.NE_XML_DECLINE;
    },
    null,
    null,
  );
  const bytes = Buffer.from(document);
  for (let at = 0; at < bytes.length; at += Number(size))
    sayNumber('parse', ne.ne_xml_parse(p, bytes.subarray(at, at + Number(size))));
  sayNumber('last', ne.ne_xml_parse(p, null));
  sayNumber('failed', ne.ne_xml_failed(p));
  sayText('error', ne.ne_xml_get_error(p));
  sayNumber('line', ne.ne_xml_currentline(p));
  sayText('encoding', ne.ne_xml_doc_encoding(p));
  ne.ne_xml_destroy(p);
  return Promise.resolve();
});

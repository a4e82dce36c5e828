/** Implements the twin of xml.c. */
import * as ne from 'libneon/ne';
import { runMain, printNumber, printText } from './twin.js';

runMain(async (_, __, [size = '1', document = '']) => {
  const p = ne.ne_xml_create();
  ne.ne_xml_push_handler(
    p,
    (parent, nspace, name, atts) => {
      printNumber('start', parent);
      printText('nspace', nspace);
      printText('name', name);
      for (const text of atts) printText('att', text);
      printText('b', ne.ne_xml_get_attr(p, atts, null, 'b'));
      printText('u:b', ne.ne_xml_get_attr(p, atts, 'u', 'b'));
      printText('p', ne.ne_xml_resolve_nspace(p, 'p'));
      printText('default', ne.ne_xml_resolve_nspace(p, null));
      if (name.startsWith('abort')) {
        ne.ne_xml_set_error(p, 'aborted');
        return -3;
      }
      return name.startsWith('skip') ? ne.NE_XML_DECLINE : parent + 1;
    },
    (state, text) => {
      printNumber('text', state);
      printText('cdata', text);
      return text.endsWith('!') ? 5 : 0;
    },
    (state, nspace, name) => {
      printNumber('end', state);
      printText('nspace', nspace);
      printText('name', name);
    },
  );
  ne.ne_xml_push_handler(
    p,
    (parent, _nspace, name) => {
      printNumber('second', parent);
      return name === 'skip-not' ? 100 : ne.NE_XML_DECLINE;
    },
    null,
    null,
  );
  const bytes = Buffer.from(document);
  for (let at = 0; at < bytes.length; at += Number(size))
    printNumber('parse', ne.ne_xml_parse(p, bytes.subarray(at, at + Number(size))));
  printNumber('last', ne.ne_xml_parse(p, null));
  printNumber('failed', ne.ne_xml_failed(p));
  printText('error', ne.ne_xml_get_error(p));
  printNumber('line', ne.ne_xml_currentline(p));
  printText('encoding', ne.ne_xml_doc_encoding(p));
  ne.ne_xml_destroy(p);
  return Promise.resolve();
});

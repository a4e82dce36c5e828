/**
 * Helpers for the tests of ne_xml.h and other parts that parse XML: the events of a parser as lines, and hostile
 * documents.
 */
import * as ne from 'libneon/ne';

/**
 * Creates a parser that records all events. The parser accepts every element; the state of an element is the state of
 * its parent plus one.
 */
export function noting(): { parser: ne.ne_xml_parser; events: string[] } {
  const events: string[] = [];
  const parser = ne.ne_xml_create();
  ne.ne_xml_push_handler(
    parser,
    (parent, nspace, name, atts) => {
      events.push(`start ${parent} {${nspace}}${name}${atts.map((text) => ` ${JSON.stringify(text)}`).join('')}`);
      return parent + 1;
    },
    (state, text) => {
      // A text may arrive in several pieces, depending on the blocks of the document. This joins the pieces.
      const last = events.at(-1) ?? '';
      if (last.startsWith(`text ${state} `)) events[events.length - 1] = last + text;
      else events.push(`text ${state} ${text}`);
    },
    (state, nspace, name) => {
      events.push(`end ${state} {${nspace}}${name}`);
    },
  );
  return { parser, events };
}

/**
 * Parses a document in blocks of `size` bytes, and then signals the end. Returns the first result that is not 0, or 0
 * if there is none.
 */
export function parseAll(parser: ne.ne_xml_parser, document: string | Uint8Array, size = Infinity): number {
  const bytes = Buffer.from(document);
  for (let at = 0; at < bytes.length; at += size) {
    const result = ne.ne_xml_parse(parser, bytes.subarray(at, at + size));
    if (result !== 0) return result;
  }
  return ne.ne_xml_parse(parser, null);
}

const bomb = (levels: number): string => {
  const entities = Array.from({ length: levels }, (_, i) =>
    i === 0 ? '<!ENTITY e0 "lol">' : `<!ENTITY e${i} "${`&e${i - 1};`.repeat(10)}">`,
  );
  return `<!DOCTYPE a [${entities.join('')}]><a b="&e${levels - 1};">&e${levels - 1};</a>`;
};
/** Documents that are not XML, or that need too much memory. */
export const hostile: readonly [name: string, document: string | Uint8Array][] = [
  ['nothing', ''],
  ['white space', ' \n'],
  ['text', 'hello'],
  ['NUL bytes', Buffer.alloc(100)],
  ['no end', '<a><b/>'],
  ['the wrong end', '<a></b>'],
  ['two roots', '<a/><b/>'],
  ['trailing text', '<a/>b'],
  ['an attribute twice', '<a b="1" b="2"/>'],
  ['an attribute without quotes', '<a b=1/>'],
  ['< in an attribute', '<a b="<"/>'],
  ['an undeclared prefix', '<x:a/>'],
  ['an invalid prefix', '<a xmlns:1="u"/>'],
  ['an empty namespace', '<a xmlns:x=""/>'],
  ['an unknown entity', '<a>&nbsp;</a>'],
  ['an invalid character reference', '<a>&#0;</a>'],
  ['a control character', '<a>\x01</a>'],
  ['invalid UTF-8', Buffer.concat([Buffer.from('<a>'), Buffer.from([0xff, 0xfe, 0xc0]), Buffer.from('</a>')])],
  ['an unknown encoding', '<?xml version="1.0" encoding="x-unknown"?><a/>'],
  ['UTF-16 that is UTF-8', '<?xml version="1.0" encoding="UTF-16"?><a>\u00e4</a'],
  ['half a character', Buffer.from('\ufeff<a>', 'utf16le').subarray(0, -1)],
  ['an entity bomb', bomb(10)],
  ['an entity of itself', '<!DOCTYPE a [<!ENTITY e "&e;">]><a>&e;</a>'],
  ['an external entity', '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'],
  ['an endless comment', `<a><!-- ${'x'.repeat(100_000)}`],
  [']]> in text', '<a>]]></a>'],
];

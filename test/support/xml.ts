/** What an XML parser tells, as lines, for the tests of ne_xml.h and what is made on it. */
import * as ne from 'libneon/ne';

/** A parser that accepts every element with the state one more than its parent's, and notes all that it is told. */
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
      // In pieces of any size, depending on how the document came.
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

/** Parses a document in blocks of so many bytes, and its end; the result of the first call that fails, or 0. */
export function parseAll(parser: ne.ne_xml_parser, document: string | Uint8Array, size = Infinity): number {
  const bytes = Buffer.from(document);
  for (let at = 0; at < bytes.length; at += size) {
    const result = ne.ne_xml_parse(parser, bytes.subarray(at, at + size));
    if (result !== 0) return result;
  }
  return ne.ne_xml_parse(parser, null);
}

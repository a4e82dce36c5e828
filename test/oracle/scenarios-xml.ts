/** Lists scenarios with XML documents, and with responses that are multi-status documents. */
import { chunkedResponse, response } from '../servers/raw.js';
import { answers, type NamedScenario } from './scenario.js';

const documents: Record<string, string> = {
  'one element': '<a/>',
  'text and elements': '<a>one<b>two</b> three\r\n<c/></a>',
  attributes: '<a b="1" c=\'"2"\' d="&lt;&#65;&#x20AC;"/>',
  namespaces: '<a xmlns="d" xmlns:p="u"><p:a p:b="1" b="2"/><c xmlns=""><d/></c></a>',
  'CDATA, comments, instructions': '<?xml version="1.0"?>\n<!-- c --><a><![CDATA[<b>]]>&amp;<?p i?></a>\n',
  'an encoding': '<?xml version="1.0" encoding="UTF-8"?><a>\u00e4\u20ac</a>',
  'a document type': '<!DOCTYPE a [<!ELEMENT a ANY>]><a/>',
  'declined elements': '<a><skip>text<b/></skip><skip-not>x</skip-not><c/></a>',
  'an abort at a start': '<a>text<abort-it/>more</a>',
  'an abort in text': '<a>text!<b/></a>',
  'long text': `<a>${'0123456789'.repeat(60)}</a>`,
  'an empty document': '',
  'a text that is not XML': 'hello',
  'a missing end tag': '<a>\n<b/>\n',
  'a wrong end tag': '<a>\n<b>\n</a>',
  'two roots': '<a/><b/>',
  'an undeclared prefix': '<a><p:b/></a>',
  'an invalid declaration': '<a xmlns:p=""/>',
  'an invalid name': '<a xmlns:p="u"><p:1/></a>',
  'an unknown entity': '<a>&nbsp;</a>',
  'an entity bomb': '<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>',
  'an unknown encoding': '<?xml version="1.0" encoding="x-none"?><a/>',
};

const multistatus = (content: string): string =>
  `<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">${content}</D:multistatus>`;
const whole = multistatus(`
  <D:response><D:href> a%20b </D:href>
    <D:propstat><D:prop><D:getcontentlength>12</D:getcontentlength><x xmlns="u">\u00e4</x></D:prop>
      <D:status>HTTP/1.1 200 OK</D:status></D:propstat>
    <D:propstat><D:prop><y/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status>
      <D:responsedescription>none of it</D:responsedescription></D:propstat>
  </D:response>
  <D:response><D:href>/c?d</D:href><D:status>HTTP/1.1 423 Locked</D:status></D:response>
  <D:response><D:href>/base/</D:href></D:response>`);
const fine = multistatus('<D:response><D:href>/a</D:href><D:status>HTTP/1.1 200 OK</D:status></D:response>');
const noStatus = multistatus('<D:response><D:href>/a</D:href><D:status>fine</D:status></D:response>');
const headers = { 'Content-Type': 'application/xml; charset="utf-8"' };
const status = '207 Multi-Status';
const page = (text: string): string => response(text, { status, headers });

const responses: Record<string, string> = {
  'a 207': page(whole),
  'a 207 in chunks': chunkedResponse(whole.match(/[^]{1,50}/g) ?? [], headers).replace('200 OK', status),
  'a 207 without failures': page(fine),
  'a 207 that is not XML': page('hello'),
  'a truncated 207': page(whole.slice(0, 400)),
  'a 207 with an invalid status': page(noStatus),
  'a 207 of another type': response(whole, { status, headers: { 'Content-Type': 'text/plain' } }),
  'a 200 that is XML': response(whole, { headers }),
  'a 404': response('none', { status: '404 Not Found' }),
  'a 204': 'HTTP/1.1 204 No Content\r\n\r\n',
};
const ways = ['dispatch', 'pull', 'reader', 'simple'];

/** Every scenario of `xml` and `multistatus`. */
export const xml: readonly NamedScenario[] = [
  ...Object.entries(documents).flatMap(([about, document]) =>
    ['1', '7', '4096'].map((size) => ({
      twin: 'xml' as const,
      about: `${about}, in blocks of ${size}`,
      args: [size, document],
      server: { connections: [] },
    })),
  ),
  ...Object.entries(responses).flatMap(([about, text]) =>
    ways.map((way) => ({
      twin: 'multistatus' as const,
      about: `${about}, twice by ${way}`,
      args: [way, way],
      server: { connections: [answers(text, text)], rest: 'repeat-last' as const },
    })),
  ),
  { twin: 'multistatus', about: 'no server', args: ways, server: { connections: [] } },
];

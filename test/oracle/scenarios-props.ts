/** Lists scenarios with responses to PROPFIND and PROPPATCH. */
import { chunkedResponse, response } from '../servers/raw.js';
import { answers, type NamedScenario } from './scenario.js';

const multistatus = (content: string): string =>
  `<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">${content}</D:multistatus>`;
const resource = (href: string, content: string): string =>
  `<D:response><D:href>${href}</D:href>${content}</D:response>\n`;
const propstat = (properties: string, status = 'HTTP/1.1 200 OK'): string =>
  `<D:propstat><D:prop>${properties}</D:prop><D:status>${status}</D:status></D:propstat>`;

const type = '<D:resourcetype><D:collection/>\n<q xmlns="u">text<r/></q></D:resourcetype>';
const documents: Record<string, string> = {
  'several resources and propstats': multistatus(
    resource(
      '/base/',
      propstat(`<D:getcontentlength>12</D:getcontentlength>${type}<plain>\u00e4</plain>`) +
        propstat('<x xmlns="u">lost</x><D:getetag/>', 'HTTP/1.1 404 Not Found') +
        propstat('<D:creationdate/>', 'HTTP/1.0 403 '),
    ) +
      resource('a%20b?c', propstat('<x xmlns="u" xml:lang="de">gr\u00fc\u00df</x>')) +
      resource('http://other.example:81/d', propstat('<plain xml:lang="en"/>')) +
      resource('/base/none', propstat(type)),
  ),
  'no resource': multistatus(''),
  'no propstat': multistatus(resource('/base/', '<D:status>HTTP/1.1 404 Not Found</D:status>')),
  'no status': multistatus(resource('/base/', '<D:propstat><D:prop><plain>1</plain></D:prop></D:propstat>')),
  'a status first': multistatus(
    resource(
      '/base/',
      '<D:propstat><D:status>HTTP/1.1 500 Bad</D:status><D:prop><plain>1</plain></D:prop></D:propstat>',
    ),
  ),
  'nested values': multistatus(
    resource(
      '/base/',
      propstat(
        '<x xmlns="u" xmlns:p="v"> 1 <y p:a="&quot;2" b="3">4<p:z/></y>&lt;5&gt;<![CDATA[<6>]]></x><plain xmlns=""><a><b/></a></plain>',
      ),
    ),
  ),
  'a repeated property': multistatus(
    resource('/base/', propstat('<plain>1</plain><plain>2</plain>') + propstat('<plain/>', 'HTTP/1.1 409 Conflict')),
  ),
  'a value of 150,000 bytes': multistatus(
    resource('/base/', propstat(`<plain>${'0123456789'.repeat(15_000)}</plain>`)),
  ),
  'too many properties': multistatus(resource('/base/', propstat('<plain/>'.repeat(1100)))),
  'no href': multistatus(`<D:response>${propstat('<plain>1</plain>')}</D:response>`),
  'an invalid reference': multistatus(resource('http://[', propstat('<plain>1</plain>'))),
  'unknown elements': multistatus(
    resource('/base/', `<other><D:href>/evil</D:href></other>${propstat('<plain>1</plain>')}`),
  ),
  'an unknown entity': multistatus(resource('/base/', propstat('<plain>&nbsp;</plain>'))),
  'an undeclared prefix': multistatus(resource('/base/', propstat('<p:plain/>'))),
  'an invalid status': multistatus(resource('/base/', propstat('<plain>1</plain>', 'fine'))),
  'a body that is not XML': 'hello',
  'an empty body': '',
};
const whole = documents['several resources and propstats']!;

const status = '207 Multi-Status';
const page = (text: string, type = 'application/xml; charset="utf-8"'): string =>
  response(text, { status, headers: { 'Content-Type': type } });

const responses: Record<string, string> = {
  ...Object.fromEntries(Object.entries(documents).map(([about, text]) => [about, page(text)])),
  'a truncated document': page(whole.slice(0, 400)),
  'a document truncated in a tag': page(whole.slice(0, whole.indexOf('etag'))),
  'another type': page(whole, 'text/plain'),
  chunks: chunkedResponse(whole.match(/[^]{1,50}/g) ?? [], { 'Content-Type': 'text/xml' }).replace('200 OK', status),
  'a 200 that is XML': response(whole, { headers: { 'Content-Type': 'application/xml' } }),
  'a 204': 'HTTP/1.1 204 No Content\r\n\r\n',
  'a 404': response('none', { status: '404 Not Found' }),
  'a 405 without a body': response('', { status: '405 Method Not Allowed', headers: { Allow: 'GET' } }),
};

/** Every scenario of `props`. */
export const props: readonly NamedScenario[] = [
  ...Object.entries(responses).flatMap(([about, text]) =>
    ['1', 'all', 'names', 'patch', 'complex'].map((way) => ({
      twin: 'props' as const,
      about: `${about}, twice by ${way}`,
      args: [way, way],
      server: { connections: [answers(text, text)], rest: 'repeat-last' as const },
    })),
  ),
  ...['0', 'infinite', 'complex-all'].map((way) => ({
    twin: 'props' as const,
    about: `several resources and propstats, by ${way}`,
    args: [way],
    server: { connections: [answers(page(whole))] },
  })),
  {
    twin: 'props',
    about: 'a connection that ends in the middle',
    args: ['all', 'complex'],
    server: { connections: [answers(page(whole).slice(0, -200))], rest: 'repeat-last' },
  },
  {
    twin: 'props',
    about: 'no server',
    args: ['0', 'all', 'names', 'patch', 'complex'],
    server: { connections: [] },
  },
];

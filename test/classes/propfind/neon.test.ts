/** Tests that propfind and propNames match ne_simple_propfind and ne_propnames: equal requests, and equal results. */
import { type Entry, NeonError, type PropfindOptions, Session, type XmlElement } from 'libneon';
import * as ne from 'libneon/ne';
import type { PropfindBatch } from '../../../lib/classes/propfind-batch.js';
import { native } from '../../../lib/core/native.js';
import { response, type RawServer, type Step } from '../../servers/raw.js';
import { answering, exchange, receivedBy, sessionWith, testServers } from '../../support/servers.js';
import { neonSince } from '../../support/neon.js';
import { hostile } from '../../support/xml.js';
import { textOf } from '../../support/expect.js';

const serve = testServers();

type Outcome = { code: number; message: string } | Entry[];
type Way = (server: RawServer, options?: Options) => (times: number) => Promise<Outcome[]>;
interface Options extends PropfindOptions {
  readonly onlyNames?: boolean;
  readonly sharepoint?: boolean;
}

const depths = { 0: ne.NE_DEPTH_ZERO, 1: ne.NE_DEPTH_ONE, infinity: ne.NE_DEPTH_INFINITE };

/** Converts the text of a property as the classes do. */
function typed(key: string, text: string): unknown {
  const date = (seconds: number): Date | null => (seconds === -1 ? null : new Date(seconds * 1000));
  if (key === 'getcontentlength') return /^\s*\d+\s*$/.test(text) ? Number(text) : null;
  if (/date$|modified$/.test(key)) {
    if (text.includes('XYZ')) return null; // neon accepts an unknown zone, and a day that does not exist
    // Both date properties may use either date format.
    const parsers = [ne.ne_httpdate_parse, ne.ne_iso8601_parse];
    return date(parsers.map((parse) => parse(text)).find((seconds) => seconds !== -1) ?? -1);
  }
  return text;
}

function entryOf(uri: ne.ne_uri, set: ne.ne_prop_result_set): Entry {
  const entry: Entry = { href: uri.path ?? '', uri: ne.ne_uri_unparse(uri), props: {}, status: {} };
  ne.ne_propset_iterate(set, ({ nspace, name }, value, status) => {
    const key = nspace === 'DAV:' ? name : `{${nspace ?? ''}}${name}`;
    if (value === null) entry.status[key] = { code: status.code, reasonPhrase: status.reason_phrase ?? '' };
    else entry.props[key] = comparable(typed(key, value));
  });
  return entry;
}

/** Writes an element as neon does, but without declarations of namespaces and the attributes of the property. */
function neonText({ text, children }: XmlElement): string {
  const named = (key: string): string => key.replace(/^\{([^}]*)\}/, '$1');
  const write = (child: XmlElement): string => {
    const name = child.name.startsWith('{') ? named(child.name) : `DAV:${child.name}`;
    const attributes = Object.entries(child.attributes).map(([key, value]) => ` ${named(key)}='${value}'`);
    return `<${name}${attributes.join('')}>${neonText(child)}</${name}>`;
  };
  return text + children.map(write).join('');
}

/**
 * Makes a value with markup comparable. neon's text does not tell elements from other text, and the elements of the
 * classes do not tell where their text is. So only the characters are compared, without white space.
 */
function comparable(value: unknown): unknown {
  const text =
    typeof value === 'object' && value !== null && 'children' in value ? neonText(value as XmlElement) : value;
  if (typeof text !== 'string' || !text.includes('<')) return text;
  const characters = text.replaceAll(/ xmlns(:\w+)?='[^']*'/g, '').replaceAll(/\s/g, '');
  return Array.from(characters).sort().join('');
}

const byNeon: Way = (server, { depth = 1, props, onlyNames = false, sharepoint = false } = {}) => {
  const session = sessionWith(server);
  if (sharepoint) ne.ne_set_session_flag(session, ne.NE_SESSFLAG_SHAREPOINT, 1);
  const names = props?.map((text) => {
    const [, nspace = 'DAV:', name = ''] = /^(?:\{(.*)\})?(.*)$/.exec(text) ?? [];
    return { nspace, name };
  });
  const one = (): Outcome => {
    const entries: Entry[] = [];
    const found = (uri: ne.ne_uri, set: ne.ne_prop_result_set): void => void entries.push(entryOf(uri, set));
    const code = onlyNames
      ? ne.ne_propnames(session, '/dav/', depths[depth], found)
      : ne.ne_simple_propfind(session, '/dav/', depths[depth], names ?? null, found);
    if (code === ne.NE_OK) return entries;
    // Newer versions of neon say so before the text of the parser. The classes give that text alone.
    return { code, message: ne.ne_get_error(session).replace(/^Could not parse response: /, '') };
  };
  return async (times) => Array.from({ length: times }, one);
};

const byClasses =
  (list: (session: Session, options: PropfindOptions, onlyNames: boolean) => Promise<Entry[]>): Way =>
  ({ port }, { sharepoint, onlyNames = false, ...options } = {}) => {
    const session = Session.open(`http://127.0.0.1:${port}/dav/`);
    if (sharepoint) session.setFlag('sharepoint', true);
    const one = async (): Promise<Outcome> => {
      try {
        const entries = await list(session, options, onlyNames);
        for (const { props } of entries)
          for (const [key, value] of Object.entries(props)) props[key] = comparable(value);
        return entries;
      } catch (error) {
        if (!(error instanceof NeonError)) throw error;
        return { code: error.result ?? 0, message: textOf(error) };
      }
    };
    return async (times) => {
      const outcomes: Outcome[] = [];
      while (outcomes.length < times) outcomes.push(await one());
      return outcomes;
    };
  };

const ways: [string, Way][] = [
  [
    'awaited propfind',
    byClasses(async (session, options, onlyNames) =>
      onlyNames ? session.propNames('', options) : session.propfind('', options),
    ),
  ],
  [
    'propfindSync',
    byClasses(async (session, options, onlyNames) =>
      onlyNames ? session.propNamesSync('', options) : session.propfindSync('', options),
    ),
  ],
];

const page = (body: string, type = 'application/xml', status = '207 Multi-Status'): string =>
  response(body, { status, headers: { 'Content-Type': type } });
const multistatus = (content: string): string =>
  `<?xml version="1.0"?>\n<D:multistatus xmlns:D="DAV:" xmlns:x="http://x/" xmlns="http://none/">${content}</D:multistatus>`;
const resource = (content: string, href = '/dav/a'): string =>
  `<D:response><D:href>${href}</D:href>${content}</D:response>`;
const propstat = (properties: string, status = '<D:status>HTTP/1.1 200 OK</D:status>'): string =>
  `<D:propstat><D:prop>${properties}</D:prop>${status}</D:propstat>`;
const properties = (count: number): string =>
  Array.from({ length: count }, (_, i) => `<x:p${i}>${i}</x:p${i}>`).join('');

/** Contents of multi-status documents, each sent in a 207 response. */
const documents: [string, string][] = [
  ['no resource', ''],
  ['an empty prop', resource(propstat(''))],
  ['a propstat without prop', resource('<D:propstat><D:status>HTTP/1.1 200 OK</D:status></D:propstat>')],
  ['no status', resource(propstat('<x:a>1</x:a>', ''))],
  [
    'a status before the properties',
    resource(`<D:propstat><D:status>HTTP/1.1 404 Gone</D:status><D:prop><x:a/></D:prop></D:propstat>`),
  ],
  ['a status without a reason', resource(propstat('<x:a/>', '<D:status>HTTP/1.1 403 </D:status>'))],
  ['two props in a propstat', resource(propstat('<x:a>1</x:a></D:prop><D:prop><x:b>2</x:b>'))],
  ['a property twice', resource(propstat('<x:a>1</x:a><x:a>2</x:a>'))],
  [
    'a property with a value and with a status',
    resource(propstat('<x:a>1</x:a>') + propstat('<x:a/>', '<D:status>HTTP/1.1 404 No</D:status>')),
  ],
  [
    'a value again after it was refused',
    resource(propstat('<x:a>1</x:a>', '<D:status>HTTP/1.1 404 No</D:status>')) +
      resource(propstat('<x:a>1</x:a>')) +
      resource(propstat('<x:a>1</x:a>')),
  ],
  ['markup in a value', resource(propstat('<x:a> <D:b><c/>t &amp; &lt;</D:b><!-- no --><![CDATA[<d>]]></x:a>'))],
  [
    'attributes',
    resource(
      propstat(
        `<x:a y="1"><x:b x:c='"' D:d="2" q:r="3" xmlns:q="urn:q:" e="&amp;" xml:lang="de" xmlns="urn:e">f</x:b></x:a>`,
      ),
    ),
  ],
  ['an undeclared prefix of an attribute', resource(propstat('<x:a><x:b nope:c="1"/></x:a>'))],
  ['no namespace', resource(propstat('<a xmlns=""><b/></a>'))],
  [
    'the names of a multistatus in a value',
    resource(propstat('<x:a><D:response><D:href>/x</D:href><D:propstat/></D:response></x:a>')),
  ],
  ['unknown elements', `<x:y><D:response/></x:y>${resource(`<x:y>1</x:y><D:error/>${propstat('<x:a/>')}`)}`],
  [
    'characters of one to four bytes',
    resource(propstat('<x:a>a\u00e4\u20ac\u{1d11e}</x:a><x:b>\u{1d11e}</x:b>'), '/dav/b') +
      resource(propstat('<x:a>z</x:a>')),
  ],
  [
    'lengths',
    ['0', '7', '007', '999999999999999', '4294967296', '9007199254740993', '-1', ' 5 ', '', '1e3', '0x10', '\u0661']
      .map((text) => resource(propstat(`<D:getcontentlength>${text}</D:getcontentlength>`)))
      .join(''),
  ],
  [
    'dates',
    [
      '2024-02-29T12:00:00Z',
      '2016-12-31T23:59:60Z',
      '2016-12-31T22:59:60-01:00',
      '1000-01-01T00:00:00Z',
      '9999-12-31T23:59:59Z',
    ]
      .map((text) => resource(propstat(`<D:creationdate>${text}</D:creationdate>`)))
      .join('') +
      ['Thu, 29 Feb 2024 12:00:00 GMT', 'Sat, 31 Dec 2016 23:59:60 GMT', 'Thu, 01 Jan 1970 00:00:00 GMT', 'Mon, 1 Jan']
        .map((text) => resource(propstat(`<D:getlastmodified>${text}</D:getlastmodified>`)))
        .join(''),
  ],
  ['the maximum number of properties', resource(propstat(properties(1022)))],
  ['too many properties', resource(propstat(properties(1023)))],
  ['too many propstats', resource('<D:propstat/>'.repeat(1024))],
  ['an invalid status line', resource(propstat('<x:a/>', '<D:status>fine</D:status>'))],
  ['mismatched tags', resource(propstat('<x:a>1</x:b>'))],
  ['an undeclared prefix', resource(propstat('<y:a/>'))],
  ['a missing end tag', '<D:response>'],
];

describe.each(ways)('%s', (_, way) => {
  const compare = async (answer: string, options?: Options): Promise<Outcome> => {
    const server = await serve(answering(answer));
    const [expected] = await byNeon(server, options)(1);
    expect(await way(server, options)(1)).toEqual([expected]);
    return expected!;
  };

  test.each(documents)('matches neon for %s', async (_, content) => {
    await compare(page(multistatus(content)));
  });

  test.each([
    ['another failure', page(multistatus(''), 'application/xml', '409 Conflict')],
    ['another type of XML', page(multistatus(resource(propstat('<x:a/>'))), 'application/dav+xml')],
    [
      'a character encoding',
      page(multistatus(resource(propstat('<x:a>\u00e4</x:a>'))), 'text/xml; charset=iso-8859-1'),
    ],
  ])('matches neon for %s', async (_, answer) => {
    await compare(answer);
  });

  test('fails for an unknown character encoding where neon does', async () => {
    const server = await serve(answering(page(multistatus(''), 'text/xml; charset=nope')));
    const failure = { code: ne.NE_ERROR, message: expect.stringContaining('nope') as string };
    for (const one of [byNeon, way]) expect(await one(server)(1)).toEqual([neonSince(37) ? failure : []]);
  });

  test.each([
    ['text', page(multistatus(resource(propstat('<x:a/>'))), 'text/plain')],
    ['nothing', response(multistatus(resource(propstat('<x:a/>'))), { status: '207 Multi-Status' })],
  ])('reads a document whose type is %s, which neon has ignored since 0.37', async (_, answer) => {
    const server = await serve(answering(answer));
    expect(await way(server)(1)).toMatchObject([[{ href: '/dav/a', props: { '{http://x/}a': '' } }]]);
    if (neonSince(37)) expect(await byNeon(server)(1)).toEqual([[]]);
    else await compare(answer);
  });

  test('reads a status without a reason and the space before it, which neon has refused since 0.34', async () => {
    const answer = page(multistatus(resource(propstat('<x:a/>', '<D:status>HTTP/1.1 403</D:status>'))));
    const server = await serve(answering(answer));
    expect(await way(server)(1)).toMatchObject([[{ status: { '{http://x/}a': { code: 403, reasonPhrase: '' } } }]]);
    if (neonSince(34)) expect(await byNeon(server)(1)).toMatchObject([{ code: ne.NE_ERROR }]);
    else await compare(answer);
  });

  test.each(hostile)('matches neon for a hostile document: %s', async (_, document) => {
    const text = Buffer.from(document).toString('latin1');
    // Makes the document's root a multi-status element, since the classes reject all other documents.
    await compare(page(text.replace(/<a(?=[ />])/, '<multistatus xmlns="DAV:"').replace('</a>', '</multistatus>')));
  });

  test('matches neon for a response that arrives byte by byte', async () => {
    const answer = page(
      multistatus(
        resource(propstat('<x:a b="c">\u00e4 &amp; <D:d/>]]&gt;</x:a><D:getcontentlength>12</D:getcontentlength>')),
      ),
    );
    const bytes = [...Buffer.from(answer)].map((byte) => ({ send: Buffer.of(byte) }));
    const steps: Step[] = [{ read: 'request' }, ...bytes];
    const server = await serve({ connections: [steps, steps] });
    const expected = await byNeon(server)(1);
    expect(expected).toMatchObject([[{ href: '/dav/a' }]]);
    expect(await way(server)(1)).toEqual(expected);
  });

  test.each([true, false])(
    'matches neon for hrefs that are not escaped, with its flag for SharePoint (%s)',
    async (own) => {
      const server = await serve(answering(page(multistatus(resource(propstat('<x:a/>'), '/dav/a b')))));
      const expected = await byNeon(server, { sharepoint: true })(1);
      expect(expected).toMatchObject([[{ href: '/dav/a%20b' }]]);
      expect(await way(server, { sharepoint: own })(1)).toEqual(expected);
    },
  );

  test('reads a value completely, which neon truncates at about 100 KiB', async () => {
    const text = '0123456789'.repeat(30_000);
    const content = resource(propstat(`<x:a>${text}</x:a>`));
    const server = await serve(answering(page(multistatus(content))));
    const lengthOf = ([entries]: Outcome[]): number =>
      ((entries as Entry[])[0]!.props['{http://x/}a'] as string).length;
    expect(lengthOf(await byNeon(server)(1))).toBeLessThan(120_000);
    expect(await way(server)(1)).toMatchObject([[{ props: { '{http://x/}a': text } }]]);
  });

  test('refuses a value that is longer than 16 MiB', async () => {
    const value = (length: number): string => page(multistatus(resource(propstat(`<x:a>${'x'.repeat(length)}</x:a>`))));
    const fits = await serve(answering(value(16 * 1024 * 1024 - 1)));
    expect(await way(fits)(1)).toMatchObject([[{ href: '/dav/a' }]]);
    const server = await serve(answering(value(16 * 1024 * 1024)));
    expect(await way(server)(1)).toMatchObject([{ message: expect.stringContaining('longer than 16 MiB') as string }]);
  });

  test.each<Options>([
    {},
    { depth: 0 },
    { depth: 'infinity', props: [] },
    { depth: 0, props: ['getetag'] },
    { props: ['getetag', '{http://x/?a&b}own', '{}none'] },
    { onlyNames: true },
    { onlyNames: true, depth: 0 },
  ])('sends the request that neon sends for %j', async (options) => {
    const server = await serve(answering(page(multistatus(''))));
    // The classes escape "&" in XML; neon does not.
    const escaped = {
      ...options,
      ...(options.props && { props: options.props.map((name) => name.replace('&', '&amp;')) }),
    };
    if (escaped.props?.length === 0) delete escaped.props;
    await byNeon(server, escaped)(1);
    await way(server, { ...options, decompress: false })(1);
    const [expected, received] = await receivedBy(server);
    expect(expected).toMatch(/^PROPFIND \/dav\/ HTTP/);
    expect(received).toBe(expected);
  });

  test('matches neon for 200 random documents', async () => {
    const chance = random(20_261);
    const answers = Array.from({ length: 200 }, () => exchange(page(multistatus(anyContent(chance)))));
    const server = await serve({ connections: [answers.flat(), answers.flat()] });
    const expected = await byNeon(server)(answers.length);
    expect(expected.filter((outcome) => !Array.isArray(outcome))).toEqual([]); // neon closes the connection on an error
    expect(expected.flat().length).toBeGreaterThan(200);
    const found = await way(server)(answers.length);
    for (const entry of found.flat() as Entry[]) delete entry.error; // neon reports no failure of a whole resource
    expect(found).toEqual(expected);
  });
});

describe('the size of batches', () => {
  const nowhere = Array.from({ length: 1000 }, (_, i) => resource('', `http://host-${i}.example/`)).join('');
  const wide = resource(propstat(properties(1000).replace(/\d+<\/x:p/g, '</x:p'))).repeat(64);
  test.each([
    ['omitted resources', nowhere],
    ['many properties without values', wide],
  ])('is limited for %s', async (_, content) => {
    const server = await serve(answering(page(multistatus(content))));
    const batches: PropfindBatch[] = [];
    const onBatch = (...batch: PropfindBatch): void => void batches.push(batch);
    const list = native('propfind') as unknown as (...values: unknown[]) => unknown;
    expect(list(sessionWith(server), 'PROPFIND', '/', 1, [], onBatch, () => undefined, '0')).toBe('');
    expect(batches.length).toBeGreaterThan(1);
    expect(Math.max(...batches.map(([, , , , origins]) => origins.length / 4))).toBeLessThanOrEqual(128);
    expect(Math.max(...batches.map(([, numbers]) => numbers.length))).toBeLessThan(40_000);
  });
});

/** Integers below `limit`, determined by the seed (mulberry32). */
function random(seed: number): (limit: number) => number {
  return (limit) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

function anyContent(chance: (limit: number) => number): string {
  const one = <T>(list: readonly T[]): T => list[chance(list.length)] as T;
  const several = (max: number, make: () => string): string => Array.from({ length: chance(max + 1) }, make).join('');
  const moment = (): Date =>
    new Date(Date.UTC(1971 + chance(100), chance(12), 1 + chance(31), chance(24), chance(60), chance(60)));
  const text = (): string =>
    one(['', 'a', 'a', 'b &amp; c', ' \n', '\u00e4\u{1d11e}', '<![CDATA[<]]>', '<!-- -->', 'long '.repeat(50)]);
  const markup = (depth = 0): string =>
    depth > 2 || chance(3) === 0
      ? text()
      : `<${one(['x:m', 'D:m', 'm'])}${one(['', ' a="1"', ' x:a="1" D:b=""'])}>${several(2, () => markup(depth + 1))}</`.replace(
          /^<([^ >]+)(.*)$/s,
          '<$1$2$1>',
        ) + text();
  const dates = [
    (): string => moment().toUTCString(),
    (): string => moment().toISOString().replace('.000', ''),
    (): string =>
      one(['Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994', 'Thu, 31 Feb 2030 00:00:00 XYZ', '', 'now']),
  ];
  const property = (): string => {
    const name = one(['x:a', 'x:b', 'D:c', 'd', 'D:getcontentlength', 'D:getlastmodified', 'D:creationdate']);
    const value = name.endsWith('length')
      ? String(chance(3) * 2 ** chance(40))
      : /date|modified/.test(name)
        ? dates[name === 'D:creationdate' ? 1 : 0]!()
        : markup();
    return `<${name}>${chance(10) === 0 && /date|modified/.test(name) ? dates[2]!() : value}</${name}>`;
  };
  const status = (): string =>
    one([
      '',
      'HTTP/1.1 200 OK',
      'HTTP/1.1 200 OK',
      'HTTP/1.1 404 Not Found',
      'HTTP/1.1 403 Forbidden',
      'HTTP/1.0 299 Odd',
    ]).replace(/.+/, '<D:status>$&</D:status>');
  const anyPropstat = (): string => {
    const parts = [
      status(),
      `<D:prop>${several(4, property)}</D:prop>`,
      one(['', `<D:prop>${property()}</D:prop>`, '<x:y>1</x:y>']),
    ];
    return `<D:propstat>${(chance(2) ? parts : parts.reverse()).join('')}</D:propstat>`;
  };
  const href = (): string => one(['/dav/a', 'b', 'http://other.example/e', '/%20', '../d/./e', '/f/../g']);
  return several(
    5,
    () => `<D:response><D:href>${href()}</D:href>${anyPropstat()}${several(2, anyPropstat)}</D:response>`,
  );
}

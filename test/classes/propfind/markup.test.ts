/** Tests the elements in the values of properties. */
import { type Entry, Session, SessionPool, type XmlElement } from 'libneon';
import { response } from '../../servers/raw.js';
import { answering, testServers } from '../../support/servers.js';

const serve = testServers();

const ways: [string, (port: number) => Promise<Entry[]>][] = [
  [
    'promises',
    async (port) => {
      await using session = Session.open(`http://127.0.0.1:${port}/`);
      return await session.propfind('');
    },
  ],
  [
    'blocking',
    async (port) => {
      using session = Session.open(`http://127.0.0.1:${port}/`);
      return session.propfindSync('');
    },
  ],
  [
    'pool',
    async (port) => {
      await using pool = new SessionPool(`http://127.0.0.1:${port}/`);
      return await pool.propfind('');
    },
  ],
];

describe.each(ways)('%s', (_, list) => {
  const propsOf = async (...properties: string[]): Promise<Entry['props'][]> => {
    const responses = properties.map(
      (xml) =>
        `<D:response><D:href>/a</D:href><D:propstat><D:prop>${xml}</D:prop>` +
        `<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>`,
    );
    const document = `<D:multistatus xmlns:D="DAV:" xmlns:x="urn:x">${responses.join('')}</D:multistatus>`;
    const server = await serve(
      answering(response(document, { status: '207 Multi-Status', headers: { 'Content-Type': 'application/xml' } })),
    );
    return (await list(server.port)).map(({ props }) => props);
  };

  test('makes a tree of a value with elements', async () => {
    const [props] = await propsOf(
      '<D:current-user-principal>\n  <D:href>/alice/</D:href>\n</D:current-user-principal>',
    );
    expect(props).toEqual({
      'current-user-principal': {
        name: 'current-user-principal',
        attributes: {},
        text: '',
        children: [{ name: 'href', attributes: {}, text: '/alice/', children: [] }],
      },
    });
  });

  test('names elements and attributes with their namespaces', async () => {
    const [props] = await propsOf(
      `<x:set x:own="0"><comp xmlns="urn:c" name="V" x:a="1" D:b="2" xml:lang="de" nope:c="3"/><n xmlns=""/></x:set>`,
    );
    expect(props!['{urn:x}set']).toEqual({
      name: '{urn:x}set',
      attributes: { '{urn:x}own': '0' },
      text: '',
      children: [
        {
          name: '{urn:c}comp',
          attributes: { name: 'V', '{urn:x}a': '1', '{DAV:}b': '2', 'xml:lang': 'de', 'nope:c': '3' },
          text: '',
          children: [],
        },
        { name: '{}n', attributes: {}, text: '', children: [] },
      ],
    });
  });

  test('does not confuse text with elements', async () => {
    const [plain, mixed] = await propsOf(
      '<x:a>&lt;D:b&gt;c&lt;/D:b&gt;</x:a>',
      '<x:a> one <x:b>&lt;/x:b&gt;</x:b> two <![CDATA[<x:b>]]></x:a>',
    );
    expect(plain).toEqual({ '{urn:x}a': '<D:b>c</D:b>' });
    expect(mixed!['{urn:x}a']).toEqual({
      name: '{urn:x}a',
      attributes: {},
      text: ' one  two <x:b>',
      children: [{ name: '{urn:x}b', attributes: {}, text: '</x:b>', children: [] }],
    });
  });

  test('keeps the structure of nested elements', async () => {
    const [props] = await propsOf('<x:a><x:b><x:c/><x:d>1</x:d></x:b><x:e><x:f/></x:e></x:a>');
    const shape = (element: unknown): unknown => {
      const { name, children } = element as { name: string; children: unknown[] };
      return children.length > 0 ? [name.replace('{urn:x}', ''), children.map(shape)] : name.replace('{urn:x}', '');
    };
    expect(shape(props!['{urn:x}a'])).toEqual([
      'a',
      [
        ['b', ['c', 'd']],
        ['e', ['f']],
      ],
    ]);
  });

  test('gives text for the properties of RFC 4918 that are text', async () => {
    const [props] = await propsOf(
      '<D:displayname>a<x:b>c</x:b></D:displayname><D:getetag><x:b/></D:getetag><D:getcontentlength>1<x:b/></D:getcontentlength>',
    );
    expect(props).toEqual({ displayname: 'ac', getetag: '', getcontentlength: null });
  });

  test('gives names with their namespaces in a resourcetype', async () => {
    const [props] = await propsOf(
      '<D:resourcetype><D:collection/><c:calendar xmlns:c="urn:ietf:params:xml:ns:caldav"/></D:resourcetype>',
    );
    expect(props).toEqual({ resourcetype: ['collection', '{urn:ietf:params:xml:ns:caldav}calendar'] });
  });

  test('reads locks and types whose elements have no namespace', async () => {
    const [props] = await propsOf(
      '<D:lockdiscovery><activelock xmlns=""><locktype><write/></locktype><lockscope><shared/></lockscope>' +
        '<locktoken><href>urn:1</href></locktoken></activelock></D:lockdiscovery>' +
        '<D:resourcetype><collection xmlns=""/></D:resourcetype>',
    );
    expect(props).toMatchObject({
      lockdiscovery: [{ token: 'urn:1', scope: 'shared', type: 'write' }],
      resourcetype: ['collection'],
    });
  });

  test('freezes a tree, which equal values may share', async () => {
    const [one, other, third] = await propsOf('<x:a><x:b/></x:a>', '<x:a><x:b/></x:a>', '<x:a>&lt;x:b/&gt;</x:a>');
    expect(one).toEqual(other);
    expect(third!['{urn:x}a']).toBe('<x:b/>');
    expect(Object.isFrozen(one!['{urn:x}a'])).toBe(true);
    expect(Object.isFrozen((one!['{urn:x}a'] as XmlElement).children[0])).toBe(true);
  });

  test('makes an ordinary attribute of __proto__', async () => {
    const [props] = await propsOf('<x:a><x:b __proto__="1"/></x:a>');
    const { attributes } = (props!['{urn:x}a'] as XmlElement).children[0]!;
    expect(Object.entries(attributes)).toEqual([['__proto__', '1']]);
  });
});

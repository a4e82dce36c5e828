/** Tests PROPFIND and PROPPATCH: setting, finding, moving, replacing and removing properties. */
import * as ne from 'libneon/ne';
import { fail, sequence, skip, type Test } from './runner.js';
import type { Server } from './server.js';

const NAMESPACE = 'http://libneon.example/litmus/';
const DECLARATION = '<?xml version="1.0" encoding="utf-8"?>';

/** The number of properties in most tests, and the number that `propdeletes` removes. */
const COUNT = 10;
const REMOVED = 5;

/** A property and its expected value, which is null if the property should be missing. */
interface Expected {
  readonly name: ne.ne_propname;
  readonly value: string | null;
}

const live = ['getcontentlength', 'getlastmodified', 'displayname', 'resourcetype'];
const basics = [...live.map((name) => ({ nspace: 'DAV:', name })), own('foo'), own('bar')];

const several = (value: (index: number) => string | null): Expected[] =>
  Array.from({ length: COUNT }, (_, index) => ({ name: own(`prop${index}`), value: value(index) }));

/** Properties with equal names in different namespaces. */
const namesakes = Array.from({ length: COUNT }, (_, index) => ({
  name: { nspace: `http://libneon.example/space-${index}`, name: 'somename' },
  value: 'a value in each namespace',
}));

export function props(server: Server): Test[] {
  let target = server.path('prop');
  /** Whether there is a resource whose properties can be set. */
  let ready = false;
  let expected: readonly Expected[] = [];

  /** Sends PROPPATCH, which sets the properties that have an expected value, and removes the other properties. */
  const patchAll = (): void => {
    const operations = expected.map(({ name, value }) =>
      value === null ? { name, type: ne.ne_propremove } : { name, type: ne.ne_propset, value },
    );
    const { client } = server;
    client.works(`PROPPATCH of ${target}`, ne.ne_proppatch(client.session, target, operations));
  };

  /** Makes a test that sends a PROPPATCH with these elements. Later tests expect that the property has this value. */
  const patching = (subject: string, name: ne.ne_propname, value: string | null, elements: string) => (): void => {
    if (!ready) skip();
    expected = [{ name, value }];
    const body = `${DECLARATION}<propertyupdate xmlns="DAV:">${elements}</propertyupdate>`;
    const status = server.client.send('PROPPATCH', target, { headers: server.xmlHeaders, body });
    if (status < 200 || status > 299) fail(`PROPPATCH of ${subject}: ${server.client.error}`);
  };

  return sequence(
    {
      propfind_invalid: () => refuse(server, '<foo>', 'that is not well-formed'),

      // An empty namespace cannot have a prefix. According to litmus's FAQ, mod_dav once accepted such a document.
      propfind_invalid2: () =>
        refuse(
          server,
          '<D:propfind xmlns:D="DAV:"><D:prop><no:such xmlns:no=""/></D:prop></D:propfind>',
          'with a prefix for no namespace',
        ),

      propfind_d0: () => findCollection(server),

      propinit() {
        const { client } = server;
        target = server.path('prop');
        client.clear(target);
        client.upload(target);
        ready = true;
      },

      propset() {
        expected = several((index) => `value${index}`);
        if (!ready) skip();
        ready = false;
        patchAll();
        ready = true;
      },

      propget() {
        if (!ready) skip();
        findExpected(server, target, expected);
      },

      propextended: () =>
        findWellFormed(server, target, '<foobar/><allprop/>', 'for a request with an unknown element'),

      propmove() {
        if (!ready) skip();
        const { client } = server;
        const destination = server.path('prop2');
        client.clear(destination);
        client.works(`MOVE of ${target}`, ne.ne_move(client.session, false, target, destination));
        target = destination;
      },

      propdeletes() {
        if (!ready) skip();
        expected = several((index) => (index < REMOVED ? null : `value${index}`));
        patchAll();
      },

      propreplace() {
        if (!ready) skip();
        expected = several((index) => (index < REMOVED ? null : `newvalue${index}`));
        patchAll();
      },

      propnullns: patching(
        'a property in no namespace',
        { nspace: null, name: 'nonamespace' },
        'any value',
        '<set><prop><nonamespace xmlns="">any value</nonamespace></prop></set>',
      ),

      prophighunicode: patching(
        'a value with a character beyond U+FFFF',
        own('high-unicode'),
        '\u{10000}',
        `<set><prop>${element('high-unicode', '&#x10000;')}</prop></set>`,
      ),

      // These two tests check that the elements of a PROPPATCH are applied in their order.
      propremoveset: patching(
        'one property, removed and then set twice',
        own('removeset'),
        'second',
        `<remove><prop>${element('removeset')}</prop></remove>` +
          `<set><prop>${element('removeset', 'first')}</prop></set>` +
          `<set><prop>${element('removeset', 'second')}</prop></set>`,
      ),
      propsetremove: patching(
        'one property, set and then removed',
        own('removeset'),
        null,
        `<set><prop>${element('removeset', 'first')}</prop></set>` +
          `<remove><prop>${element('removeset')}</prop></remove>`,
      ),

      // The next test, propwformed, checks that the server returns this value as XML.
      propvalnspace: patching(
        'a value that declares a namespace',
        own('valnspace'),
        '<in xmlns="http://libneon.example/other/"></in>',
        `<set><prop><our:valnspace xmlns:our="${NAMESPACE}"><in xmlns="http://libneon.example/other/"/></our:valnspace></prop></set>`,
      ),

      propwformed() {
        const { name, nspace } = expected[0]?.name ?? own('valnspace');
        findWellFormed(server, target, `<prop><${name} xmlns="${nspace ?? ''}"/></prop>`, 'with that property');
      },

      propmanyns() {
        expected = namesakes;
        patchAll();
      },

      propcleanup: () => server.client.clear(target),
    },
    ...(['propfind_invalid', 'propfind_invalid2', 'propfind_d0'] as const),
    ...(['propinit', 'propset', 'propget', 'propextended', 'propmove', 'propget'] as const),
    ...(['propdeletes', 'propget', 'propreplace', 'propget', 'propnullns', 'propget'] as const),
    ...(['prophighunicode', 'propget', 'propremoveset', 'propget', 'propsetremove', 'propget'] as const),
    ...(['propvalnspace', 'propwformed', 'propinit', 'propmanyns', 'propget', 'propcleanup'] as const),
  );
}

function own(name: string): { nspace: string; name: string } {
  return { nspace: NAMESPACE, name };
}

/** A property as an element. */
function element(name: string, value = ''): string {
  return `<${name} xmlns="${NAMESPACE}">${value}</${name}>`;
}

/** Requires that a PROPFIND with this body is rejected. */
function refuse({ client, root, xmlHeaders }: Server, body: string, description: string): void {
  const status = client.send('PROPFIND', root, { headers: { Depth: '0', ...xmlHeaders }, body });
  if (status !== 400) fail(`PROPFIND with a body ${description} must be rejected with 400; the status was ${status}`);
}

/** Requires that PROPFIND reports the workspace as a collection. An XML handler reads the value of `resourcetype`. */
function findCollection(server: Server): void {
  const { client, root } = server;
  const inResourceType = ne.NE_PROPS_STATE_TOP + 1;
  const handler = ne.ne_propfind_create(client.session, root, ne.NE_DEPTH_ZERO);
  let found: { isCollection: boolean } | undefined;
  try {
    ne.ne_propfind_set_private(handler, () => ({ isCollection: false }), null);
    ne.ne_xml_push_handler(
      ne.ne_propfind_get_parser(handler),
      (parent, nspace, name) => {
        if (nspace !== 'DAV:') return ne.NE_XML_DECLINE;
        if (parent === ne.NE_207_STATE_PROP && name === 'resourcetype') return inResourceType;
        if (parent === inResourceType && name === 'collection')
          (ne.ne_propfind_current_private(handler) as { isCollection: boolean }).isCollection = true;
        return ne.NE_XML_DECLINE;
      },
      null,
      null,
    );
    ne.ne_propfind_named(handler, basics, ({ path }, results) => {
      if (path === null || ne.ne_path_compare(path, root) !== 0)
        server.warn(`PROPFIND of ${root} with Depth: 0 reports ${path ?? 'a URI without a path'}`);
      else found = ne.ne_propset_private(results) as { isCollection: boolean };
    });
  } finally {
    ne.ne_propfind_destroy(handler);
  }
  if (found === undefined) fail(`PROPFIND reports nothing about ${root}: ${client.error}`);
  if (!found.isCollection) fail(`PROPFIND does not report ${root} as a collection`);
}

/** Requires that PROPFIND returns the expected properties. */
function findExpected(server: Server, target: string, expected: readonly Expected[]): void {
  const { client } = server;
  const names = expected.map(({ name }) => name);
  let found: { value: string | null; code: number | undefined }[] | undefined;
  client.works(
    `PROPFIND of ${target}`,
    ne.ne_simple_propfind(client.session, target, ne.NE_DEPTH_ZERO, names, (_uri, results) => {
      found = names.map((name) => ({
        value: ne.ne_propset_value(results, name),
        code: ne.ne_propset_status(results, name)?.code,
      }));
    }),
  );
  if (found === undefined) fail(`PROPFIND reports nothing about ${target}`);

  const wrong: string[] = [];
  for (const [index, { name, value }] of expected.entries()) {
    const property = `{${name.nspace ?? ''}}${name.name}`;
    const { value: actual, code } = found[index]!;
    if (actual !== value) wrong.push(`${property} is ${JSON.stringify(actual)}, not ${JSON.stringify(value)}`);
    else if (value === null && code !== 404)
      server.warn(`the status of the missing ${property} should be 404, not ${code ?? 'missing'}`);
  }
  const [first, ...more] = wrong;
  if (first !== undefined) fail(more.length > 0 ? `${first}; and ${more.length} more` : first);
}

/** Requires that the response to a PROPFIND with these elements is well-formed. */
function findWellFormed({ client, xmlHeaders }: Server, target: string, elements: string, description: string): void {
  const body = `${DECLARATION}<propfind xmlns="DAV:">${elements}</propfind>`;
  const parser = ne.ne_xml_create();
  try {
    client.send('PROPFIND', target, {
      headers: { Depth: '0', ...xmlHeaders },
      body,
      prepare: (request) => ne.ne_add_response_body_reader(request, ne.ne_accept_207, ne.ne_xml_parse_v, parser),
    });
    if (ne.ne_xml_failed(parser) !== 0)
      fail(`the response ${description} is not well-formed: ${ne.ne_xml_get_error(parser)}`);
  } finally {
    ne.ne_xml_destroy(parser);
  }
}

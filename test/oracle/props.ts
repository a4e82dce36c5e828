/** The twin of props.c. */
import * as ne from 'libneon/ne';
import { playTwin, sayNumber, sayStatus, sayText, type Io } from './twin.js';

const names: ne.ne_propname[] = [
  { nspace: 'DAV:', name: 'getcontentlength' },
  { nspace: 'u', name: 'x' },
  { nspace: null, name: 'plain' },
];

playTwin(async (io, port, ways) => {
  const session = ne.ne_session_create('http', '127.0.0.1', port);
  for (const way of ways) {
    sayNumber(way, await run(io, session, way));
    sayText('error', ne.ne_get_error(session));
  }
  await io.ne_session_destroy(session);
});

async function run(io: Io, sess: ne.ne_session, way: string): Promise<number> {
  const depth = { '0': ne.NE_DEPTH_ZERO, '1': ne.NE_DEPTH_ONE, infinite: ne.NE_DEPTH_INFINITE }[way];
  if (depth !== undefined) return io.ne_simple_propfind(sess, '/base/', depth, names, onResults);
  if (way === 'all') return io.ne_simple_propfind(sess, '/base/', ne.NE_DEPTH_ONE, null, onResults);
  if (way === 'names') return io.ne_propnames(sess, '/base/', ne.NE_DEPTH_ONE, onResults);
  if (way === 'patch')
    return io.ne_proppatch(sess, '/base/', [
      { name: names[1]!, type: ne.ne_propset, value: '<y>1</y> &amp; <D:z/>' },
      { name: names[2]!, type: ne.ne_propset, value: '' },
      { name: names[0]!, type: ne.ne_propremove },
    ]);
  return complexPropfind(io, sess, way === 'complex-all');
}

async function complexPropfind(io: Io, sess: ne.ne_session, all: boolean): Promise<number> {
  const handler = await io.ne_propfind_create(sess, '/base/', ne.NE_DEPTH_ONE);
  const current = (): void => sayText('current', ne.ne_propfind_current_private(handler) as string | null);
  ne.ne_propfind_set_private(
    handler,
    ({ path }) => {
      sayText('create', path);
      return path === '/base/none' ? null : path;
    },
    (complex) => sayText('destroy', complex as string),
  );
  const [type, inside] = [ne.NE_PROPS_STATE_TOP + 1, ne.NE_PROPS_STATE_TOP + 2];
  ne.ne_xml_push_handler(
    ne.ne_propfind_get_parser(handler),
    (parent, nspace, name) => {
      if (parent === ne.NE_207_STATE_PROP && nspace === 'DAV:' && name === 'resourcetype') return type;
      if (parent !== type && parent !== inside) return ne.NE_XML_DECLINE;
      sayText('type', name);
      current();
      return inside;
    },
    (state, text) => {
      sayNumber('state', state);
      sayText('text', text);
    },
    (state, _, name) => {
      sayNumber('end', state);
      sayText('name', name);
    },
  );
  ne.ne_add_request_header(ne.ne_propfind_get_request(handler), 'X-Twin', 'complex');
  current();
  const result = await (all
    ? io.ne_propfind_allprop(handler, onResults)
    : io.ne_propfind_named(handler, names, onResults));
  current();
  sayStatus(ne.ne_propfind_get_request(handler));
  await io.ne_propfind_destroy(handler);
  return result;
}

function onResults(uri: ne.ne_uri, set: ne.ne_prop_result_set): void {
  sayText('resource', ne.ne_uri_unparse({ ...uri, path: uri.path ?? '' }));
  sayText('private', ne.ne_propset_private(set) as string | null);
  sayNumber('iterate', ne.ne_propset_iterate(set, counting(1000)));
  sayNumber('iterate', ne.ne_propset_iterate(set, counting(2)));
  for (const name of names) {
    sayText('value', ne.ne_propset_value(set, name));
    sayText('lang', ne.ne_propset_lang(set, name));
    sayPropertyStatus(ne.ne_propset_status(set, name));
  }
}

function counting(count: number): ne.ne_propset_iterator {
  let left = count;
  return ({ nspace, name }, value, status) => {
    sayText('nspace', nspace);
    sayText('name', name);
    sayText('value', value);
    sayPropertyStatus(status);
    return --left === 0 ? 42 : 0;
  };
}

function sayPropertyStatus(status: ne.ne_status | null): void {
  if (status === null) return sayText('status', null);
  console.log(`status=${status.major_version}.${status.minor_version} ${status.code} ${status.klass}`);
  sayText('reason', status.reason_phrase);
}

/** Implements the twin of props.c. */
import * as ne from 'libneon/ne';
import { runMain, printNumber, printStatus, printText, type Io } from './twin.js';

const names: ne.ne_propname[] = [
  { nspace: 'DAV:', name: 'getcontentlength' },
  { nspace: 'u', name: 'x' },
  { nspace: null, name: 'plain' },
];

runMain(async (io, port, methods) => {
  const session = ne.ne_session_create('http', '127.0.0.1', port);
  for (const method of methods) {
    printNumber(method, await run(io, session, method));
    printText('error', ne.ne_get_error(session));
  }
  await io.ne_session_destroy(session);
});

async function run(io: Io, sess: ne.ne_session, method: string): Promise<number> {
  const depth = { '0': ne.NE_DEPTH_ZERO, '1': ne.NE_DEPTH_ONE, infinite: ne.NE_DEPTH_INFINITE }[method];
  if (depth !== undefined) return io.ne_simple_propfind(sess, '/base/', depth, names, onResults);
  if (method === 'all') return io.ne_simple_propfind(sess, '/base/', ne.NE_DEPTH_ONE, null, onResults);
  if (method === 'names') return io.ne_propnames(sess, '/base/', ne.NE_DEPTH_ONE, onResults);
  if (method === 'patch')
    return io.ne_proppatch(sess, '/base/', [
      { name: names[1]!, type: ne.ne_propset, value: '<y>1</y> &amp; <D:z/>' },
      { name: names[2]!, type: ne.ne_propset, value: '' },
      { name: names[0]!, type: ne.ne_propremove },
    ]);
  return complexPropfind(io, sess, method === 'complex-all');
}

async function complexPropfind(io: Io, sess: ne.ne_session, all: boolean): Promise<number> {
  const handler = await io.ne_propfind_create(sess, '/base/', ne.NE_DEPTH_ONE);
  const current = (): void => printText('current', ne.ne_propfind_current_private(handler) as string | null);
  ne.ne_propfind_set_private(
    handler,
    ({ path }) => {
      printText('create', path);
      return path === '/base/none' ? null : path;
    },
    (complex) => printText('destroy', complex as string),
  );
  const [type, inside] = [ne.NE_PROPS_STATE_TOP + 1, ne.NE_PROPS_STATE_TOP + 2];
  ne.ne_xml_push_handler(
    ne.ne_propfind_get_parser(handler),
    (parent, nspace, name) => {
      if (parent === ne.NE_207_STATE_PROP && nspace === 'DAV:' && name === 'resourcetype') return type;
      if (parent !== type && parent !== inside) return ne.NE_XML_DECLINE;
      printText('type', name);
      current();
      return inside;
    },
    (state, text) => {
      printNumber('state', state);
      printText('text', text);
    },
    (state, _, name) => {
      printNumber('end', state);
      printText('name', name);
    },
  );
  ne.ne_add_request_header(ne.ne_propfind_get_request(handler), 'X-Twin', 'complex');
  current();
  const result = await (all
    ? io.ne_propfind_allprop(handler, onResults)
    : io.ne_propfind_named(handler, names, onResults));
  current();
  printStatus(ne.ne_propfind_get_request(handler));
  await io.ne_propfind_destroy(handler);
  return result;
}

function onResults(uri: ne.ne_uri, set: ne.ne_prop_result_set): void {
  printText('resource', ne.ne_uri_unparse({ ...uri, path: uri.path ?? '' }));
  printText('private', ne.ne_propset_private(set) as string | null);
  printNumber('iterate', ne.ne_propset_iterate(set, counting(1000)));
  printNumber('iterate', ne.ne_propset_iterate(set, counting(2)));
  for (const name of names) {
    printText('value', ne.ne_propset_value(set, name));
    printText('lang', ne.ne_propset_lang(set, name));
    printPropertyStatus(ne.ne_propset_status(set, name));
  }
}

function counting(count: number): ne.ne_propset_iterator {
  let left = count;
  return ({ nspace, name }, value, status) => {
    printText('nspace', nspace);
    printText('name', name);
    printText('value', value);
    printPropertyStatus(status);
    return --left === 0 ? 42 : 0;
  };
}

function printPropertyStatus(status: ne.ne_status | null): void {
  if (status === null) return printText('status', null);
  console.log(`status=${status.major_version}.${status.minor_version} ${status.code} ${status.klass}`);
  printText('reason', status.reason_phrase);
}

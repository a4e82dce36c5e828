/** Implements the twin of multistatus.c. */
import * as ne from 'libneon/ne';
import { runMain, printNumber, printStatus, printText, type Io } from './twin.js';

runMain(async (io, port, methods) => {
  const session = ne.ne_session_create('http', '127.0.0.1', port);
  for (const method of methods) await request(io, session, method);
  await io.ne_session_destroy(session);
});

async function request(io: Io, session: ne.ne_session, method: string): Promise<void> {
  const req = ne.ne_request_create(session, 'PROPFIND', '/base/');
  const p = ne.ne_xml_create();
  const base: Partial<ne.ne_uri> = {};
  ne.ne_fill_server_uri(session, base);
  base.path = '/base/';
  const p207 = ne.ne_207_create(p, base);
  setHandlers(p207, base);
  ne.ne_xml_push_handler(
    p,
    (parent, nspace, name) => {
      if (parent !== ne.NE_207_STATE_PROP) return ne.NE_XML_DECLINE;
      printText('nspace', nspace);
      printText('property', name);
      return ne.NE_207_STATE_TOP;
    },
    (state, text) => {
      printNumber('state', state);
      printText('value', text);
    },
    null,
  );
  ne.ne_add_request_header(req, 'Depth', '1');
  ne.ne_add_request_header(req, 'Content-Type', ne.NE_XML_MEDIA_TYPE);
  ne.ne_set_request_body_buffer(req, '<propfind xmlns="DAV:"><allprop/></propfind>');

  printNumber(method, await run(io, method, session, req, p));
  printText('error', ne.ne_get_error(session));
  printNumber('failed', ne.ne_xml_failed(p));
  printText('parser', ne.ne_xml_get_error(p));
  ne.ne_207_destroy(p207);
  ne.ne_xml_destroy(p);
  if (method === 'simple') return;
  printStatus(req);
  await io.ne_request_destroy(req);
}

function setHandlers(p207: ne.ne_207_parser, userdata: unknown): void {
  const printEnd = (key: string, same: boolean, status: ne.ne_status | null, description: string | null): void => {
    printNumber(key, Number(same));
    if (status) {
      console.log(`status=${status.major_version}.${status.minor_version} ${status.code} ${status.klass}`);
      printText('reason', status.reason_phrase);
    }
    printText('description', description);
  };
  ne.ne_207_set_response_handlers(
    p207,
    ({ scheme, host, port, path, query }) => {
      // Prints what ne_uri_unparse returns for the references of these scenarios.
      const authority = `${host}${port === 0 || port === 80 ? '' : `:${port}`}`;
      printText('response', `${scheme}://${authority}${path}${query === null ? '' : `?${query}`}`);
      return userdata;
    },
    (response, status, description) => printEnd('end_response', response === userdata, status, description),
  );
  ne.ne_207_set_propstat_handlers(
    p207,
    (response) => {
      printNumber('propstat', Number(response === userdata));
      return response;
    },
    (propstat, status, description) => printEnd('end_propstat', propstat === userdata, status, description),
  );
}

async function run(
  io: Io,
  method: string,
  session: ne.ne_session,
  req: ne.ne_request,
  p: ne.ne_xml_parser,
): Promise<number> {
  if (method === 'dispatch') return io.ne_xml_dispatch_request(req, p);
  if (method === 'pull') {
    let result = await io.ne_begin_request(req);
    if (result === ne.NE_OK) result = await io.ne_xml_parse_response(req, p);
    return result === ne.NE_OK ? io.ne_end_request(req) : result;
  }
  if (method === 'simple') return io.ne_simple_request(session, req);
  ne.ne_add_response_body_reader(req, ne.ne_accept_207, ne.ne_xml_parse_v, p);
  return io.ne_request_dispatch(req);
}

/** The twin of multistatus.c. */
import * as ne from 'libneon/ne';
import { playTwin, sayNumber, sayStatus, sayText, type Io } from './twin.js';

playTwin(async (io, port, ways) => {
  const session = ne.ne_session_create('http', '127.0.0.1', port);
  for (const way of ways) await request(io, session, way);
  await io.ne_session_destroy(session);
});

async function request(io: Io, session: ne.ne_session, way: string): Promise<void> {
  const req = ne.ne_request_create(session, 'PROPFIND', '/base/');
  const p = ne.ne_xml_create();
  const base: Partial<ne.ne_uri> = {};
  ne.ne_fill_server_uri(session, base);
  base.path = '/base/';
  const p207 = ne.ne_207_create(p, base);
  tell(p207, base);
  ne.ne_xml_push_handler(
    p,
    (parent, nspace, name) => {
      if (parent !== ne.NE_207_STATE_PROP) return ne.NE_XML_DECLINE;
      sayText('nspace', nspace);
      sayText('property', name);
      return ne.NE_207_STATE_TOP;
    },
    (state, text) => {
      sayNumber('state', state);
      sayText('value', text);
    },
    null,
  );
  ne.ne_add_request_header(req, 'Depth', '1');
  ne.ne_add_request_header(req, 'Content-Type', ne.NE_XML_MEDIA_TYPE);
  ne.ne_set_request_body_buffer(req, '<propfind xmlns="DAV:"><allprop/></propfind>');

  sayNumber(way, await run(io, way, session, req, p));
  sayText('error', ne.ne_get_error(session));
  sayNumber('failed', ne.ne_xml_failed(p));
  sayText('parser', ne.ne_xml_get_error(p));
  ne.ne_207_destroy(p207);
  ne.ne_xml_destroy(p);
  if (way === 'simple') return;
  sayStatus(req);
  await io.ne_request_destroy(req);
}

function tell(p207: ne.ne_207_parser, userdata: unknown): void {
  const sayEnd = (what: string, same: boolean, status: ne.ne_status | null, description: string | null): void => {
    sayNumber(what, Number(same));
    if (status) {
      console.log(`status=${status.major_version}.${status.minor_version} ${status.code} ${status.klass}`);
      sayText('reason', status.reason_phrase);
    }
    sayText('description', description);
  };
  ne.ne_207_set_response_handlers(
    p207,
    ({ scheme, host, port, path, query }) => {
      // Of what ne_uri_unparse gives, all that these references have.
      const authority = `${host}${port === 0 || port === 80 ? '' : `:${port}`}`;
      sayText('response', `${scheme}://${authority}${path}${query === null ? '' : `?${query}`}`);
      return userdata;
    },
    (response, status, description) => sayEnd('end_response', response === userdata, status, description),
  );
  ne.ne_207_set_propstat_handlers(
    p207,
    (response) => {
      sayNumber('propstat', Number(response === userdata));
      return response;
    },
    (propstat, status, description) => sayEnd('end_propstat', propstat === userdata, status, description),
  );
}

async function run(
  io: Io,
  way: string,
  session: ne.ne_session,
  req: ne.ne_request,
  p: ne.ne_xml_parser,
): Promise<number> {
  if (way === 'dispatch') return io.ne_xml_dispatch_request(req, p);
  if (way === 'pull') {
    let result = await io.ne_begin_request(req);
    if (result === ne.NE_OK) result = await io.ne_xml_parse_response(req, p);
    return result === ne.NE_OK ? io.ne_end_request(req) : result;
  }
  if (way === 'simple') return io.ne_simple_request(session, req);
  ne.ne_add_response_body_reader(req, ne.ne_accept_207, ne.ne_xml_parse_v, p);
  return io.ne_request_dispatch(req);
}

import { check, type ScriptPeer } from '../peer.js';

/** The blocking surface: nothing else happens in the process meanwhile. */
export const ne: ScriptPeer = {
  name: 'libneon/ne',
  calls: 'ne_request_create, dispatch, destroy',
  atOnce: 1,
  async open(target) {
    const ne = await import('libneon/ne');
    const session = ne.ne_session_create(target.scheme, target.host, target.port);
    return {
      get() {
        const request = ne.ne_request_create(session, 'GET', target.path);
        if (ne.ne_request_dispatch(request) !== ne.NE_OK) throw new Error(ne.ne_get_error(session));
        check(target, ne.ne_get_status(request).code);
        ne.ne_request_destroy(request);
        return undefined;
      },
      close: () => ne.ne_session_destroy(session),
    };
  },
};

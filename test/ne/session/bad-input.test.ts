/** What the functions of sessions do with arguments that are none: also hooks, the notifier, credentials, proxies and redirects. */
import * as ne from 'libneon/ne';
import {
  all,
  type Argument,
  callback,
  callbackOrNull,
  flagValue,
  fragments,
  integer,
  key,
  line,
  most,
  object,
  sess,
  text,
} from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';
import { outOfRange } from '../../support/expect.js';

const hook = [sess, callback('fn')];
/** Text that no error may repeat, or null for none. */
const secret = (name: string): Argument => ({
  name,
  good: () => name,
  bad: () => [...fragments, ...all(outOfRange, ['x'.repeat(256), 'é'.repeat(128)])],
  optional: true,
});
const authProtocol = integer('protocol', ne.NE_AUTH_ALL, 0, 2 ** 32 - 1);

testBadInput('session', {
  ne_session_create: [line('scheme', 'http'), line('hostname', 'example.com'), integer('port', 80, 0, 65535)],
  ne_session_destroy: [sess],
  ne_close_connection: [sess],
  ne_set_session_flag: [sess, integer('flag', 0, 0, most), flagValue('value')],
  ne_get_session_flag: [sess, integer('flag', 0, 0, most)],
  ne_set_read_timeout: [sess, integer('timeout', 1, 1, 2147483)],
  ne_set_connect_timeout: [sess, integer('timeout', 1, 1, 2147483)],
  ne_set_useragent: [sess, line('product', 'agent')],
  ne_version_pre_http11: [sess],
  ne_get_server_hostport: [sess],
  ne_get_scheme: [sess],
  ne_fill_server_uri: [sess, object('uri')],
  ne_fill_proxy_uri: [sess, object('uri')],
  ne_set_error: [sess, text('format', 'text')],
  ne_get_error: [sess],
  ne_set_session_private: [sess, key('id')],
  ne_get_session_private: [sess, key('id')],
  ne_hook_create_request: hook,
  ne_hook_pre_send: hook,
  ne_hook_post_headers: hook,
  ne_hook_post_send: hook,
  ne_hook_destroy_request: hook,
  ne_hook_destroy_session: hook,
  ne_hook_close_conn: hook,
  ne_unhook_create_request: hook,
  ne_unhook_pre_send: hook,
  ne_unhook_post_headers: hook,
  ne_unhook_post_send: hook,
  ne_unhook_destroy_request: hook,
  ne_unhook_destroy_session: hook,
  ne_unhook_close_conn: hook,
  ne_set_notifier: [sess, callbackOrNull('status')],
  ne_set_progress: [sess, callbackOrNull('progress')],
  ne_set_server_auth: [sess, callback('creds')],
  ne_set_proxy_auth: [sess, callback('creds')],
  ne_add_server_auth: [sess, authProtocol, callback('creds')],
  ne_add_proxy_auth: [sess, authProtocol, callback('creds')],
  ne_add_auth: [sess, authProtocol, callback('creds')],
  ne_forget_auth: [sess],
  ne_session_proxy: [sess, line('hostname', 'proxy'), integer('port', 80, 0, 65535)],
  ne_session_socks_proxy: [
    sess,
    integer('vers', 2, 0, 2),
    line('hostname', 'proxy'),
    integer('port', 1080, 0, 65535),
    secret('username'),
    secret('password'),
  ],
  ne_session_system_proxy: [sess, integer('flags', 0, 0, 0)],
  ne_redirect_register: [sess],
  ne_redirect_location: [sess],
});

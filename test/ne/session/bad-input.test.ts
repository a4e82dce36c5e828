/** Bad arguments to the functions of ne_session.h. */
import * as ne from 'libneon/ne';
import {
  all,
  type Argument,
  callbackOrNull,
  cert,
  decrypted,
  destroyed,
  flagValue,
  fragments,
  ia,
  integer,
  key,
  line,
  most,
  object,
  sess,
  text,
} from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';
import { neonError, outOfRange, wrongType } from '../../support/expect.js';
import { newAddress, newSession } from '../../support/handles.js';

/** A secret text or null; no error message may contain the text. */
const secret = (name: string): Argument => ({
  name,
  good: () => name,
  bad: () => [...fragments, ...all(outOfRange, ['x'.repeat(256), 'é'.repeat(128)])],
  optional: true,
});
const addrs: Argument = {
  name: 'addrs',
  good: () => [newAddress()],
  bad: () => [
    ...all(wrongType, [undefined, null, 0, 'text', {}, newAddress(), new Set([newAddress()])]),
    ['a list with a hole', [newAddress(), , newAddress()], wrongType],
    ['a list with text', ['127.0.0.1'], wrongType],
    ['a list with a session', [newAddress(), newSession()], wrongType],
    ['a list with one that is destroyed', [destroyed(newAddress(), ne.ne_iaddr_free)], neonError('ERR_NEON_DESTROYED')],
  ],
};

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
  ne_set_notifier: [sess, callbackOrNull('status')],
  ne_set_progress: [sess, callbackOrNull('progress')],
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
  ne_set_addrlist: [sess, addrs],
  ne_set_addrlist2: [sess, integer('port', 80, 0, 65535), addrs],
  ne_set_localaddr: [sess, { ...ia, name: 'addr', bad: (good) => ia.bad(good).slice(2), optional: true }],
  ne_ssl_set_verify: [sess, callbackOrNull('fn')],
  ne_ssl_provide_clicert: [sess, callbackOrNull('fn')],
  ne_ssl_set_clicert: [sess, { ...decrypted, name: 'clicert' }],
  ne_ssl_set_protovers: [sess, integer('min', 0, 0, most), integer('max', 0, 0, most)],
  ne_ssl_trust_cert: [sess, cert],
  ne_ssl_trust_default_ca: [sess],
});

/** Bad arguments to the functions of ne_auth.h. */
import * as ne from 'libneon/ne';
import { callback, integer, sess } from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';

const authProtocol = integer('protocol', ne.NE_AUTH_ALL, 0, 2 ** 32 - 1);

testBadInput('auth', {
  ne_set_server_auth: [sess, callback('creds')],
  ne_set_proxy_auth: [sess, callback('creds')],
  ne_add_server_auth: [sess, authProtocol, callback('creds')],
  ne_add_proxy_auth: [sess, authProtocol, callback('creds')],
  ne_add_auth: [sess, authProtocol, callback('creds')],
  ne_forget_auth: [sess],
});

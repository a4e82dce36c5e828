/**
 * loops.js WORKLOAD COUNT PORT TLSPORT CA: runs a workload COUNT times as a warm-up, then COUNT times more. No
 * finalizer can run during these synchronous loops. Reports how much the resident memory grows in the second loop, in
 * bytes per round. Needs --expose-gc.
 */
import * as ne from '../../../lib/ne/index.js';
import { check, report } from './tools.js';

const [, , workload, count, port, tlsPort, caFile] = process.argv;
const rounds = Number(count);
const pem = ne.ne_ssl_cert_export(ne.ne_ssl_cert_read(caFile!)!);
const session = ne.ne_session_create('http', '127.0.0.1', Number(port));

const workloads = {
  /** A certificate that is freed before the handles of its subject and issuer. */
  names: () => {
    const cert = ne.ne_ssl_cert_import(pem)!;
    check(ne.ne_ssl_readable_dname(ne.ne_ssl_cert_subject(cert)).length > 0);
    check(ne.ne_ssl_readable_dname(ne.ne_ssl_cert_issuer(cert)).length > 0);
    ne.ne_ssl_cert_free(cert);
  },
  /** A handshake in which a callback reads the server's certificate. */
  verify: () => {
    const one = ne.ne_session_create('https', 'localhost', Number(tlsPort));
    ne.ne_ssl_set_verify(one, (_, cert) => {
      check(ne.ne_ssl_readable_dname(ne.ne_ssl_cert_subject(cert)).length > 0);
      return 0;
    });
    const request = ne.ne_request_create(one, 'GET', '/small');
    check(ne.ne_request_dispatch(request) === ne.NE_OK);
    ne.ne_request_destroy(request);
    ne.ne_session_destroy(one);
  },
  /** A propfind handler with the handles of its parts. */
  handlers: () => {
    const handler = ne.ne_propfind_create(session, '/', ne.NE_DEPTH_ZERO);
    check(ne.ne_propfind_get_request(handler) !== null && ne.ne_propfind_get_parser(handler) !== null);
    ne.ne_propfind_destroy(handler);
  },
  /** A list of resolved addresses, and a handle to its first address. */
  addresses: () => {
    const answer = ne.ne_addr_resolve('127.0.0.1', 0);
    check(ne.ne_iaddr_print(ne.ne_addr_first(answer)) === '127.0.0.1');
    ne.ne_addr_destroy(answer);
  },
  /** A request with hooks. The buffer and the cursors that hooks use are also handles. */
  hooks: () => {
    const one = ne.ne_session_create('http', '127.0.0.1', Number(port));
    ne.ne_hook_pre_send(one, (_, header) => ne.ne_buffer_zappend(header, 'X-A: b\r\n'));
    ne.ne_hook_destroy_request(one, (request) => check(ne.ne_get_session(request) === one));
    const request = ne.ne_request_create(one, 'GET', '/small');
    check(ne.ne_request_dispatch(request) === ne.NE_OK);
    check(ne.ne_response_header_iterate(request, null, { value: '' }, { value: '' }) !== null);
    ne.ne_request_destroy(request);
    check(ne.ne_delete(one, '/small') === ne.NE_OK);
    ne.ne_session_destroy(one);
  },
} satisfies Record<string, () => void>;

/** The name of a workload. */
export type LoopWorkload = keyof typeof workloads;

const round = workloads[workload as LoopWorkload];
run(rounds);
const before = resident();
run(rounds);
report({ grown: (resident() - before) / rounds });
process.exit();

/** Collects garbage at regular intervals, because V8 itself collects at unpredictable times. */
function run(times: number): void {
  for (let i = 0; i < times; i++) {
    round();
    if (i % 500 === 0) globalThis.gc!();
  }
}

function resident(): number {
  for (let i = 0; i < 3; i++) globalThis.gc!();
  return process.memoryUsage.rss();
}

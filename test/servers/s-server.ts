/** Starts `openssl s_server`, a TLS server. It presents the given certificates and answers each request with a page. */
import path from 'node:path';
import { requireProgram } from './packages.js';
import type { KeyPair } from './pki.js';
import { scratchDirectory, startProgram, withFreePorts, type RunningServer } from './start.js';

/** The certificates and requirements of the server. */
export interface TlsServerOptions {
  readonly pair: KeyPair;
  /** A PEM file of further certificates to send. */
  readonly chain?: string;
  /**
   * Requests a client certificate that is signed by an authority in the PEM file `ca`. With `require`, the certificate
   * is mandatory.
   */
  readonly clients?: {
    readonly ca: string;
    readonly require: boolean;
    /** The PEM file of a revocation list. The server rejects the certificates on this list. */
    readonly revoked?: string;
  };
  /** Further options of the program, such as `-tls1_2`. */
  readonly options?: readonly string[];
}

/** Starts `openssl s_server` on a free port of 127.0.0.1. */
export function startTlsServer({ pair, chain, clients, options = [] }: TlsServerOptions): Promise<RunningServer> {
  const command = requireProgram('openssl');
  return withFreePorts(1, async (ports) => {
    const [port] = ports as [number];
    const scratch = scratchDirectory('s-server');
    const args = ['s_server', '-quiet', '-www', '-accept', `127.0.0.1:${port}`, '-cert', pair.cert, '-key', pair.key];
    if (chain !== undefined) args.push('-cert_chain', chain);
    if (clients) args.push(clients.require ? '-Verify' : '-verify', '1', '-CAfile', clients.ca, '-verify_return_error');
    if (clients?.revoked !== undefined) args.push('-CRL', clients.revoked, '-crl_check');
    const log = path.join(scratch, 'output.log');
    const child = await startProgram({ command, args: [...args, ...options], ports, log, scratch });
    return { port, pid: child.pid, stop: () => child.stop() };
  });
}

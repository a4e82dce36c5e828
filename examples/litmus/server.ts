/** Represents the server under test: its address, and the two sessions with it. */
import * as ne from 'libneon/ne';
import { Client } from './client.js';
import { end, type Progress, type Test } from './runner.js';

/** The address and credentials of the server. */
export interface Access {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  /** A collection of the server, with a slash at its end. */
  readonly path: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly proxy?: { readonly host: string; readonly port: number } | undefined;
  /** A PKCS#12 file. */
  readonly clientCertificate?: string | undefined;
  /** Accept any server certificate. */
  readonly insecure?: boolean | undefined;
  /** Correct tests of litmus 0.13 as later versions do. */
  readonly corrected?: boolean | undefined;
}

/** The collection that the tests use, inside the collection given by the user. Its old content is deleted first. */
const WORKSPACE = 'litmus/';

export class Server {
  /** The path of the workspace. */
  readonly root: string;
  readonly progress: Progress;
  #sessions: Client[] = [];

  constructor(
    readonly access: Access,
    suite: string,
    private readonly agent: string,
  ) {
    this.root = access.path + WORKSPACE;
    this.progress = { suite, number: 0, test: '', warnings: [] };
  }

  /** The session that the tests use. */
  get client(): Client {
    return this.#sessions[0] ?? end('FAIL', 'there is no session');
  }

  /** A second session, which does not know the locks of the first session. */
  get second(): Client {
    return this.#sessions[1] ?? end('FAIL', 'there is no session');
  }

  /** The path of a resource in the workspace. */
  path(name: string): string {
    return this.root + name;
  }

  /** The headers of a request whose XML a test composes itself. litmus 0.13 sends no Content-Type with such XML. */
  get xmlHeaders(): Record<string, string> {
    return this.access.corrected ? { 'Content-Type': ne.NE_XML_MEDIA_TYPE } : {};
  }

  /** Records a warning of the running test. */
  warn(text: string): void {
    this.progress.warnings.push(text);
  }

  /** The first tests of each suite. */
  opening(): Test[] {
    return [
      { name: 'init', run: () => this.#tryConnecting() },
      { name: 'begin', run: () => this.#open() },
    ];
  }

  /** The last tests of each suite. */
  closing(): Test[] {
    return [{ name: 'finish', run: () => this.close() }];
  }

  /** Destroys both sessions. May be called more than once. */
  close(): void {
    for (const { session } of this.#sessions.splice(0)) ne.ne_session_destroy(session);
  }

  /** Opens a TCP connection to the server, or to the proxy. The caller closes it. */
  connect(): ne.ne_socket {
    const { host, port } = this.access.proxy ?? this.access;
    const addresses = ne.ne_addr_resolve(host, 0);
    if (ne.ne_addr_result(addresses) !== 0) end('FAIL', `no address of ${host}: ${ne.ne_addr_error(addresses)}`);

    const socket = ne.ne_sock_create();
    let address: ne.ne_inet_addr | null = ne.ne_addr_first(addresses);
    while (address !== null && ne.ne_sock_connect(socket, address, port) !== 0) address = ne.ne_addr_next(addresses);
    if (address !== null) return socket;
    const reason = ne.ne_sock_error(socket);
    ne.ne_sock_close(socket);
    return end('FAIL', `no connection to ${host}, port ${port}: ${reason}`);
  }

  #tryConnecting(): void {
    ne.ne_sock_close(this.connect());
  }

  #open(): void {
    this.#sessions = [this.#client('X-Litmus'), this.#client('X-Litmus-Second')];
    const { session } = this.client;
    ne.ne_delete(session, this.root);
    if (ne.ne_mkcol(session, this.root) !== ne.NE_OK)
      end('FAIL', `the tests need a collection ${this.root}, and could not create it: ${this.client.error}`);
  }

  /** Creates a session. As in litmus, each of its requests names the running test in a header, for the server's log. */
  #client(header: string): Client {
    const { access, progress } = this;
    const session = ne.ne_session_create(access.scheme, access.host, access.port);
    if (access.proxy) ne.ne_session_proxy(session, access.proxy.host, access.proxy.port);
    ne.ne_set_useragent(session, this.agent);
    if (access.user !== undefined) authenticate(session, access.user, access.password ?? '');
    if (access.scheme === 'https') prepareTls(session, access);
    ne.ne_hook_pre_send(session, (_request, head) =>
      ne.ne_buffer_zappend(head, `${header}: ${progress.suite}: ${progress.number} (${progress.test})\r\n`),
    );
    return new Client(session, (text) => this.warn(text));
  }
}

/** Tries the credentials once; a second challenge means that the server rejects them. */
function authenticate(session: ne.ne_session, username: string, password: string): void {
  ne.ne_set_server_auth(session, (_realm, attempt) => attempt || { username, password });
}

function prepareTls(session: ne.ne_session, { clientCertificate, password, insecure }: Access): void {
  ne.ne_ssl_trust_default_ca(session);
  if (insecure) ne.ne_ssl_set_verify(session, () => 0);
  if (clientCertificate === undefined) return;

  const certificate = ne.ne_ssl_clicert_read(clientCertificate);
  if (certificate === null) return end('FAIL', `${clientCertificate} is not a client certificate`);
  if (ne.ne_ssl_clicert_encrypted(certificate) && ne.ne_ssl_clicert_decrypt(certificate, password ?? '') !== 0)
    end('FAIL', `the password is not that of ${clientCertificate}`);
  ne.ne_ssl_set_clicert(session, certificate);
}

/**
 * Starts nginx as a fast server of static files on loopback. Connections stay open for any number of requests. TLS is
 * optional.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { requireProgram } from './packages.js';
import { testPki } from './pki.js';
import { scratchDirectory, startProgram, withFreePorts, type RunningServer } from './start.js';

/** The file that always exists, and its 12 bytes. */
export const smallFile = { path: '/small', body: 'Hello, neon!' } as const;

/** The text that is repeated in files of a given size. */
export const pattern = '0123456789abcdef';

/** The module that WebDAV needs in addition to the program. */
export const nginxDavExt = '/usr/lib/nginx/modules/ngx_http_dav_ext_module.so';

/** The files and features of nginx. */
export interface NginxOptions {
  /** More files to serve, by path. A number creates a file of this size, filled with the {@link pattern}. */
  readonly files?: Readonly<Record<string, string | Uint8Array | number>>;
  /**
   * A path that accepts a body with any method. The server reads the whole body and discards it. It then sends 200
   * without a body; the header `Received` contains the number of bytes received.
   */
  readonly sink?: string;
  /** Paths of XML files. The server sends such a file as a 207 response to every method except GET and HEAD. */
  readonly multistatus?: readonly string[];
  /** Also listens on a TLS port, with the server certificate of the test PKI. */
  readonly tls?: boolean;
  /**
   * Enables nginx's partial support for WebDAV. nginx announces class 2 but not class 1, does not support PROPPATCH,
   * and has other quirks.
   */
  readonly dav?: boolean;
}

/** A running nginx. */
export interface Nginx extends RunningServer {
  /** 0 without TLS. */
  readonly tlsPort: number;
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly tlsOrigin: string;
}

/** Starts nginx; it serves {@link smallFile} and the files of the options. */
export function startNginx(options: NginxOptions = {}): Promise<Nginx> {
  const command = requireProgram('nginx');
  return withFreePorts(options.tls ? 2 : 1, async (ports) => {
    const [port, tlsPort = 0] = ports as [number, number?];
    const scratch = scratchDirectory('nginx');
    layOut(scratch, { [smallFile.path]: smallFile.body, ...options.files });
    const config = path.join(scratch, 'nginx.conf');
    const log = path.join(scratch, 'error.log');
    writeFileSync(config, configuration(scratch, port, tlsPort, options));

    const args = ['-p', scratch, '-c', config, '-e', log];
    const child = await startProgram({ command, args, ports, log, scratch });
    const origin = `http://127.0.0.1:${port}`;
    const tlsOrigin = tlsPort === 0 ? '' : `https://127.0.0.1:${tlsPort}`;
    return { port, tlsPort, origin, tlsOrigin, pid: child.pid, stop: () => child.stop() };
  });
}

function layOut(scratch: string, files: Required<NginxOptions>['files']): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(scratch, 'files', name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'number' ? Buffer.alloc(content, pattern) : content);
  }
}

function configuration(scratch: string, port: number, tlsPort: number, options: NginxOptions): string {
  const { sink, multistatus = [], dav = false } = options;
  return `
${dav ? `load_module ${requireProgram(nginxDavExt)};` : ''}
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${scratch}/nginx.pid;
error_log ${scratch}/error.log warn;
events { worker_connections 1024; }
http {
  access_log off;
  default_type application/octet-stream;
  client_body_temp_path ${scratch}/body;
  proxy_temp_path ${scratch}/proxy;
  fastcgi_temp_path ${scratch}/fastcgi;
  uwsgi_temp_path ${scratch}/uwsgi;
  scgi_temp_path ${scratch}/scgi;
  sendfile on;
  tcp_nodelay on;
  ${dav ? 'dav_ext_lock_zone zone=locks:1m;' : 'open_file_cache max=1000 inactive=1h;'}
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:${port};
    ${tlsPort === 0 ? '' : tlsDirectives(tlsPort)}
    root ${scratch}/files;
    ${sink === undefined ? '' : sinkDirectives(sink, port)}
    ${multistatus.map(multistatusDirectives).join('')}
    ${dav ? davDirectives : ''}
  }
}
`;
}

const davDirectives = `
    location / {
      dav_methods PUT DELETE MKCOL COPY MOVE;
      dav_ext_methods PROPFIND OPTIONS LOCK UNLOCK;
      dav_ext_lock zone=locks;
    }`;

function tlsDirectives(tlsPort: number): string {
  const { cert, key } = testPki().server;
  return `
    listen 127.0.0.1:${tlsPort} ssl;
    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:1m;`;
}

/**
 * With `return` or a static file, nginx would respond before the body has arrived. This location therefore works as a
 * proxy. It reads the whole body first, and keeps up to `client_body_buffer_size` of it in memory. It then forwards the
 * head without the body to another location of the same server.
 */
function sinkDirectives(sink: string, port: number): string {
  return `
    location = ${sink} {
      client_max_body_size 0;
      client_body_buffer_size 1m; # in a larger one, nginx needs quadratic time for a body in chunks
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_pass http://127.0.0.1:${port}${sink}/received;
      add_header Received $content_length;
    }
    location = ${sink}/received { return 200; }`;
}

/**
 * For a static file, nginx rejects all methods except GET and HEAD with 405. This location replaces the 405 by a 207
 * with the content of the file.
 */
function multistatusDirectives(file: string): string {
  return `
    location = ${file} {
      types { }
      default_type 'application/xml; charset="utf-8"';
      error_page 405 =207 ${file};
    }`;
}

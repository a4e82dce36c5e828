/** Generates Apache's configuration for the tests; see `apache.ts`. */
import { existsSync } from 'node:fs';
import type { Pki } from './pki.js';

/** The settings that differ from one start to the next. */
export interface ApacheSettings {
  readonly scratch: string;
  readonly pki: Pki;
  /** The user that Apache switches to when root starts it. Null if another user starts it. */
  readonly user: string | null;
  readonly port: number;
  readonly tlsPort: number;
  readonly clientCertificatePort: number;
  readonly extra: string;
}

const MODULES_FOLDER = '/usr/lib/apache2/modules';

const MODULES = `
  mpm_event unixd log_config authn_core authn_file authz_core authz_user auth_basic auth_digest alias dir autoindex env
  setenvif headers mime filter deflate ratelimit reqtimeout cgid dav dav_fs dav_lock socache_shmcb ssl`
  .trim()
  .split(/\s+/);

/** The text of the configuration. */
export function apacheConfiguration(settings: ApacheSettings): string {
  return [general(settings), limits, places(settings), tls(settings), settings.extra].join('\n');
}

/** Loads only the modules that exist as files. Some versions of Apache have the other modules built in. */
function loadModules(): string {
  const file = (module: string): string => `${MODULES_FOLDER}/mod_${module}.so`;
  return MODULES.filter((module) => existsSync(file(module)))
    .map((module) => `LoadModule ${module}_module ${file(module)}`)
    .join('\n');
}

function general({ scratch, user, port, tlsPort, clientCertificatePort }: ApacheSettings): string {
  return `
${loadModules()}
ServerName localhost
ServerRoot ${scratch}
PidFile ${scratch}/run/apache.pid
DefaultRuntimeDir ${scratch}/run
Mutex file:${scratch}/run default
ErrorLog ${scratch}/run/error.log
LogLevel warn
LogFormat "%u \\"%r\\" %>s %B" short
CustomLog ${scratch}/run/access.log short
ScriptSock ${scratch}/run/cgid.sock
DavLockDB ${scratch}/run/locks
${user === null ? '' : `User ${user}`}
Listen 127.0.0.1:${port}
Listen 127.0.0.1:${tlsPort}
Listen 127.0.0.1:${clientCertificatePort}
`;
}

const limits = `
StartServers 1
ServerLimit 2
ThreadsPerChild 32
MaxRequestWorkers 64
KeepAliveTimeout 5
MaxKeepAliveRequests 0
Timeout 60
LimitXMLRequestBody 10485760
AcceptPathInfo On
DavMinTimeout 1
DavDepthInfinity On
TypesConfig /dev/null
AddType text/plain .txt
AddType text/html .html
`;

function places({ scratch, port }: ApacheSettings): string {
  const here = `http://127.0.0.1:${port}`;
  return `
DocumentRoot ${scratch}/documents
<Directory />
  Require all granted
  Options +Indexes +ExecCGI
  AllowOverride None
</Directory>

Alias /dav ${scratch}/dav
<Location /dav>
  Dav On
</Location>

Alias /basic ${scratch}/basic
<Location /basic>
  Dav On
  AuthType Basic
  AuthName "basic realm"
  AuthUserFile ${scratch}/basic.users
  Require valid-user
</Location>

Alias /digest-stale ${scratch}/digest
Alias /digest ${scratch}/digest
<LocationMatch "^/digest">
  Dav On
  AuthType Digest
  AuthName "digest realm"
  AuthDigestProvider file
  AuthUserFile ${scratch}/digest.users
  Require valid-user
</LocationMatch>
<Location /digest>
  AuthDigestDomain /digest/
</Location>
# Nonces that live for one second, so that a client receives stale=true
<Location /digest-stale>
  AuthDigestNonceLifetime 1
</Location>

Alias /gzip ${scratch}/dav
<Location /gzip>
  SetOutputFilter DEFLATE
</Location>
# Accepts gzipped request bodies
Alias /inflate ${scratch}/dav
<Location /inflate>
  Dav On
  SetInputFilter DEFLATE
</Location>
# 32 KiB a second
Alias /throttle ${scratch}/dav
<Location /throttle>
  SetOutputFilter RATE_LIMIT
  SetEnv rate-limit 32
</Location>

Redirect 301 /r301 ${here}/dav
Redirect 302 /r302 ${here}/dav
Redirect 303 /r303 ${here}/dav
Redirect 307 /r307 ${here}/dav
Redirect 308 /r308 ${here}/dav
Redirect 302 /loop ${here}/loop
Redirect 302 /elsewhere http://localhost:${port}/dav
Redirect 410 /gone

ScriptAlias /cgi/ ${scratch}/cgi/
`;
}

function tls({ scratch, pki, tlsPort, clientCertificatePort }: ApacheSettings): string {
  const identity = `
  ServerName localhost
  SSLEngine on
  SSLCertificateFile ${pki.server.cert}
  SSLCertificateKeyFile ${pki.server.key}
  SSLCACertificateFile ${pki.ca.cert}
  SSLCARevocationFile ${pki.crl}
  SSLCARevocationCheck leaf
  SSLVerifyDepth 2`;
  return `
SSLSessionCache shmcb:${scratch}/run/tls-sessions(512000)
<VirtualHost 127.0.0.1:${tlsPort}>${identity}
  SSLProtocol -all +TLSv1.2 +TLSv1.3
  SSLVerifyClient none
  Alias /mtls ${scratch}/dav
  <Location /mtls>
    Dav On
    SSLVerifyClient require
    SSLOptions +StdEnvVars
  </Location>
</VirtualHost>
<VirtualHost 127.0.0.1:${clientCertificatePort}>${identity}
  SSLProtocol -all +TLSv1.2
  SSLVerifyClient require
</VirtualHost>
`;
}

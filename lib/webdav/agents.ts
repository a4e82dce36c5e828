/** Converts the agents of Node to the options of a session pool. */
import { isObject } from '../core/objects.js';
import type { SessionPoolOptions } from '../classes/pool.js';
import { unsupported } from './errors.js';

/** The settings of an agent that concern how Node keeps connections: a pool keeps its own. */
const idle: ReadonlySet<string> = new Set([
  'agentKeepAliveTimeoutBuffer',
  'keepAlive',
  'keepAliveMsecs',
  'maxFreeSockets',
  'maxCachedSessions',
  'noDelay',
  'path',
  'scheduling',
]);

/** The settings of an agent that a TLS option means exactly. */
const exact: ReadonlySet<string> = new Set(['maxVersion', 'minVersion', 'passphrase', 'pfx']);

/**
 * Returns the options of a pool that mean what the settings of an agent mean.
 *
 * @param name the name of the option: `'httpsAgent'`
 * @throws {@link WebDAVRefusal} for a subclass, such as the agent of a proxy, and for a setting without a counterpart
 */
export function agentOptions(name: 'httpAgent' | 'httpsAgent', agent: unknown): SessionPoolOptions {
  if (agent === undefined || agent === null || agent === false) return {};
  const module = process.getBuiltinModule(name === 'httpAgent' ? 'node:http' : 'node:https');
  if (!isObject(agent) || agent.constructor !== module.Agent)
    throw unsupported(
      `The option "${name}" must be an Agent of ${name === 'httpAgent' ? 'node:http' : 'node:https'}, ` +
        'because sessions of neon connect without it: use the option "pool", which has "proxy" and "tls"',
    );
  const options: SessionPoolOptions = {};
  const tls: Record<string, unknown> = {};
  for (const [key, value] of Object.entries((agent as { readonly options: Record<string, unknown> }).options)) {
    if (value === undefined || value === null || idle.has(key)) continue;
    if (key === 'maxSockets' || key === 'maxTotalSockets') {
      if (value !== Infinity) options.connections = value as number;
    } else if (name === 'httpsAgent' && exact.has(key) && isPlain(value)) {
      tls[key] = value;
    } else if (name === 'httpsAgent' && key === 'ca') {
      Object.assign(tls, { ca: value, trustDefaultCA: false }); // Node then trusts only these
    } else if (name === 'httpsAgent' && key === 'rejectUnauthorized') {
      if (value === false) tls['verify'] = () => true;
    } else {
      throw unsupported(
        `The setting "${key}" of the option "${name}" has no counterpart in a session of neon: omit it, or use the ` +
          'option "pool"',
      );
    }
  }
  if (Object.keys(tls).length > 0) options.tls = tls;
  return options;
}

/** Whether a value is text or bytes: an agent also accepts arrays, which a session does not. */
function isPlain(value: unknown): boolean {
  return typeof value === 'string' || value instanceof Uint8Array;
}

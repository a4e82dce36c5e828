/** A WebDAV client without neon. If a call fails with both clients, the server is the cause, not neon. */
import type { LockOptions } from 'libneon';
import { fetchOnce, type Answer } from '../../servers/client.js';
import type { DavClient, Held, Listed, Reply } from './dav-client.js';

type Headers = Record<string, string>;

/** The error for a response whose status, or a status in its multi-status document, is not 2xx. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly failures: readonly { readonly status: number }[],
  ) {
    super(`status ${status}`);
  }
}

/** Opens a client of the server with this origin. */
export function plainClient(origin: string): DavClient {
  const held = new Map<string, Held>();

  async function send(method: string, target: string, headers: Headers = {}, body?: string | Buffer): Promise<Answer> {
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    // Node would normalize a URL, but sends the option `path` unchanged.
    return fetchOnce(origin, { method, path: target, headers: { ...headers, ...length } }, body);
  }

  async function need(method: string, target: string, headers: Headers = {}, body?: string | Buffer): Promise<Reply> {
    const answer = await send(method, target, { ...submitted(method, target, headers), ...headers }, body);
    const changing = !['GET', 'HEAD', 'OPTIONS', 'PROPFIND', 'LOCK', 'POST'].includes(method);
    const failures = changing && answer.status === 207 ? failuresIn(answer.body.toString()) : [];
    if (answer.status < 200 || answer.status > 299 || failures.length > 0) throw new Refusal(answer.status, failures);
    return reply(answer);
  }

  /** Returns an `If` header with the tokens of the locks that cover the target or the destination. */
  function submitted(method: string, target: string, { Destination = '' }: Headers): Headers {
    if (['GET', 'HEAD', 'OPTIONS', 'PROPFIND', 'LOCK', 'UNLOCK'].includes(method)) return {};
    const covers = (lock: Held): boolean =>
      [origin + target, Destination].some((uri) => uri.startsWith(origin + lock.target));
    const locks = [...held.values()].filter(covers);
    return locks.length === 0
      ? {}
      : { If: locks.map((lock) => `<${origin}${lock.target}> (<${lock.token}>)`).join(' ') };
  }

  async function query(target: string, depth: 0 | 1 | 'infinity', content: string): Promise<string> {
    const headers = { Depth: String(depth), 'Content-Type': 'application/xml' };
    const answer = await need('PROPFIND', target, headers, `<propfind xmlns="DAV:">${content}</propfind>`);
    return (await answer.bytes()).toString();
  }

  const client: DavClient = {
    request: async (method, target, { headers, body } = {}) => reply(await send(method, target, headers, body)),
    get: (target, { headers } = {}) => need('GET', target, headers),
    head: (target, { headers } = {}) => need('HEAD', target, headers),
    put: (target, body, { headers } = {}) => need('PUT', target, headers, body),
    post: (target, body, { headers } = {}) => need('POST', target, headers, body),
    async delete(target) {
      const answer = await need('DELETE', target);
      for (const lock of held.values()) if (lock.target.startsWith(target)) held.delete(lock.token);
      return answer;
    },
    mkcol: (target) => need('MKCOL', target.endsWith('/') ? target : `${target}/`),
    copy: (source, destination, { overwrite = true, depth = 'infinity' } = {}) =>
      need('COPY', source, {
        Destination: origin + destination,
        Overwrite: overwrite ? 'T' : 'F',
        Depth: String(depth),
      }),
    move: (source, destination, { overwrite = true } = {}) =>
      need('MOVE', source, { Destination: origin + destination, Overwrite: overwrite ? 'T' : 'F' }),
    async options(target) {
      const { headers } = await need('OPTIONS', target);
      return { dav: itemsOf(headers['dav']), allow: itemsOf(headers['allow']) };
    },
    async getModTime(target) {
      const { headers } = await need('HEAD', target);
      const text = headers['last-modified'];
      return text === undefined ? null : new Date(String(text));
    },
    async getRange(target, { start, end }) {
      const answer = await need('GET', target, { Range: `bytes=${start}-${end ?? ''}` });
      const isRange = String(answer.headers['content-range']).startsWith(`bytes ${start}-`);
      if (answer.status !== 206 || !isRange) throw new Refusal(answer.status, []);
      return answer;
    },
    async propfind(target, { depth = 1, props } = {}) {
      const content = props ? `<prop>${props.map((name) => elementOf(name)).join('')}</prop>` : '<allprop/>';
      return entriesIn(await query(target, depth, content));
    },
    propNames: async (target, { depth = 1 } = {}) => entriesIn(await query(target, depth, '<propname/>')),
    proppatch(target, { set = {}, remove = [] }) {
      const sets = Object.entries(set).map(
        ([name, value]) => `<set><prop>${elementOf(name, escapeText(value))}</prop></set>`,
      );
      const removes = remove.map((name) => `<remove><prop>${elementOf(name)}</prop></remove>`);
      const body = `<propertyupdate xmlns="DAV:">${[...sets, ...removes].join('')}</propertyupdate>`;
      return need('PROPPATCH', target, { 'Content-Type': 'application/xml' }, body);
    },
    setAcl: (target) => need('ACL', target, { 'Content-Type': 'application/xml' }, '<acl xmlns="DAV:"/>'),
    async lock(target, options = {}) {
      const body = lockBody(options);
      const headers = { ...lockHeaders(options.duration), Depth: String(options.depth ?? 0) };
      const answer = await need('LOCK', target, { ...headers, 'Content-Type': 'application/xml' }, body);
      const token = String(answer.headers['lock-token']).replace(/[<>\s]/g, '');
      const lock = { target, token, duration: durationIn((await answer.bytes()).toString()) };
      held.set(token, lock);
      return lock;
    },
    async unlock({ target, token }) {
      await need('UNLOCK', target, { 'Lock-Token': `<${token}>` });
      held.delete(token);
    },
    async refreshLock({ target, token }, { duration } = {}) {
      const answer = await need('LOCK', target, { ...lockHeaders(duration), If: `(<${token}>)` });
      return durationIn((await answer.bytes()).toString());
    },
    async discoverLocks(target) {
      const document = await query(target, 0, '<prop><lockdiscovery/></prop>');
      const code = entriesIn(document)[0]?.status['lockdiscovery']?.code;
      if (code !== undefined) return [{ error: new Refusal(code, []) }];
      const tokenOf = (lock: string): string | undefined => piecesOf(piecesOf(lock, 'locktoken')[0] ?? '', 'href')[0];
      return piecesOf(document, 'activelock').map((lock) => ({ token: tokenOf(lock)?.trim() }));
    },
    async withLock(target, action, options) {
      const lock = await client.lock(target, options);
      try {
        return await action();
      } finally {
        await client.unlock(lock);
      }
    },
  };
  return client;
}

function reply({ status, headers, body }: Answer): Reply {
  return { status, headers, bytes: async () => body };
}

function itemsOf(field: string | string[] | undefined): string[] {
  return String(field ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function elementOf(name: string, content = ''): string {
  const [, space = 'DAV:', local = name] = /^\{(.*)\}(.*)$/.exec(name) ?? [];
  return `<${local} xmlns="${space}">${content}</${local}>`;
}

function escapeText(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

function lockHeaders(duration: number | undefined): Headers {
  return duration === undefined ? {} : { Timeout: duration === Infinity ? 'Infinite' : `Second-${duration / 1000}` };
}

function lockBody({ scope = 'exclusive', owner }: LockOptions): string {
  const ownerElement = typeof owner === 'string' ? `<owner>${escapeText(owner)}</owner>` : '';
  return `<lockinfo xmlns="DAV:"><lockscope><${scope}/></lockscope><locktype><write/></locktype>${ownerElement}</lockinfo>`;
}

/** The duration of a lock in milliseconds, or null if it is unknown. Go's servers send `Second-0` in that case. */
function durationIn(document: string): number | null {
  const text = piecesOf(document, 'timeout')[0]?.trim() ?? '';
  if (/^infinite$/i.test(text)) return Infinity;
  return Number(/^Second-(\d+)/i.exec(text)?.[1] ?? 0) * 1000 || null;
}

/** All statuses other than 2xx in a multi-status document. */
function failuresIn(document: string): { status: number }[] {
  const statuses = piecesOf(document, 'status').map((line) => Number(line.split(' ')[1]));
  return statuses.filter((status) => status > 299).map((status) => ({ status }));
}

/**
 * The entries of a multi-status document. Supports only what these servers write: no comments, and one namespace for
 * each prefix.
 */
function entriesIn(document: string): Listed[] {
  const spaces = Object.fromEntries([...document.matchAll(/\sxmlns:([\w-]+)="([^"]*)"/g)].map(([, ...pair]) => pair));
  return piecesOf(document, 'response').map((response) => {
    const props: Record<string, unknown> = {};
    const status: Record<string, { code: number }> = {};
    for (const propstat of piecesOf(response, 'propstat')) {
      const code = Number(piecesOf(propstat, 'status')[0]?.split(' ')[1]);
      const content = piecesOf(propstat, 'prop')[0] ?? '';
      for (const [, prefix, name, attributes, value] of content.matchAll(
        /<(?:([\w-]+):)?([\w-]+)([^>]*?)(?:\/>|>([^<]*))/g,
      )) {
        const own = /\sxmlns="([^"]*)"/.exec(attributes!)?.[1] ?? 'DAV:';
        const space = prefix === undefined ? own : spaces[prefix];
        const key = space === 'DAV:' ? name! : `{${space}}${name}`;
        if (code === 200) props[key] = unescapeText(value ?? '');
        else status[key] = { code };
      }
    }
    const href = targetOf(unescapeText(piecesOf(response, 'href')[0] ?? ''));
    const code = Number(
      /<(?:[\w-]+:)?status[^>]*>\S+ (\d+)/.exec(response.replace(/<([\w-]+:)?propstat.*propstat>/s, ''))?.[1],
    );
    return { href, props, status, ...(code && { error: { status: code } }) };
  });
}

/** The path of an href. Characters that a request line cannot contain are escaped. */
function targetOf(href: string): string | null {
  if (href.trim() === '') return null;
  const path = href.trim().replace(/^https?:\/\/[^/]*/, '');
  return path.replace(/%(?![\dA-Fa-f]{2})|[^\w\-.~%!$&'()*+,;=:@/]+/g, (text) => encodeURIComponent(text));
}

function piecesOf(document: string, name: string): string[] {
  const pattern = new RegExp(`<([\\w-]+:)?${name}(?:\\s[^>]*)?>(.*?)</\\1${name}\\s*>`, 'gs');
  return [...document.replace(/<([\w-]+:)?(\w+)(\s[^>]*)?\/>/g, '<$1$2$3></$1$2>').matchAll(pattern)].map(
    ([, , text]) => text!,
  );
}

function unescapeText(text: string): string {
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replace(/&(?:#x([\dA-Fa-f]+)|#(\d+)|(\w+));/g, (whole, hex?: string, decimal?: string, name?: string) =>
    name === undefined ? String.fromCodePoint(hex ? parseInt(hex, 16) : Number(decimal)) : (entities[name] ?? whole),
  );
}

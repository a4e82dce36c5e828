/** The twin of uri.c. */
import { readFileSync } from 'node:fs';
import * as ne from 'libneon/ne';
import { playTwin, sayNumber, sayText } from './twin.js';

function sayUri({ scheme, host, userinfo, port, path, query, fragment }: ne.ne_uri): void {
  sayText('scheme', scheme);
  sayText('host', host);
  sayText('userinfo', userinfo);
  sayNumber('port', port);
  sayText('path', path);
  sayText('query', query);
  sayText('fragment', fragment);
}

function sayReference(base: ne.ne_uri, before: Partial<ne.ne_uri>, line: string): ne.ne_uri {
  const uri = {} as ne.ne_uri;
  const result = ne.ne_uri_parse(line, uri);
  sayNumber('parse', result);
  sayUri(uri);
  if (uri.scheme !== null) sayNumber('defaultport', ne.ne_uri_defaultport(uri.scheme));
  if (result !== 0) return uri;

  const [resolved, copied] = [{} as ne.ne_uri, {} as ne.ne_uri];
  sayText('unparse', ne.ne_uri_unparse(uri));
  sayNumber('returned', Number(ne.ne_uri_resolve(base, uri, resolved) === resolved));
  sayUri(resolved);
  sayText('resolved', ne.ne_uri_unparse(resolved));
  sayNumber('returned', Number(ne.ne_uri_copy(copied, uri) === copied));
  sayNumber('copied', ne.ne_uri_cmp(copied, uri));
  sayNumber('cmp', ne.ne_uri_cmp(before, uri));
  sayNumber('back', ne.ne_uri_cmp(uri, before));
  return uri;
}

function sayPath(before: string, path: string): void {
  sayText('escape', ne.ne_path_escape(path));
  for (let flags = 0; flags < 8; flags++) sayText('escapef', ne.ne_path_escapef(path, flags));
  sayText('unescape', ne.ne_path_unescape(path));
  sayText('parent', ne.ne_path_parent(path));
  sayNumber('slash', ne.ne_path_has_trailing_slash(path));
  sayNumber('compare', ne.ne_path_compare(before, path));
  sayNumber('childof', ne.ne_path_childof(before, path));
}

playTwin(async (_io, _port, [table = '']) => {
  const base = {} as ne.ne_uri;
  ne.ne_uri_parse('http://a/b/c/d;p?q', base);
  let [before, lineBefore]: [Partial<ne.ne_uri>, string] = [{}, ''];

  for (const line of readFileSync(table, 'utf8').split('\n').slice(0, -1)) {
    sayText('line', line);
    const uri = sayReference(base, before, line);
    sayPath(lineBefore, line);
    [before, lineBefore] = [uri, line];
  }
  ne.ne_uri_free(base);
  sayUri(base);
});

/** Implements the twin of uri.c. */
import { readFileSync } from 'node:fs';
import * as ne from 'libneon/ne';
import { runMain, printNumber, printText } from './twin.js';

function printUri({ scheme, host, userinfo, port, path, query, fragment }: ne.ne_uri): void {
  printText('scheme', scheme);
  printText('host', host);
  printText('userinfo', userinfo);
  printNumber('port', port);
  printText('path', path);
  printText('query', query);
  printText('fragment', fragment);
}

function printReference(base: ne.ne_uri, before: Partial<ne.ne_uri>, line: string): ne.ne_uri {
  const uri = {} as ne.ne_uri;
  const result = ne.ne_uri_parse(line, uri);
  printNumber('parse', result);
  printUri(uri);
  if (uri.scheme !== null) printNumber('defaultport', ne.ne_uri_defaultport(uri.scheme));
  if (result !== 0) return uri;

  const [resolved, copied] = [{} as ne.ne_uri, {} as ne.ne_uri];
  printText('unparse', ne.ne_uri_unparse(uri));
  printNumber('returned', Number(ne.ne_uri_resolve(base, uri, resolved) === resolved));
  printUri(resolved);
  printText('resolved', ne.ne_uri_unparse(resolved));
  printNumber('returned', Number(ne.ne_uri_copy(copied, uri) === copied));
  printNumber('copied', ne.ne_uri_cmp(copied, uri));
  printNumber('cmp', ne.ne_uri_cmp(before, uri));
  printNumber('back', ne.ne_uri_cmp(uri, before));
  return uri;
}

function printPath(before: string, path: string): void {
  printText('escape', ne.ne_path_escape(path));
  for (let flags = 0; flags < 8; flags++) printText('escapef', ne.ne_path_escapef(path, flags));
  printText('unescape', ne.ne_path_unescape(path));
  printText('parent', ne.ne_path_parent(path));
  printNumber('slash', ne.ne_path_has_trailing_slash(path));
  printNumber('compare', ne.ne_path_compare(before, path));
  printNumber('childof', ne.ne_path_childof(before, path));
}

runMain(async (_io, _port, [table = '']) => {
  const base = {} as ne.ne_uri;
  ne.ne_uri_parse('http://a/b/c/d;p?q', base);
  let [before, lineBefore]: [Partial<ne.ne_uri>, string] = [{}, ''];

  for (const line of readFileSync(table, 'utf8').split('\n').slice(0, -1)) {
    printText('line', line);
    const uri = printReference(base, before, line);
    printPath(lineBefore, line);
    [before, lineBefore] = [uri, line];
  }
  ne.ne_uri_free(base);
  printUri(base);
});

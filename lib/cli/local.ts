/** The local files that an argument names. In the shell of the client, no other program expands patterns. */
import { lstat, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

import { expand, hasMagic, matcherOf } from '../core/glob.js';
import { ClientError } from './failure.js';

/** Whether an argument is a pattern. */
export const isLocalPattern = (arg: string): boolean => expand(arg).length > 1 || arg.split('/').some(hasMagic);

/**
 * The files that an argument names: the file of exactly this name, or else those that match the pattern.
 *
 * @throws a failure if nothing matches a pattern
 */
export async function findLocal(arg: string): Promise<string[]> {
  const file = arg.replace(/^~(?=\/|$)/, homedir());
  if (!isLocalPattern(file) || (await exists(file))) return [file];
  const found: string[] = [];
  for (const choice of expand(file)) {
    const [start = '', ...names] = choice.split('/');
    found.push(...(choice.startsWith('/') ? await matches('/', names) : await matches('', [start, ...names])));
  }
  if (found.length === 0)
    throw new ClientError('other', 'NO_MATCH', `no local file matches ${arg}`, 'check the pattern');
  return [...new Set(found)];
}

async function exists(file: string): Promise<boolean> {
  return await lstat(file).then(
    () => true,
    () => false,
  );
}

async function matches(folder: string, [name, ...rest]: readonly string[]): Promise<string[]> {
  if (name === undefined || (name === '' && rest.length === 0)) return [folder];
  if (!hasMagic(name) && name !== '**') {
    const file = path.join(folder, name.replaceAll(/\\([^])/g, '$1'));
    if (rest.length > 0) return await matches(`${file}/`, rest);
    return (await exists(file)) ? [file] : [];
  }
  const isMatch = matcherOf(name.replace(/^[!#]/, String.raw`\$&`));
  const members = await readdir(folder || '.', { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  // `**` stands for no folder, or for any number of folders.
  if (name === '**') found.push(...(await matches(folder, rest.length > 0 ? rest : ['*'])));
  for (const member of members.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const file = folder + member.name;
    if (name === '**') {
      if (member.isDirectory() && !member.name.startsWith('.'))
        found.push(...(await matches(`${file}/`, [name, ...rest])));
    } else if (!isMatch(member.name)) continue;
    else if (rest.length === 0) found.push(file);
    else if (member.isDirectory()) found.push(...(await matches(`${file}/`, rest)));
  }
  return found;
}

/** The file `.netrc`: credentials of servers, one entry for each machine. */

/** An entry of the file. */
export interface NetrcEntry {
  /** The name of the host; undefined for the entry `default`, which is for all other hosts. */
  readonly machine: string | undefined;
  readonly login: string | undefined;
  readonly password: string | undefined;
}

/**
 * Parses a `.netrc` file. Words are separated by white space. Words in double quotes may have spaces, and a backslash
 * there stands for the next character. `#` at the beginning of a word starts a comment. The lines of a macro (`macdef`)
 * are ignored up to an empty line.
 *
 * @throws an error with the line and the reason; it contains no word that may be a secret
 */
export function parseNetrc(text: string): NetrcEntry[] {
  const entries: { -readonly [key in keyof NetrcEntry]: NetrcEntry[key] }[] = [];
  const words = wordsOf(text);
  const valueOf = (keyword: string, line: number): string => {
    const next = words.next();
    if (next.done) throw new SyntaxError(`line ${line}: nothing follows "${keyword}"`);
    return next.value.text;
  };
  for (const { text: keyword, line } of words) {
    const entry = entries.at(-1);
    if (keyword === 'machine') entries.push({ machine: valueOf(keyword, line), login: undefined, password: undefined });
    else if (keyword === 'default') entries.push({ machine: undefined, login: undefined, password: undefined });
    else if (keyword === 'login' || keyword === 'password' || keyword === 'account') {
      if (!entry) throw new SyntaxError(`line ${line}: "${keyword}" comes before "machine"`);
      const value = valueOf(keyword, line);
      if (keyword !== 'account') entry[keyword] = value;
    } else if (keyword !== 'macdef') throw new SyntaxError(`line ${line}: a word that is not known`);
  }
  return entries;
}

interface Word {
  readonly text: string;
  readonly line: number;
}

function* wordsOf(text: string): Generator<Word, undefined> {
  let line = 1;
  const pattern = /\s+|#[^\n]*|macdef(?=\s)[^]*?(?:\n[ \t\r]*\n|$)|"((?:[^"\\\n]|\\.)*)"(?=\s|$)|(\S+)/gy;
  for (const [whole, quoted, plain] of text.matchAll(pattern)) {
    if (plain?.startsWith('"')) throw new SyntaxError(`line ${line}: a quotation mark is missing`);
    if (quoted !== undefined) yield { text: quoted.replaceAll(/\\(.)/g, '$1'), line };
    else if (plain !== undefined) yield { text: plain, line };
    line += whole.split('\n').length - 1;
  }
}

/** Finds the entry for a host and, if it is given, a user. The first entry that matches counts. */
export function findEntry(
  entries: readonly NetrcEntry[],
  host: string,
  user: string | undefined,
): NetrcEntry | undefined {
  return entries.find(
    ({ machine, login }) =>
      (machine === undefined || machine.toLowerCase() === host) && (user === undefined || (login ?? user) === user),
  );
}

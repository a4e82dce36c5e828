/** The names that every server must store, list and return. */

/** 46 names that are odd in a file system, in a URI, in XML or in Unicode. All are different. */
export const oddNames: readonly string[] = [
  'plain.txt', 'two words', ' leading space', 'trailing space ', ' ', '.hidden', 'trailing dot.', '...',
  'caf\u00e9 composed', 'cafe\u0301 decomposed', 'Größe', '日本語', 'שלום', 'emoji 😀', '👨‍👩‍👧', 'no\u00a0break',
  "it's", '"quoted"', '`tick`', '#draft', 'report#draft', 'rep?', 'a?b=c',
  '100%', '%', '%20', 'a%2Fb', '%2e%2e', '%zz', '%C3%BC',
  'a&b', '&amp;', '<tag>', ']]>', 'a+b', 'a;b=c', 'me@host:80', 'one,two', '!$(*)',
  '[brackets]', '{braces}', 'a|b^c', 'back\\slash', '~tilde', 'tab\tstop', 'long '.repeat(48),
]; // prettier-ignore

/** Patterns of file names, with the rules of the npm package `minimatch`. */

/** Whether a path matches. */
export type Matcher = (path: string) => boolean;

/** The segment `**`, which stands for any number of segments of a path. */
const globstar = Symbol('**');

/** A segment of a pattern: {@link globstar}, a name, or an expression for names. */
type Segment = typeof globstar | RegExp | string;

/**
 * Compiles a pattern. A pattern without a slash is for the last segment of a path. A leading `!` negates. Names that
 * begin with a dot match only a pattern that has the dot.
 */
export function matcherOf(pattern: string): Matcher {
  if (pattern.startsWith('#')) return () => false; // a comment
  const [, marks = '', rest = ''] = /^(!*)([^]*)$/.exec(pattern) ?? [];
  const isNegative = marks.length % 2 === 1;
  const choices = expand(rest).map((choice) => choice.split(/\/+/).map(segmentOf));
  return (path) => {
    const names = path.split(/\/+/);
    const last = [names.findLast((name) => name !== '') ?? ''];
    return choices.some((segments) => matches(segments.length === 1 ? last : names, segments)) !== isNegative;
  };
}

function matches(names: readonly string[], segments: readonly Segment[]): boolean {
  let at = 0;
  for (const [i, segment] of segments.entries()) {
    if (segment === globstar) return matchesRest(names.slice(at), segments.slice(i + 1));
    const name = names[at++];
    if (name === undefined || !(typeof segment === 'string' ? segment === name : segment.test(name))) return false;
  }
  return at === names.length || (at === names.length - 1 && names[at] === '');
}

/** Matches what follows `**`, which stands for any number of names that do not begin with a dot. */
function matchesRest(names: readonly string[], segments: readonly Segment[]): boolean {
  if (segments.length === 0) return names.length > 0 && names.every((name) => !name.startsWith('.'));
  for (let skipped = 0; skipped < names.length; skipped++) {
    if (matches(names.slice(skipped), segments)) return true;
    if (names[skipped]?.startsWith('.')) return false;
  }
  return false;
}

/** Whether a name is a pattern, braces aside. */
export const hasMagic = (name: string): boolean => typeof segmentOf(name) !== 'string';

/** Expands the braces of a pattern: `{a,b{1..2}}` → `a`, `b1`, `b2`. */
export function expand(pattern: string): string[] {
  const braces = bracesIn(pattern);
  if (!braces) return [pattern];
  const { start, end, items } = braces;
  const [before, after] = [pattern.slice(0, start), expand(pattern.slice(end + 1))];
  return items.flatMap((item) => after.map((rest) => before + item + rest));
}

interface Braces {
  readonly start: number;
  readonly end: number;
  readonly items: readonly string[];
}

/** Finds the first braces that have a comma or a sequence. */
function bracesIn(pattern: string): Braces | undefined {
  for (let start = next(pattern, 0, '{'); start >= 0; start = next(pattern, start + 1, '{')) {
    if (pattern[start - 1] === '$') continue;
    const [end, commas] = endOfBraces(pattern, start);
    if (end < 0) continue;
    if (commas.length > 0) {
      const edges = [start, ...commas, end];
      const items = edges.slice(1).flatMap((edge, i) => expand(pattern.slice((edges[i] as number) + 1, edge)));
      return { start, end, items };
    }
    const sequence = sequenceOf(pattern.slice(start + 1, end));
    if (sequence) return { start, end, items: sequence };
  }
  return undefined;
}

/** The position of a character that is not escaped; -1 if there is none. */
function next(pattern: string, from: number, character: string): number {
  for (let i = from; i < pattern.length; i++) {
    if (pattern[i] === '\\') i++;
    else if (pattern[i] === character) return i;
  }
  return -1;
}

/** Returns the end of braces and the commas between their items. */
function endOfBraces(pattern: string, start: number): [end: number, commas: number[]] {
  const commas: number[] = [];
  let depth = 0;
  for (let i = start; i < pattern.length; i++) {
    const character = pattern[i];
    if (character === '\\') i++;
    else if (character === '{') depth++;
    else if (character === ',' && depth === 1) commas.push(i);
    else if (character === '}' && --depth === 0) return [i, commas];
  }
  return [-1, []];
}

/** The items of `1..9`, `01..10`, `a..e` or `1..9..2`; undefined for any other text. */
function sequenceOf(text: string): string[] | undefined {
  const numeric = /^(-?\d+)\.\.(-?\d+)(?:\.\.(-?\d+))?$/.exec(text);
  const [, first = '', last = '', by] = numeric ?? /^([a-z])\.\.([a-z])(?:\.\.(-?\d+))?$/i.exec(text) ?? [];
  if (first === '') return undefined;
  const value = (item: string): number => (numeric ? Number(item) : item.charCodeAt(0));
  const [from, to] = [value(first), value(last)];
  const width = [first, last].some((item) => /^-?0\d/.test(item)) ? Math.max(first.length, last.length) : 0;
  const step = Math.max(Math.abs(Number(by ?? 1)), 1);
  const count = Math.floor(Math.abs(to - from) / step) + 1;
  return Array.from({ length: count }, (_, i) => {
    const number = from + Math.sign(to - from) * step * i;
    if (!numeric) return String.fromCharCode(number);
    const digits = String(Math.abs(number));
    return number < 0 ? `-${digits.padStart(width - 1, '0')}` : digits.padStart(width, '0');
  });
}

/** Compiles the pattern of one segment. Without magic, it is the segment itself. */
function segmentOf(text: string): Segment {
  if (text === '**') return globstar;
  if (!/[*?[\\(]/.test(text)) return text;
  const { source, hasMagic } = new SegmentPattern(text).compile();
  if (!hasMagic) return text.replaceAll(/\\([^])/g, '$1');
  return new RegExp(`^${source}$`, 'u');
}

const anything = '[^/]*?';
const noDot = String.raw`(?!\.)`;
/** A segment that begins with a dot never stands for the directory itself or its parent. */
const noTraversal = String.raw`(?!(?:^|/)\.{1,2}(?:$|/))`;

const posixClasses: Readonly<Record<string, string>> = {
  alnum: String.raw`\p{L}\p{Nl}\p{Nd}`,
  alpha: String.raw`\p{L}\p{Nl}`,
  ascii: String.raw`\x00-\x7f`,
  blank: String.raw`\p{Zs}\t`,
  cntrl: String.raw`\p{Cc}`,
  digit: String.raw`\p{Nd}`,
  lower: String.raw`\p{Ll}`,
  punct: String.raw`\p{P}`,
  space: String.raw`\p{Z}\t\r\n\v\f`,
  upper: String.raw`\p{Lu}`,
  word: String.raw`\p{L}\p{Nl}\p{Nd}\p{Pc}`,
  xdigit: 'A-Fa-f0-9',
};

/** The pattern of one segment, and how far it is compiled. */
class SegmentPattern {
  readonly #text: string;
  #hasMagic = false;

  constructor(text: string) {
    this.#text = text;
  }

  compile(): { readonly source: string; readonly hasMagic: boolean } {
    const [source] = this.#sequence(0, '', true);
    const dots = /^\.(?!\.?$)/.test(this.#text) ? noTraversal : '';
    return { source: dots + source, hasMagic: this.#hasMagic };
  }

  /** Compiles up to one of the characters `until` or the end; returns the expression and the position of its end. */
  #sequence(from: number, until: string, isStart: boolean): [source: string, end: number] {
    const text = this.#text;
    const startsWithMagic = isStart && /^(?:[*?](?!\()|\[)/.test(text.slice(from));
    let source = startsWithMagic ? `${noDot}(?=.)` : '';
    let i = from;
    while (i < text.length && !until.includes(text[i] as string)) {
      const character = text[i] as string;
      const group =
        '?*+@!'.includes(character) && text[i + 1] === '(' ? this.#group(i, until, isStart && i === from) : undefined;
      if (group) {
        source += group[0];
        i = group[1];
        if (character === '!') return [source, i];
        continue;
      }
      const [piece, end] = this.#piece(i, until === '');
      source += piece;
      i = end;
    }
    return [source, i];
  }

  #piece(at: number, isOutside: boolean): [source: string, end: number] {
    const character = this.#text[at] as string;
    if (character === '\\' && at + 1 < this.#text.length) return [escaped(this.#text[at + 1] as string), at + 2];
    if (character === '*') {
      this.#hasMagic = true;
      let end = at;
      while (this.#text[end] === '*' && (end === at || this.#text[end + 1] !== '(')) end++;
      // Stars alone, or between groups, stand for at least one character.
      const isAlone =
        isOutside && /(?:^|\))$/.test(this.#text.slice(0, at)) && /^(?:$|[?*+@!]\()/.test(this.#text.slice(end));
      return [isAlone ? '[^/]+?' : anything, end];
    }
    if (character === '?') {
      this.#hasMagic = true;
      return ['[^/]', at + 1];
    }
    return (character === '[' ? this.#class(at) : undefined) ?? [escaped(character), at + 1];
  }

  /** Compiles `[…]`; undefined if it is no class. */
  #class(at: number): [source: string, end: number] | undefined {
    const found =
      /^\[([!^]?)((?:\[:\w+:\]|\\[^]|[^\]\\])(?:\[:\w+:\]|\\[^]|[^\]\\])*|\](?:\[:\w+:\]|\\[^]|[^\]\\])*)\]/.exec(
        this.#text.slice(at),
      );
    if (!found) return undefined;
    const [whole, negation = '', content = ''] = found;
    let items = '';
    for (const [, name, first = '', last] of content.matchAll(/\[:(\w+):\]|(\\[^]|[^])(?:-(\\[^]|[^]))?/g)) {
      if (name !== undefined) {
        const known = posixClasses[name];
        if (known === undefined) return undefined;
        items += known;
      } else {
        const [from, to] = [first.at(-1) as string, last?.at(-1)];
        if (to === undefined) items += inClass(from);
        else if (from < to) items += `${inClass(from)}-${inClass(to)}`;
        else if (from === to) items += inClass(from);
      }
    }
    this.#hasMagic = true;
    if (items === '') return ['(?!)', at + whole.length];
    return [`[${negation && '^'}${items}]`, at + whole.length];
  }

  /** Compiles `?(…)`, `*(…)`, `+(…)`, `@(…)` or `!(…)`; undefined if there is no end. */
  #group(at: number, until: string, isStart: boolean): [source: string, end: number] | undefined {
    const kind = this.#text[at] as string;
    const choices: string[] = [];
    let i = at + 1;
    do {
      const [source, end] = this.#sequence(i + 1, '|)', isStart);
      choices.push(source);
      i = end;
    } while (this.#text[i] === '|');
    if (this.#text[i] !== ')') return undefined;
    this.#hasMagic = true;
    const body = choices.join('|');
    if (kind !== '!') return [`(?:${body})${kind === '@' ? '' : kind}`, i + 1];
    const [rest, end] = this.#sequence(i + 1, until, false);
    const tail = until === '' ? '$' : '';
    return [`(?:(?!(?:${body})${rest}${tail})${isStart ? noDot : ''}${anything})${rest}`, end];
  }
}

function escaped(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, String.raw`\$&`);
}

function inClass(character: string): string {
  return character.replace(/[\\\]^[-]/, String.raw`\$&`);
}

/** Lists the declarations of neon's headers, as the C compiler reads them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export type Kind = 'function' | 'macro' | 'constant';

/**
 * One name that a header declares. A `macro` has parameters. A `constant` is an enumerator, or a macro that has a
 * value.
 */
export interface Declaration {
  readonly name: string;
  readonly kind: Kind;
  /** `ne_request.h` */
  readonly header: string;
  /** The names of a function's parameters: `sess`, `fn`, `userdata`; for a variadic function, the last is `...`. */
  readonly parameters?: readonly string[];
}

/** All declarations of a folder of headers, by header and name. */
export function declarationsOf(include: string): Declaration[] {
  const scratch = mkdtempSync(path.join(tmpdir(), 'libneon-headers-'));
  try {
    const headers = readdirSync(include).filter((file) => /^ne_\w+\.h$/.test(file));
    return headers.sort().flatMap((header) => declarationsIn(include, header, scratch));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

// Compiles each header in a unit of its own, because two headers declare the same name.
function declarationsIn(include: string, header: string, scratch: string): Declaration[] {
  const source = path.join(scratch, 'unit.c');
  const prototypes = path.join(scratch, 'prototypes');
  writeFileSync(source, `#include <${header}>\n`);
  const cc = (...args: string[]): string =>
    execFileSync('gcc', [`-I${include}`, ...args, source], { encoding: 'utf8', maxBuffer: 1 << 26 });
  cc('-fsyntax-only', '-aux-info', prototypes);
  const own = linesOf(cc('-E', '-dD'), path.join(include, header));
  const names: [Kind, string[]][] = [
    ['function', functionsIn(readFileSync(prototypes, 'utf8'), path.join(include, header))],
    ['macro', macrosIn(own)],
    ['constant', [...enumeratorsIn(own), ...valuesIn(own)]],
  ];
  return names.flatMap(([kind, list]) =>
    [...new Set(list)]
      .sort()
      .map((name) =>
        kind === 'function' ? { name, kind, header, parameters: parametersOf(name, own) } : { name, kind, header },
      ),
  );
}

/** The names of the parameters in the prototype of a function. GCC's list of prototypes omits these names. */
function parametersOf(name: string, text: string): string[] {
  const start = new RegExp(`\\b${name}\\s*\\(`).exec(text);
  if (!start) throw new Error(`No prototype of ${name}`);
  const parts = [''];
  let depth = 0;
  for (const character of text.slice(start.index + start[0].length)) {
    if (character === '(') depth++;
    if (character === ')' && depth-- === 0) break;
    if (character === ',' && depth === 0) parts.push('');
    else parts.push(`${parts.pop()}${character}`);
  }
  const named = parts.map((part) => part.trim()).filter((part) => part !== 'void');
  return named.map(
    (part) => /\(\s*\*\s*(\w+)\s*\)/.exec(part)?.[1] ?? /(\w+|\.\.\.)(?:\s*\[[^\]]*\])*$/.exec(part)?.[1] ?? '',
  );
}

function functionsIn(prototypes: string, file: string): string[] {
  return prototypes
    .split('\n')
    .filter((line) => line.startsWith(`/* ${file}:`))
    .map((line) => /(\w+) \((?!\*)/.exec(line.slice(line.indexOf('*/')))?.[1] ?? '')
    .filter((name) => /^ne_/.test(name));
}

/** The lines of the preprocessor's output that come from this file. */
function linesOf(output: string, file: string): string {
  const lines: string[] = [];
  let inside = false;
  for (const line of output.split('\n')) {
    const marker = /^# \d+ "(.*?)"/.exec(line);
    if (marker) inside = marker[1] === file;
    else if (inside) lines.push(line);
  }
  return lines.join('\n');
}

function macrosIn(text: string): string[] {
  return [...text.matchAll(/^#define (\w+)\(/gm)].map(([, name = '']) => name);
}

/** The macros that have a value, except include guards. */
function valuesIn(text: string): string[] {
  const found = [...text.matchAll(/^#define ((?:NE|ne)_\w+) +(\S.*)$/gm)];
  return found.map(([, name = '']) => name).filter((name) => !name.endsWith('_H'));
}

function enumeratorsIn(text: string): string[] {
  const bodies = [...text.matchAll(/\benum\b[^{};]*\{([^}]*)\}/g)].map(([, body = '']) => body.replace(/^#.*$/gm, ''));
  return bodies
    .flatMap((body) => body.split(',').map((part) => /\w+/.exec(part)?.[0] ?? ''))
    .filter((name) => name !== '');
}

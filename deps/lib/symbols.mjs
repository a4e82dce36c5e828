// @ts-check
// Lists the functions that neon's headers declare, and the symbols that neon's library exports.
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from './run.mjs';

/**
 * The names of all functions that neon's headers in a folder declare, sorted.
 *
 * @param {string} include
 * @returns {string[]}
 */
export function declaredFunctions(include) {
  const headers = readdirSync(include).filter((name) => /^ne_\w+\.h$/.test(name));
  const names = headers.flatMap((name) => prototypes(readFileSync(join(include, name), 'utf8')));
  return [...new Set(names)].sort();
}

/**
 * The functions that one C header declares: in each declaration outside braces that is not a typedef, the first `ne_…`
 * name followed by an opening parenthesis.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function prototypes(text) {
  const code = text
    .replace(/\/\*[^]*?\*\/|\/\/[^\n]*|"(?:[^"\\]|\\.)*"/g, ' ')
    .replace(/^[ \t]*#(?:[^\n\\]|\\[^])*/gm, ' ');
  /** @type {string[]} */
  const found = [];
  let braces = 0;
  /** @type {string[]} */
  let declaration = [];
  for (const token of code.match(/\w+|\S/g) ?? []) {
    if (token === '{') braces++;
    else if (token === '}') braces--;
    else if (token === ';' && braces === 0) declaration = [];
    else if (braces === 0) {
      const before = declaration.at(-1) ?? '';
      const first = !declaration.includes('typedef') && !declaration.includes('(');
      if (token === '(' && first && /^ne_\w+$/.test(before)) found.push(before);
      declaration.push(token);
    }
  }
  return found;
}

/**
 * The symbols that a shared library exports.
 *
 * @param {string} library
 * @returns {Set<string>}
 */
export function exportedSymbols(library) {
  const bytes = readFileSync(library);
  if (isElf(bytes)) return elfSymbols(bytes);
  // In Mach-O files, C names begin with an underscore. Every machine that can build an addon has `nm`.
  const lines = ask('nm', ['-gU', library])?.split('\n') ?? [];
  return new Set(lines.map((line) => (line.split(' ').at(-1) ?? '').replace(/^_/, '')));
}

/**
 * Whether a library is for the architecture of this Node. A machine with cross compilers has libraries of several
 * architectures.
 *
 * @param {string} library
 */
export function isForThisMachine(library) {
  return machine(library) === machine(process.execPath);
}

/** @param {string} file */
function machine(file) {
  const head = Buffer.alloc(20);
  const fd = openSync(file, 'r');
  try {
    readSync(fd, head);
  } finally {
    closeSync(fd);
  }
  return isElf(head) ? head.toString('hex', 4, 6) + head.toString('hex', 18, 20) : process.arch;
}

/** @param {Buffer} bytes */
function isElf(bytes) {
  return bytes.toString('latin1', 0, 4) === '\x7fELF';
}

/**
 * The defined global and weak names of an ELF file's .dynsym section (layout: elf.h, Elf32_* and Elf64_*).
 *
 * @param {Buffer} bytes
 * @returns {Set<string>}
 */
function elfSymbols(bytes) {
  const wide = bytes[4] === 2;
  const little = bytes[5] === 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const half = (/** @type {number} */ at) => view.getUint16(at, little);
  const word = (/** @type {number} */ at) => view.getUint32(at, little);
  const address = (/** @type {number} */ at) => (wide ? Number(view.getBigUint64(at, little)) : word(at));

  const sections = address(wide ? 0x28 : 0x20);
  const sectionSize = half(wide ? 0x3a : 0x2e);
  const sectionCount = half(wide ? 0x3c : 0x30);
  const section = (/** @type {number} */ index) => {
    const at = sections + index * sectionSize;
    return {
      type: word(at + 4),
      offset: address(at + (wide ? 0x18 : 0x10)),
      size: address(at + (wide ? 0x20 : 0x14)),
      link: word(at + (wide ? 0x28 : 0x18)),
    };
  };

  const DYNSYM = 11;
  const all = Array.from({ length: sectionCount }, (_, index) => section(index));
  const symbols = all.find(({ type }) => type === DYNSYM);
  if (symbols === undefined) return new Set();
  const strings = section(symbols.link).offset;

  /** @type {Set<string>} */
  const names = new Set();
  const entrySize = wide ? 24 : 16;
  for (let at = symbols.offset; at < symbols.offset + symbols.size; at += entrySize) {
    const binding = view.getUint8(at + (wide ? 4 : 12)) >> 4;
    const defined = half(at + (wide ? 6 : 14)) !== 0;
    if (!defined || (binding !== 1 && binding !== 2)) continue;
    const start = strings + word(at);
    names.add(bytes.toString('latin1', start, bytes.indexOf(0, start)));
  }
  return names;
}

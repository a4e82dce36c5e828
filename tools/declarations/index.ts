/** Declares the functions of `libneon/ne` and `libneon/ne/promises` as functions, in the compiled declarations. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { functionsDeclared } from './functions.js';

const folder = path.join(__dirname, '../../lib/ne');

for (const name of readdirSync(folder).filter((file) => file.endsWith('.d.ts'))) {
  const file = path.join(folder, name);
  const text = readFileSync(file, 'utf8');
  const declared = functionsDeclared(text);
  if (declared !== text) writeFileSync(file, declared);
}

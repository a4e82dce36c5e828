/**
 * Completes the compiled declarations: functions of `libneon/ne` and `libneon/ne/promises` are declared as functions,
 * and classes that only the library constructs have private constructors.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { filesIn, read, root } from '../generate/project.js';
import { constructorsHidden } from './constructors.js';
import { functionsDeclared } from './functions.js';

for (const source of filesIn('lib', /\.ts$/)) {
  const file = `dist/${source.replace(/\.ts$/, '.d.ts')}`;
  const text = read(file);
  const functions = source.startsWith('lib/ne/') ? functionsDeclared(text) : text;
  const declared = constructorsHidden(functions, read(source));
  if (declared !== text) writeFileSync(path.join(root, file), declared);
}

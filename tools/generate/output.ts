/** A generated file, laid out as `npm run lint` wants it. */
import path from 'node:path';
import prettier from 'prettier';
import { root } from './project.js';

/** A file that is generated, or has generated parts, with the content that it must have. */
export interface Output {
  /** The path, relative to the project's folder. */
  readonly file: string;
  readonly text: string;
}

/** An output laid out by Prettier. */
export async function formatted(file: string, text: string): Promise<Output> {
  const options = await prettier.resolveConfig(path.join(root, file));
  return { file, text: await prettier.format(text, { ...options, filepath: file }) };
}

/** Small C programs that show how C behaves. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findProgram } from '../servers/packages.js';

/** Compiles a C program, runs it and returns its output. */
export function runC(source: string, options: readonly string[] = []): string {
  const folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'libneon-c-'));
  try {
    const file = path.join(folder, 'program.c');
    const program = path.join(folder, 'program');
    writeFileSync(file, source);
    const compiler = process.env['CC'] ?? findProgram('gcc') ?? 'cc';
    execFileSync(compiler, ['-std=gnu11', '-w', '-o', program, file, ...options], {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    return execFileSync(program, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A C string literal with these bytes. */
export function literal(text: string): string {
  const octal = (byte: number): string => `\\${byte.toString(8).padStart(3, '0')}`;
  return `"${[...Buffer.from(text)].map(octal).join('')}"`;
}

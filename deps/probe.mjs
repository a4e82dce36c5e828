// @ts-check
// Prints, as JSON, the neon that a build here would use, and for each function in neon's headers, whether neon's shared
// library exports it.
//
//   node deps/probe.mjs

import { requireNeon } from './lib/neon.mjs';
import { command } from './lib/run.mjs';
import { declaredFunctions, exportedSymbols } from './lib/symbols.mjs';

command(() => {
  const neon = requireNeon();
  const exported = exportedSymbols(neon.library);
  const functions = Object.fromEntries(declaredFunctions(neon.include).map((name) => [name, exported.has(name)]));
  process.stdout.write(`${JSON.stringify({ ...neon, functions }, null, 2)}\n`);
});

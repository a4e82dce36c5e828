// @ts-check
// Prints, for CMakeLists.txt and binding.gyp, the flags to compile and link with neon, so that both use the same neon.
//
//   node deps/neon-flags.mjs json|cflags|libs
//
// Variables: NEON_ROOT, NEON_TLS; for cflags (binding.gyp) also NEON_WERROR.

import { requireNeon } from './lib/neon.mjs';
import { command, SetupError } from './lib/run.mjs';

command(() => {
  const neon = requireNeon();
  const { include, defines, library, rpath } = neon;
  const werror = process.env.NEON_WERROR === '1' ? ['-Werror'] : [];
  /** @type {Record<string, string>} */
  const answers = {
    json: JSON.stringify(neon),
    cflags: [`-isystem${include}`, ...defines, ...werror].join(' '),
    libs: [library, ...(rpath === undefined ? [] : [`-Wl,-rpath,${rpath}`])].join(' '),
  };
  const answer = answers[process.argv[2] ?? ''];
  if (answer === undefined) throw new SetupError(`usage: node deps/neon-flags.mjs ${Object.keys(answers).join('|')}`);
  process.stdout.write(`${answer}\n`);
});

/** Which C++ file registers which function of the addon, and on which surfaces. */
import { filesIn, read } from './project.js';

/** One line `topic.plain("ne_…", …)`, `topic.blocking(…)` or `topic.queued(…)`. */
export interface Registration {
  readonly name: string;
  readonly file: string;
  /** Whether it registers a promise form. */
  readonly promise: boolean;
}

/** The registrations in `binding/ne`, by name. */
export function registrations(): Map<string, Registration> {
  const found = new Map<string, Registration>();
  for (const file of filesIn('binding/ne', /\.(cc|h)$/))
    for (const [, kind, name = ''] of read(file).matchAll(/\btopic\.(plain|blocking|queued)\(\s*"(\w+)"/g)) {
      const promise = kind !== 'plain' || found.get(name)?.promise === true;
      found.set(name, { name, file, promise });
    }
  return found;
}

/** Runs the client: the command line and the exit code. */
import { exitCodes } from './failure.js';
import { Interruption } from './interruption.js';
import { Output, type Streams } from './output.js';
import { commands, endOf, parserOf } from './program.js';
import { shell } from './shell.js';

/** Runs a command line. Resolves to the exit code. */
export async function main(words: readonly string[]): Promise<number> {
  const streams: Streams = process;
  const interruption = new Interruption();
  const unwatch = interruption.watch(streams);
  const parser = parserOf([...commands, shell], 'libneon', { streams, interruption });
  try {
    await parser.parseAsync(words, { from: 'user' });
    return exitCodes.success;
  } catch (error) {
    return exitCodes[endOf(error, new Output(streams, 'libneon', { json: words.includes('--json') }))];
  } finally {
    unwatch();
  }
}

/** The command line: its commands, their options and their help. */
import { Command as Parser, CommanderError } from 'commander';
import { setImmediate as turn } from 'node:timers/promises';

import { versions } from '../index.js';
import { type AnyCommand, type Client, type CommonCommandOptions, Reported } from './command.js';
import { Connection } from './connection.js';
import { ClientError, type exitCodes, usageError } from './failure.js';
import { get } from './get.js';
import { info } from './info.js';
import type { Interruption } from './interruption.js';
import { ls } from './list.js';
import { lock, unlock } from './locks.js';
import { connectionOptions, outputOptions } from './options.js';
import { Output, type Streams } from './output.js';
import { Progress } from './progress.js';
import { props, serverOptions } from './props.js';
import { put } from './put.js';
import { cp, mkcol, mv, rm } from './resources.js';
import { sync } from './sync.js';

/** The commands that the command line and the shell share. */
export const commands: readonly AnyCommand[] = [
  ls,
  get,
  put,
  mkcol,
  cp,
  mv,
  rm,
  props,
  lock,
  unlock,
  serverOptions,
  sync,
  info,
];

/** Where commands run. */
export interface Surroundings {
  readonly streams: Streams;
  readonly interruption: Interruption;
  /** The connection of the shell, in which commands have no options of their own for it. */
  readonly connection?: Connection;
}

const description = [
  'A client for WebDAV servers. Resources are URLs, in which names are percent-encoded: %20 for a space.',
  'With --url or LIBNEON_URL, they may also be paths, in which names are written as they are.',
  'Patterns (*, ?, […], {a,b}, **) need quotes.',
].join(' ');

const notes = `The user name and the password come from LIBNEON_USER and LIBNEON_PASSWORD, from ~/.netrc, or from a
prompt. Exit codes: 0 success, 1 other failure, 2 usage, 3 connection, 4 authentication, 5 status of the
server, 6 partial success, 130 interrupted. More: docs/guide/cli.md`;

/**
 * Makes the parser of the command line.
 *
 * @param all the commands
 * @param prefix what stands before the names of the commands in help: `'libneon'`, or `''` in the shell
 */
export function parserOf(all: readonly AnyCommand[], prefix: string, surroundings: Surroundings): Parser {
  const { streams, connection } = surroundings;
  const parser = new Parser(prefix);
  parser.exitOverride();
  parser.configureOutput({
    writeOut: (text) => void streams.stdout.write(text),
    // The failure is reported where it is caught.
    writeErr: () => undefined,
    getOutHelpWidth: () => Math.min(streams.stdout.columns || 100, 120),
  });
  parser.showSuggestionAfterError();
  parser.configureHelp({
    subcommandTerm: (command) => `${command.name()} ${command.usage()}`.replace('[options] ', ''),
  });
  parser.helpCommand(connection === undefined);
  if (connection === undefined) {
    parser.description(description).addHelpText('after', `\n${notes}`);
    parser.version(`libneon ${versions.libneon}, neon ${versions.neon}`, '--version', 'print the version');
  }
  parser.helpOption('-h, --help', 'print this');
  for (const command of all) addCommand(parser, command, surroundings);
  return parser;
}

function addCommand(parser: Parser, command: AnyCommand, surroundings: Surroundings): void {
  const { name, summary, details, examples, options = [], isLocal } = command;
  const sub = parser.command(`${name} ${argumentsOf(command)}`.trim()).summary(summary);
  const sentence = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
  sub.description(details === undefined ? sentence : `${sentence}\n\n${details}`);
  sub.helpOption('-h, --help', 'print this');
  sub.usage(`[options] ${command.arguments}`.trim());
  // In the shell, no name of a program stands before a command.
  if (surroundings.connection) sub.configureHelp({ commandUsage: (cmd) => `${cmd.name()} ${cmd.usage()}` });
  if (options.length > 0) sub.optionsGroup('Options of this command:');
  for (const option of options) sub.addOption(option);
  if (!isLocal && !surroundings.connection) {
    sub.optionsGroup('Connection:');
    for (const option of connectionOptions) sub.addOption(option);
  }
  sub.optionsGroup('Output:');
  for (const option of outputOptions) sub.addOption(option);
  const title = examples.length > 1 ? 'Examples:' : 'Example:';
  const shown = surroundings.connection ? examples.map((example) => example.replace(/\blibneon (?!-)/g, '')) : examples;
  sub.addHelpText('after', ['', title, ...shown.map((example) => `  ${example}`)].join('\n'));
  sub.action(async (...all: unknown[]) => {
    const values = all
      .slice(0, -2)
      .flat()
      .filter((value) => value !== undefined) as string[];
    await run(command, values, all.at(-2) as CommonCommandOptions, surroundings);
  });
}

/** The parser allows several values for the last argument only. A command that splits them has one list. */
function argumentsOf({ arguments: text }: AnyCommand): string {
  return text.replace(/<(\w+)\.\.\.> [<[]\w+[>\]]$/, '<$1...>');
}

/** Runs a command, and closes the connection that it opened. */
async function run(
  command: AnyCommand,
  args: readonly string[],
  options: CommonCommandOptions,
  { streams, interruption, connection: shared }: Surroundings,
): Promise<void> {
  const { signal } = interruption;
  const output = new Output(streams, shared ? command.name : `libneon ${command.name}`, options);
  let own: Connection | undefined;
  const client: Client = {
    output,
    signal,
    interruption,
    connect: (remotes) => shared ?? (own ??= Connection.open(remotes, options, output)),
    progress: () => new Progress(output, options.progress ?? true),
  };
  try {
    signal.throwIfAborted();
    await command.run(client, args, options);
    output.end();
  } catch (error) {
    output.end();
    if (signal.aborted) throw signal.reason;
    if (error instanceof Reported) throw error;
    throw new Reported(output.failure(error).kind);
  } finally {
    if (signal.aborted) own?.pool.destroy({ force: true });
    else await own?.pool.close({ timeout: 1000 });
  }
  // The output may have told only now that its reader is gone.
  await turn();
  if (signal.aborted) throw signal.reason;
}

/** How a command line has ended. Reports the failure, unless it was reported. */
export function endOf(error: unknown, output: Output): keyof typeof exitCodes {
  if (error instanceof Reported || (error instanceof ClientError && error.kind === 'closedPipe')) return error.kind;
  if (error instanceof CommanderError && error.exitCode === 0) return 'success';
  if (error instanceof CommanderError && error.code === 'commander.help')
    return output.failure(usageError('there is no command', 'libneon --help lists them')).kind;
  return output.failure(error).kind;
}

/** The command `shell`: a prompt with completion and history, or commands from a pipe. */
import { once } from 'node:events';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';

import { type AnyCommand, type Client, type Command, Reported } from './command.js';
import { Completer } from './completion.js';
import { asFolder, type Connection } from './connection.js';
import { ClientError, usageError } from './failure.js';
import { decodedPath, printable } from './format.js';
import { get } from './get.js';
import { History, historyFile } from './history.js';
import { findLocal } from './local.js';
import { commands, endOf, parserOf } from './program.js';
import { wordsOf } from './words.js';

const details = [
  'Paths are relative to a current collection, which cd changes. Words with spaces need quotes, or a backslash before each',
  'space. Ctrl-C interrupts a command, Ctrl-D ends the shell. From a pipe, the shell reads a command from each line, and',
  'ends at the first failure. A lock that the shell holds is submitted with each change.',
].join(' ');

export const shell: Command = {
  name: 'shell',
  arguments: '[collection]',
  summary: 'run commands at a prompt with completion and history, or from a pipe',
  details,
  examples: [
    'libneon shell https://dav.example.com/files/',
    "printf 'cd notes\\nls\\n' | libneon shell https://dav.example.com/files/",
  ],
  run: async (client, [arg], { json }) => {
    if (json) throw usageError('the shell has no --json', 'give it to the commands in the shell');
    const connection = client.connect(arg === undefined ? [] : [arg]);
    const { output, signal } = client;
    // The first request also asks for the password, if there is need for one.
    connection.base = await collectionAt(connection, connection.resolve(arg ?? '.'), signal);
    const lines = new Lines(client, connection);
    if (process.stdin.isTTY && output.streams.stdout.isTTY) await lines.converse();
    else await lines.runAll();
  },
};

/** Returns the path of a collection, or fails if it is a file. */
async function collectionAt({ pool }: Connection, target: string, signal: AbortSignal): Promise<string> {
  const { path, type } = await pool.stat(target, { signal });
  if (type === 'directory') return asFolder(path);
  throw new ClientError(
    'status',
    'NO_COLLECTION',
    `${decodedPath(path)} is no collection`,
    'name the collection above it',
  );
}

/** Commands of the shell only. */
const cd: Command = {
  name: 'cd',
  arguments: '[remote]',
  summary: 'make a collection the current one; without an argument, the root',
  examples: ['cd photos/2024'],
  completes: [['remote'], []],
  run: async (client, [arg = '/']) => {
    const connection = client.connect([]);
    const found = await connection.find(arg, client.signal);
    if (found.length > 1) throw usageError(`${arg} matches several resources`, 'name one of them');
    connection.base = await collectionAt(connection, found[0]?.target ?? '/', client.signal);
  },
};

const pwd: Command = {
  name: 'pwd',
  arguments: '',
  summary: 'print the URL of the current collection',
  examples: ['pwd'],
  run: (client) => {
    const connection = client.connect([]);
    const url = connection.urlOf(connection.base ?? '/');
    client.output.document({ url });
    if (!client.output.isJson) client.output.item(null, url);
    return Promise.resolve();
  },
};

const lcd: Command = {
  name: 'lcd',
  arguments: '[folder]',
  summary: 'make a local folder the current one; without an argument, the home folder',
  examples: ['lcd ~/photos'],
  completes: [['local'], []],
  run: async (_client, [arg = '~']) => {
    const [folder = '', ...others] = await findLocal(arg);
    if (others.length > 0) throw usageError(`${arg} matches several files`, 'name one of them');
    process.chdir(folder);
  },
};

const lpwd: Command = {
  name: 'lpwd',
  arguments: '',
  summary: 'print the current local folder',
  examples: ['lpwd'],
  run: ({ output }) => {
    output.document({ folder: process.cwd() });
    if (!output.isJson) output.item(null, process.cwd());
    return Promise.resolve();
  },
};

const cat: Command = {
  name: 'cat',
  arguments: '<remote...>',
  summary: 'print files',
  examples: ['cat notes.txt'],
  completes: [['remote']],
  run: (client, args) => get.run(client, [...args, '-'], {}),
};

/** The commands of the shell. */
function shellCommands(leave: () => void): AnyCommand[] {
  const exit: Command = {
    name: 'exit',
    arguments: '',
    summary: 'end the shell, as quit and Ctrl-D do',
    examples: ['exit'],
    run: () => {
      leave();
      return Promise.resolve();
    },
  };
  const help: Command = {
    name: 'help',
    arguments: '[command]',
    summary: 'list the commands, or print the help of one',
    examples: ['help get'],
    run: (client, [name]) => {
      const { output, interruption } = client;
      const parser = parserOf(all, '', { streams: output.streams, interruption, connection: client.connect([]) });
      const found = name === undefined ? parser : parser.commands.find((command) => command.name() === name);
      if (!found) throw usageError(`there is no command "${name}"`, 'help lists them');
      found.outputHelp();
      return Promise.resolve();
    },
  };
  const all = [...commands, cd, pwd, lcd, lpwd, cat, help, { ...exit, name: 'quit' }, exit];
  return all;
}

/** The commands that are typed or piped into the shell. */
class Lines {
  readonly #client: Client;
  readonly #connection: Connection;
  readonly #commands = shellCommands(() => (this.#hasLeft = true));
  #hasLeft = false;

  constructor(client: Client, connection: Connection) {
    this.#client = client;
    this.#connection = connection;
  }

  /** Runs commands from a pipe, up to the first failure. */
  async runAll(): Promise<void> {
    for await (const line of createInterface({ input: process.stdin })) {
      const end = await this.#run(line);
      if (end !== 'success') throw new Reported(end);
      if (this.#hasLeft) break;
    }
  }

  /** Reads lines at the prompt. Each line has an interface of its own, so that commands can use the terminal. */
  async converse(): Promise<void> {
    const { output, signal } = this.#client;
    const history = new History(historyFile(), ({ message }) => output.warning(`the history is not kept: ${message}`));
    const completer = new Completer(this.#commands, this.#connection);
    const prompt = new Prompt(history, completer);
    while (!this.#hasLeft) {
      const name = path.posix.basename(decodedPath(this.#connection.base ?? '/')) || '/';
      const line = await prompt.read(`dav:${printable(name)}> `, signal);
      if (line === undefined) {
        output.streams.stdout.write('\n');
        return;
      }
      history.add(line);
      await this.#run(line);
      completer.forget();
    }
  }

  /** Runs a line and reports its failure. */
  #run(line: string): Promise<ReturnType<typeof endOf>> {
    const { output, interruption } = this.#client;
    const { streams } = output;
    return interruption.alone(async () => {
      try {
        const words = wordsOf(line).map(({ text }) => text);
        if (words.length === 0 || words[0]?.startsWith('#')) return 'success';
        const parser = parserOf(this.#commands, '', { streams, interruption, connection: this.#connection });
        await parser.parseAsync(words, { from: 'user' });
        return 'success';
      } catch (error) {
        return endOf(error, output);
      }
    });
  }
}

/** The prompt of the shell. */
class Prompt {
  readonly #history: History;
  readonly #completer: Completer;
  /** Lines that arrived together with an earlier one, and the beginning of a line after them. */
  readonly #waiting: string[] = [];
  #begun = '';

  constructor(history: History, completer: Completer) {
    this.#history = history;
    this.#completer = completer;
  }

  /** Reads a line; undefined at the end of the input. */
  async read(prompt: string, signal: AbortSignal): Promise<string | undefined> {
    signal.throwIfAborted();
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return waiting;
    const lines = this.#open(prompt);
    lines.on('line', (line) => this.#waiting.push(line));
    lines.prompt();
    if (this.#begun !== '') lines.write(this.#begun);
    this.#begun = '';
    try {
      await Promise.race([once(lines, 'line', { signal }), once(lines, 'close', { signal })]);
    } finally {
      this.#begun = lines.line;
      lines.close();
    }
    return this.#waiting.shift();
  }

  #open(prompt: string): Interface {
    const lines = createInterface({
      input: process.stdin,
      output: process.stdout,
      prompt,
      history: this.#history.newestFirst,
      completer: (line: string, done: (error: Error | null, result: [string[], string]) => void) => {
        this.#completer.complete(line).then(
          (completed) => done(null, completed),
          () => done(null, [[], line]),
        );
      },
    });
    lines.on('SIGINT', () => {
      process.stdout.write('^C\n');
      lines.write(null, { ctrl: true, name: 'e' });
      lines.write(null, { ctrl: true, name: 'u' });
      lines.prompt();
    });
    return lines;
  }
}

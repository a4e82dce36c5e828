/** The command `sync`, and the transfer of whole folders for `get` and `put`. */
import { Option } from 'commander';

import { matcherOf } from '../core/glob.js';
import { type PutTreeOptions, TreeError, type TreeOptions, type TreeProgress, type TreeResult } from '../index.js';
import { type Client, type Command, Tally } from './command.js';
import { asFolder, isUrl } from './connection.js';
import { usageError } from './failure.js';
import { durationText, sizeText } from './format.js';
import { collect, positiveInteger } from './parse.js';

/** A call of `putTree` or `getTree`. */
type TreeCall = (options: PutTreeOptions & TreeOptions) => Promise<TreeResult>;

/** How the transfer of a folder is reported. */
export interface TreeReport {
  /** Put before each path. */
  readonly prefix: string;
  /** Whether to list each file on a terminal. In a pipe, each file is listed. */
  readonly isVerbose: boolean;
}

/** Transfers a folder, shows the progress, and reports what was done. Failures are reported and counted. */
export async function runTree(
  client: Client,
  call: TreeCall,
  options: PutTreeOptions,
  report: TreeReport,
  tally: Tally,
): Promise<TreeResult> {
  const { output, signal } = client;
  const progress = client.progress();
  const listsFiles = report.isVerbose || !output.streams.stdout.isTTY;
  const onProgress = (event: TreeProgress): void => {
    const { type, path, bytes, totalBytes, done, total } = event;
    progress.update({ bytes, totalBytes, done, total, name: report.prefix + path });
    if (type !== 'transferring' && type !== 'skipped' && type !== 'failed' && listsFiles)
      output.note(`${options.dryRun ? 'would be ' : ''}${type} ${report.prefix}${path}`);
  };
  const outcome = call({ ...options, signal, onProgress });
  const result = await outcome
    .catch((error: unknown) => {
      if (error instanceof TreeError) return error.result;
      throw error;
    })
    .finally(() => progress.stop());
  const { created, updated, skipped, deleted, failed, ignored } = result;
  for (const path of ignored) output.warning(`${report.prefix}${path} is no file and no folder, and was left alone`);
  tally.succeed(created.length + updated.length + skipped.length + deleted.length);
  for (const { path, error } of failed.slice(1)) output.failure(error, report.prefix + path);
  const [first] = failed;
  if (first) tally.fail(first.error, report.prefix + first.path);
  return result;
}

/** The record of a transfer for JSON. Failures are on standard error. */
export function recordOf({ failed, ...result }: TreeResult): object {
  return { ...result, failed: failed.map(({ path }) => path) };
}

interface SyncOptions {
  readonly delete?: boolean;
  readonly dryRun?: boolean;
  readonly state?: boolean;
  readonly exclude?: readonly string[];
  readonly followSymlinks?: boolean;
  readonly jobs?: number;
  readonly verbose?: boolean;
}

const options = [
  new Option('--delete', 'delete what is at the destination and not at the source'),
  new Option('-n, --dry-run', 'change nothing, and say what would be done'),
  new Option('--no-state', 'keep no state file in the local folder'),
  new Option('--exclude <pattern>', 'leave out what matches; may be repeated').argParser(collect),
  new Option('--follow-symlinks', 'upload what symbolic links point to'),
  new Option('-j, --jobs <number>', 'how many files are transferred at a time (8)').argParser(positiveInteger),
  new Option('-v, --verbose', 'list each file on a terminal, too'),
];

const details = [
  'Transfers what has changed, and continues where an interrupted run has ended. The source wins: changes at the',
  'destination are overwritten. A pattern of --exclude without a slash is for names anywhere (*.tmp); one with a slash is',
  'for paths from the folder on (build/**).',
].join(' ');

export const sync: Command<SyncOptions> = {
  name: 'sync',
  arguments: '<up|down> <from> <to>',
  summary: 'make a collection like a local folder (up), or a local folder like a collection (down)',
  details,
  examples: [
    'libneon sync up photos https://dav.example.com/photos/',
    'libneon sync down --delete --exclude "*.tmp" https://dav.example.com/photos/ photos',
  ],
  options,
  completes: [[], ['local', 'remote'], ['local', 'remote']],
  run: async (client, [direction = '', from = '', to = ''], options) => {
    if (direction !== 'up' && direction !== 'down')
      throw usageError(
        `"${direction}" is no direction`,
        'libneon sync up FOLDER REMOTE, or libneon sync down REMOTE FOLDER',
      );
    const isUp = direction === 'up';
    const [folder, remote] = isUp ? [from, to] : [to, from];
    if (isUrl(folder))
      throw usageError(
        `"${folder}" must be a local folder`,
        `write: sync ${direction} ${isUp ? 'FOLDER REMOTE' : 'REMOTE FOLDER'}`,
      );
    if (!isUp && options.followSymlinks) throw usageError('--follow-symlinks is for sync up only', 'leave it out');
    const connection = client.connect([remote]);
    const target = asFolder(connection.resolve(remote));
    const treeOptions: PutTreeOptions = {
      delete: options.delete,
      dryRun: options.dryRun,
      state: options.state,
      ...(options.jobs !== undefined && { concurrency: options.jobs }),
      filter: filterOf(options.exclude ?? []),
      ...(isUp && { followSymlinks: options.followSymlinks }),
    };
    const { pool } = connection;
    const since = performance.now();
    const tally = new Tally(client);
    const call: TreeCall = (all) => (isUp ? pool.putTree(folder, target, all) : pool.getTree(target, folder, all));
    const result = await runTree(client, call, treeOptions, { prefix: '', isVerbose: options.verbose ?? false }, tally);
    client.output.document(recordOf(result));
    client.output.note(summaryOf(result, (performance.now() - since) / 1000, options.dryRun ?? false));
    tally.finish();
  },
};

function filterOf(patterns: readonly string[]): (path: string) => boolean {
  const matchers = patterns.map((pattern) => matcherOf(pattern.replace(/^[!#]/, String.raw`\$&`)));
  return (path) => !matchers.some((matches) => matches(path));
}

function summaryOf(result: TreeResult, seconds: number, isDry: boolean): string {
  const { created, updated, skipped, deleted, failed, bytes } = result;
  const counts = `${created.length} created, ${updated.length} updated, ${skipped.length} unchanged, ${deleted.length} deleted, ${failed.length} failed`;
  return isDry
    ? `${counts} (dry run: nothing was changed)`
    : `${counts}: ${sizeText(bytes)} in ${durationText(seconds)}`;
}

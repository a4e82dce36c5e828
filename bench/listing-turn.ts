/**
 * Measures the listings of one client in its own process: short listings warm up, then a long listing is measured and
 * repeated. Prints a measurement.
 */
import { watchEventLoop } from './usage.js';

/** The only argument of the process, as JSON. */
export interface ListingOptions {
  readonly client: keyof typeof clients;
  readonly origin: string;
  readonly path: string;
  /** A document with a few resources, for warming up. */
  readonly warmup: string;
}

/** The output of the process, as JSON. */
export interface ListingMeasurement {
  readonly resources: number;
  /** The seconds of the first long listing. */
  readonly seconds: number;
  /** The median seconds of the repetitions. */
  readonly repeated: number;
  /** The longest block of the event loop, in milliseconds. */
  readonly stall?: number;
  /** The maximum growth of the resident size, in MiB. */
  readonly growth?: number;
}

/** The part of tsdav's types that the benchmark uses. */
interface Tsdav {
  readonly propfind: (options: { url: string; props: object; depth: string }) => Promise<unknown[]>;
}

/** The clients; each lists a path below an origin once, and returns the number of resources. */
export const clients = {
  async 'libneon, array'(origin: string) {
    const { Session } = await import('libneon');
    const session = Session.open(origin);
    return async (path: string) => (await session.propfind(path)).length;
  },
  async 'libneon, for await'(origin: string) {
    const { Session } = await import('libneon');
    const session = Session.open(origin);
    return async (path: string) => {
      let count = 0;
      for await (const entry of session.propfind(path)) count += entry.href === null ? 0 : 1;
      return count;
    };
  },
  async 'libneon/webdav'(origin: string) {
    const { createClient } = await import('libneon/webdav');
    const client = createClient(origin);
    return async (path: string) => (await client.getDirectoryContents(path)).length;
  },
  async 'libneon, blocking'(origin: string) {
    const { Session } = await import('libneon');
    const session = Session.open(origin);
    return async (path: string) => session.propfindSync(path).length;
  },
  async webdav(origin: string) {
    const { createClient } = await import('webdav');
    const client = createClient(origin);
    return async (path: string) => (await client.getDirectoryContents(path)).length;
  },
  async tsdav(origin: string) {
    const name: string = 'tsdav'; // a variable, because the compiler cannot find the types of a package that is missing
    const { propfind } = (await import(name)) as Tsdav;
    const props = { 'd:resourcetype': {} };
    return async (path: string) => (await propfind({ url: origin + path, props, depth: '1' })).length;
  },
} satisfies Record<string, (origin: string) => Promise<(path: string) => Promise<number>>>;

/** The number of repetitions of the long listing; bench/c/listing.c repeats as often. */
const repetitions = 7;

if (require.main === module) void main(JSON.parse(process.argv[2] ?? '') as ListingOptions);

async function main({ client, origin, path, warmup }: ListingOptions): Promise<void> {
  const list = await clients[client](origin);
  for (let i = 0; i < 10; i++) await list(warmup);
  const before = process.memoryUsage.rss();
  let max = before;
  const watch = setInterval(() => (max = Math.max(max, process.memoryUsage.rss())), 5);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const longestStall = await watchEventLoop();
  const start = performance.now();
  const resources = await list(path);
  const seconds = (performance.now() - start) / 1000;
  const stall = await longestStall();
  clearInterval(watch);
  max = Math.max(max, process.memoryUsage.rss());
  const repeated: number[] = [];
  while (repeated.length < repetitions) {
    const start = performance.now();
    await list(path);
    repeated.push((performance.now() - start) / 1000);
  }
  repeated.sort((a, b) => a - b);
  const measurement: ListingMeasurement = {
    resources,
    seconds,
    repeated: repeated[repetitions >> 1] as number,
    stall,
    growth: (max - before) / 1024 ** 2,
  };
  console.log(JSON.stringify(measurement));
  process.exit(0);
}

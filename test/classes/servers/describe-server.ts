/**
 * Runs every method of the classes, in each form, against a WebDAV server. A client without neon runs the same script.
 * A table for each server lists its deviations from the usual outcomes. The outcomes of both clients must match the
 * table exactly. The tests thus detect changes in the server and in the classes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchOnce } from '../../servers/client.js';
import type { DavServer } from '../../servers/dav-program.js';
import { describeWith, type Program } from '../../servers/packages.js';
import { clients } from '../../support/methods.js';
import { convenienceOutcomes, treeOutcomes, usualConvenience, usualTrees } from './convenience-outcomes.js';
import type { DavClient } from './dav-client.js';
import { methodOutcomes, type MethodOutcomes, type Peculiarities } from './method-outcomes.js';
import { nameOutcomes, type NameOutcomes } from './name-outcomes.js';
import { plainClient } from './plain-client.js';
import { callsOfHolders, usualOutcomes } from './usual-outcomes.js';

/** A server and its differences from other servers; docs/guide/servers.md explains the reasons. */
export interface ServerUnderTest extends Peculiarities {
  readonly name: string;
  readonly programs: readonly Program[];
  readonly start: () => Promise<DavServer>;
  /** The outcomes that differ from {@link usualOutcomes}. */
  readonly methods: MethodOutcomes;
  /** The names that fail. */
  readonly names: NameOutcomes;
  /** Writes take tens of milliseconds on this server, so the tests try the names in only two of the four forms. */
  readonly isSlow?: boolean;
}

interface Connection {
  readonly client: DavClient;
  readonly close: () => Promise<unknown>;
}

interface Form {
  readonly form: string;
  readonly open: (url: string) => Connection;
}

const withoutNeon: Form = {
  form: 'without neon',
  open: (url) => ({ client: plainClient(new URL(url).origin), close: async () => undefined }),
};

const forms: readonly Form[] = [
  ...clients.map(([form, connect, of]) => ({ form, open: (url: string): Connection => openOf(connect(url), of) })),
  withoutNeon,
];

function openOf<C extends { close(): Promise<unknown> }>(session: C, of: (session: C) => DavClient): Connection {
  return { client: of(session), close: () => session.close() };
}

/** A server for the convenient methods. */
export interface ConvenienceServer extends Pick<ServerUnderTest, 'name' | 'programs' | 'start'> {
  /** The outcomes of the convenient methods that differ from {@link usualConvenience} and {@link usualTrees}. */
  readonly convenience: MethodOutcomes;
}

/** Defines the suite of the convenient methods of a server, which is started once. */
export function describeConvenience({ programs, name, start, convenience }: ConvenienceServer): void {
  const differing = (usual: MethodOutcomes): MethodOutcomes =>
    Object.fromEntries(
      Object.entries(usual).map(([key, value]) => [key, key in convenience ? convenience[key] : value]),
    );
  describeWith(programs, `${name}: convenience`, () => {
    let running: DavServer;
    beforeAll(async () => {
      running = await start();
    });
    afterAll(() => running.stop());

    test.each(clients)('gives each convenient method the outcome of the table: %s', async (form, connect, of) => {
      const client = connect(running.origin + running.root);
      const root = `${running.root}convenience-${form}/`;
      expect(await convenienceOutcomes(of(client), root)).toEqual(differing(usualConvenience));
      if (form !== 'blocking') expect(await treeOutcomes(client, root)).toEqual(differing(usualTrees));
      await client.close();
    });
  });
}

/** Defines the suite of a server, which is started once. */
export function describeServer(server: ServerUnderTest): void {
  describeWith(server.programs, server.name, () => {
    let running: DavServer;
    beforeAll(async () => {
      running = await server.start();
    });
    afterAll(() => running.stop());

    const url = (): string => running.origin + running.root;
    const folder = (purpose: string, { form }: Form): string => `${running.root}${purpose}-${form.replace(/ /g, '-')}/`;

    test.each(forms)('gives each method the outcome of the table: $form', async (form) => {
      const [one, other] = [form.open(url()), form.open(url())];
      const outcomes = await methodOutcomes(one.client, other.client, folder('methods', form), server);
      expect(outcomes).toEqual(expectedOutcomes(server));
      await Promise.all([one.close(), other.close()]);
    });

    const formsOfNames = server.isSlow ? [forms[0]!, withoutNeon] : forms;
    test.each(formsOfNames)('gives back each name, but for those in the table: $form', async (form) => {
      const { client, close } = form.open(url());
      const outcomes = await nameOutcomes(client, folder('names', form), running.files, server);
      expect(outcomes).toEqual(server.names);
      await close();
    });

    for (const [what, call] of Object.entries(server.fatal ?? {})) {
      test.each(forms)(`ends by itself at ${what}: $form`, async (form) => {
        const victim = await server.start();
        const { client } = form.open(victim.origin + victim.root);
        const file = `${victim.root}file`;
        await client.put(file, 'x');
        await expect(call(client, file)).rejects.toThrow();
        // A dying process may still reset a connection. Once it has ended, connections are refused.
        const refused = (): Promise<boolean> =>
          fetchOnce(victim.origin).then(
            () => false,
            (error: unknown) => String(error).includes('ECONNREFUSED'),
          );
        while (!(await refused())) await sleep(20);
        await victim.stop();
      });
    }
  });
}

/** The usual outcomes, overridden by the server's own. Outcomes that the script skips are omitted. */
function expectedOutcomes({ methods, fatal = {} }: ServerUnderTest): MethodOutcomes {
  const expected = { ...usualOutcomes, ...methods };
  const hasLocks = !String(expected['LOCK: seconds']).startsWith('fails');
  const isTried = (name: string): boolean => !(name in fatal) && (hasLocks || !callsOfHolders.includes(name));
  return Object.fromEntries(Object.entries(expected).filter(([name]) => isTried(name)));
}

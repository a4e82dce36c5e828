/** Tests the classes' locks against real servers. Clients that compete for a resource must not lose an update. */
import { type NeonError, Session } from 'libneon';
import { failureOf } from '../../support/expect.js';
import { lockForms } from '../../support/lock-forms.js';
import { describePlaces, full, type Place } from '../../support/lock-places.js';

/** nephele requires an owner in each lock. */
const owner = 'somebody & others';

/** `atomic`: the server never grants two locks, even to simultaneous requests. */
function suites(place: () => Place, rounds: number, atomic: boolean): void {
  let unique = 0;
  const client = (): Session => Session.open(`http://127.0.0.1:${place().port}${place().root}`);
  /** A path that no other test uses. */
  const fresh = (): string => `${place().root}classes-${unique++}`;

  describe.each(lockForms)('$form', ({ calls }) => {
    test('reserves a locked file for the holder of the lock', async () => {
      const path = fresh();
      const [session, other] = [client(), client()];
      const [mine, theirs] = [calls(session), calls(other)];
      await theirs.put(path, 'old');
      const lock = await mine.lock(path, { duration: 300_000, owner });
      expect(lock.token).toMatch(/^\w+:/);
      expect(lock.duration).toBeGreaterThan(0);
      expect(await failureOf(() => theirs.put(path, 'theirs'))).toMatchObject({ status: 423 });
      expect(await failureOf(() => theirs.delete(path))).toMatchObject({ status: 423 });
      expect(await failureOf(() => theirs.lock(path, { owner }))).toMatchObject({
        status: 423,
        method: 'LOCK',
        target: path,
      });
      await mine.put(path, 'mine');
      expect((await theirs.request('GET', path)).status).toBe(200);
      await mine.unlock(lock);
      await theirs.delete(path);
    });

    test('refreshes, discovers and releases a lock', async () => {
      const path = fresh();
      const [session, other] = [client(), client()];
      const [mine, theirs] = [calls(session), calls(other)];
      await theirs.put(path, 'x');
      const lock = await mine.lock(path, { duration: 100_000, owner });
      expect(await mine.refreshLock(lock, { duration: 200_000 })).toBeGreaterThan(0);
      const found = await theirs.discoverLocks(path);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatchObject({ token: lock.token, scope: 'exclusive', depth: 0, target: path });
      await calls(session).unlockLock(lock);
      expect(await theirs.discoverLocks(path)).toEqual([]);
      if (place().strict)
        for (const call of [theirs.unlock, theirs.refreshLock])
          expect(await failureOf(() => call({ target: path, token: lock.token }))).toMatchObject({
            code: 'ERR_NEON_STATUS',
            status: expect.any(Number) as number,
          });
      await theirs.put(path, 'y');
    });

    test('shares a lock between clients, and discovers every one', async () => {
      const path = fresh();
      const [one, two] = [client(), client()];
      await calls(one).put(path, 'x');
      const options = { scope: 'shared', duration: 100_000, owner } as const;
      const locks = [await calls(one).lock(path, options), await calls(two).lock(path, options)];
      expect(locks.map(({ scope }) => scope)).toEqual(['shared', 'shared']);
      expect(await failureOf(() => calls(client()).lock(path, { owner }))).toMatchObject({ status: 423 });
      const tokens = (await calls(one).discoverLocks(path)).map((found) => found.error === undefined && found.token);
      expect(tokens.sort()).toEqual(locks.map(({ token }) => token).sort());
      for (const [i, session] of [one, two].entries()) await calls(session).unlock(locks[i]!);
    });

    test('protects a locked tree, also from COPY and MOVE into it', async () => {
      const [tree, source] = [`${fresh()}/`, fresh()];
      const [session, other] = [client(), client()];
      const [mine, theirs] = [calls(session), calls(other)];
      await theirs.mkcol(tree);
      await theirs.put(`${tree}a`, 'a');
      await theirs.put(source, 's');
      const lock = await mine.lock(tree, { depth: 'infinity', duration: 100_000, owner });
      expect(lock.depth).toBe('infinity');
      for (const change of [
        (c: typeof mine) => c.put(`${tree}new`, 'x'),
        (c: typeof mine) => c.copy(source, `${tree}c`),
        (c: typeof mine) => c.move(`${tree}a`, `${tree}m`),
        (c: typeof mine) => c.mkcol(`${tree}sub`),
        (c: typeof mine) => c.delete(`${tree}c`),
      ]) {
        expect(await failureOf(() => change(theirs))).toMatchObject({ code: 'ERR_NEON_STATUS' });
        await change(mine);
      }
      await mine.unlock(lock);
      await theirs.delete(tree);
    });

    test('accepts an infinite timeout', async () => {
      const path = fresh();
      const session = client();
      await calls(session).put(path, 'x');
      const lock = await calls(session).lock(path, { duration: Infinity, owner });
      if (place().strict) expect([lock.duration, lock.expires]).toEqual([Infinity, null]);
      else expect(lock.duration).toBeGreaterThan(0);
      await calls(session).unlock(lock);
    });

    test('rejects a request whose lock another client has released', async () => {
      const path = fresh();
      const [session, other] = [client(), client()];
      await calls(session).put(path, 'x');
      const { token } = await calls(session).lock(path, { owner });
      await calls(other).unlock({ target: path, token });
      expect(await failureOf(() => calls(session).put(path, 'y'))).toMatchObject({ status: 412 });
    });

    test('ends a lock when its resource is deleted', async () => {
      const path = fresh();
      const session = client();
      await calls(session).put(path, 'x');
      const lock = await calls(session).lock(path, { owner });
      await calls(session).delete(path);
      expect([lock.released, session.locks.size]).toEqual([true, 0]);
      await calls(session).put(path, 'y');
      await calls(session).delete(path);
    });
  });

  test('submits the lock for a streamed body', async () => {
    const path = fresh();
    const session = client();
    await session.put(path, 'x');
    await session.withLock(
      path,
      async () => {
        await session.put(
          path,
          (async function* () {
            yield 'a';
            yield 'b';
          })(),
        );
        expect(await (await session.get(path)).text()).toBe('ab');
      },
      { owner },
    );
    expect(await session.discoverLocks(path)).toEqual([]);
  });

  if (atomic)
    test(`loses no update when two clients compete for a resource, in ${rounds} rounds`, async () => {
      const path = fresh();
      const sessions = [client(), client()];
      await sessions[0]!.put(path, '0');
      let forgotten = 0;
      /** Increments the number; returns whether the update succeeded. */
      const increment = async (session: Session): Promise<boolean> => {
        let counted = false;
        try {
          await session.withLock(
            path,
            async () => {
              const count = Number(await (await session.get(path)).text());
              await session.put(path, String(count + 1));
              counted = true;
            },
            { wait: 60_000, duration: 60_000, owner },
          );
        } catch (error) {
          // Apache grants two locks if both requests search its database before either lock is stored. The second
          // lock then overwrites the first. After the overwrite, the first holder's PUT and UNLOCK fail.
          const refused = counted ? 'UNLOCK' : 'PUT';
          expect(error).toMatchObject({ code: 'ERR_NEON_STATUS', method: refused });
          expect((error as NeonError).status).toBeGreaterThanOrEqual(400);
          forgotten++;
        }
        return counted;
      };
      const compete = async (session: Session): Promise<void> => {
        for (let done = 0; done < rounds / 2;) if (await increment(session)) done++;
      };
      await Promise.all(sessions.map(compete));
      expect(await (await sessions[0]!.get(path)).text()).toBe(String(rounds));
      expect(forgotten).toBeLessThan(rounds / 5);
      for (const session of sessions) {
        expect(session.locks.size).toBe(0);
        await session.close();
      }
    }, 120_000);
}

describePlaces((place, atomic) => suites(place, full ? 400 : 40, atomic));

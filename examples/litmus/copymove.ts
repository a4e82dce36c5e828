/** Tests COPY and MOVE of files and collections, onto existing and missing resources. */
import * as ne from 'libneon/ne';
import { fail, sequence, skip, type Test } from './runner.js';
import type { Server } from './server.js';

const MEMBERS = Array.from({ length: 10 }, (_, index) => `foo.${index}`);

export function copymove(server: Server): Test[] {
  /** Whether the resources that the first tests copy exist. */
  let prepared = false;

  const at = (name: string): string => server.path(name);
  const copy = (overwrite: boolean, src: string, dest: string, depth = ne.NE_DEPTH_INFINITE): number =>
    ne.ne_copy(server.client.session, overwrite, depth, at(src), at(dest));
  const move = (overwrite: boolean, src: string, dest: string): number =>
    ne.ne_move(server.client.session, overwrite, at(src), at(dest));

  /** Creates a collection with ten files and a collection as its members. */
  const createMembers = (collection: string): void => {
    const { client } = server;
    client.makeCollection(at(collection));
    for (const member of MEMBERS) client.upload(at(collection + member));
    client.makeCollection(at(`${collection}subcoll/`));
  };

  /** Deletes the members that {@link createMembers} created. Fails if a member was not copied. */
  const deleteMembers = (collection: string): void => {
    const { client } = server;
    for (const member of [...MEMBERS, 'subcoll/'])
      client.works(
        `DELETE of ${at(collection + member)}, which should exist`,
        ne.ne_delete(client.session, at(collection + member)),
      );
  };

  return sequence({
    copy_init() {
      const { client } = server;
      client.upload(at('copysrc'));
      client.makeCollection(at('copycoll/'));
      prepared = true;
    },

    copy_simple() {
      if (!prepared) skip();
      const { client } = server;
      client.works('COPY to a new place', copy(false, 'copysrc', 'copydest'));
      client.should(201, 'COPY to a new place');
    },

    copy_overwrite() {
      if (!prepared) skip();
      const { client } = server;
      client.refuses('COPY onto a file with Overwrite: F', copy(false, 'copysrc', 'copydest'));
      client.must(412, 'COPY onto a file with Overwrite: F');
      client.works('COPY onto a file with Overwrite: T', copy(true, 'copysrc', 'copydest'));
      client.works('COPY of a file onto a collection with Overwrite: T', copy(true, 'copysrc', 'copycoll/'));
      client.should(204, 'COPY onto an existing resource');
    },

    copy_nodestcoll() {
      if (!prepared) skip();
      const { client } = server;
      const operation = 'COPY into a missing collection';
      if (copy(false, 'copysrc', 'nonesuch/foo', ne.NE_DEPTH_ZERO) === ne.NE_OK) fail(`${operation} was not rejected`);
      client.should(409, operation);
    },

    // A COPY may have replaced the collection by a file, so both forms of its path are deleted.
    copy_cleanup: () => server.client.clear(...['copysrc', 'copydest', 'copycoll', 'copycoll/'].map(at)),

    copy_coll() {
      const { client } = server;
      createMembers('ccsrc/');
      client.clear(at('ccdest/'), at('ccdest2/'));
      client.works('COPY of a collection', copy(false, 'ccsrc/', 'ccdest/'));
      client.works('second COPY of a collection', copy(false, 'ccsrc/', 'ccdest2/'));
      client.refuses('COPY onto a collection with Overwrite: F', copy(false, 'ccdest/', 'ccdest2/'));
      client.works('COPY onto a collection with Overwrite: T', copy(true, 'ccdest2/', 'ccdest/'));
      client.tidyUp(at('ccsrc/'));
      deleteMembers('ccdest/');
      client.works('DELETE of the second copy', ne.ne_delete(client.session, at('ccdest2/')));
      client.tidyUp(at('ccdest/'));
    },

    copy_shallow() {
      const { client } = server;
      client.makeCollection(at('ccsrc/'));
      client.upload(at('ccsrc/foo'));
      client.clear(at('ccdest/'));
      client.works('COPY of a collection with Depth: 0', copy(false, 'ccsrc/', 'ccdest/', ne.NE_DEPTH_ZERO));
      client.tidyUp(at('ccsrc/'));
      // litmus 0.13 uses the wrong path.
      client.clear(at(server.access.corrected ? 'ccdest/foo' : 'foo'));
      client.must(404, 'DELETE of a member that should not have been copied');
      client.tidyUp(at('ccdest/'));
    },

    move() {
      const { client } = server;
      client.upload(at('move'));
      client.upload(at('move2'));
      client.makeCollection(at('movecoll/'));
      client.works('MOVE to a new place', move(false, 'move', 'movedest'));
      client.should(201, 'MOVE to a new place');
      client.refuses('MOVE onto a file with Overwrite: F', move(false, 'move2', 'movedest'));
      client.must(412, 'MOVE onto a file with Overwrite: F');
      client.works('MOVE onto a file with Overwrite: T', move(true, 'move2', 'movedest'));
      client.works('MOVE of a file onto a collection with Overwrite: T', move(true, 'movedest', 'movecoll/'));
      client.should(204, 'MOVE onto an existing resource');
      client.tidyUp(at('movecoll'));
    },

    move_coll() {
      const { client } = server;
      createMembers('mvsrc/');
      client.upload(at('mvnoncoll'));
      client.works('COPY of a collection', copy(false, 'mvsrc/', 'mvdest2/'));
      client.works('MOVE of a collection', move(false, 'mvsrc/', 'mvdest/'));
      client.refuses('MOVE onto a collection with Overwrite: F', move(false, 'mvdest/', 'mvdest2/'));
      client.works('MOVE onto a collection with Overwrite: T', move(true, 'mvdest2/', 'mvdest/'));
      client.works('COPY of the moved collection', copy(false, 'mvdest/', 'mvdest2/'));
      deleteMembers('mvdest/');
      client.works('MOVE of a collection onto a file with Overwrite: T', move(true, 'mvdest2/', 'mvnoncoll'));
    },

    move_cleanup: () => server.client.clear(...['mvdest/', 'mvdest2/', 'mvnoncoll'].map(at)),
  });
}

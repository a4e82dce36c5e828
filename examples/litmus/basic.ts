/** Tests OPTIONS, PUT, GET, DELETE and MKCOL. */
import * as ne from 'libneon/ne';
import { fail, sequence, skip, type Test } from './runner.js';
import type { Server } from './server.js';

const CONTENT = 'A few lines\nthat go up\nand come down\nas they were.\n';

export function basic(server: Server): Test[] {
  const { root } = server;
  /** The resource that was uploaded last, and the created collection. Both are undefined until they exist. */
  let resource: string | undefined;
  let collection: string | undefined;

  const putAndGet = (segment: string): void => {
    const { client } = server;
    const target = root + segment;
    client.upload(target, CONTENT);
    client.should(201, 'PUT of a new resource');
    const content = client.download(target).toString();
    if (content !== CONTENT) fail(`GET of ${target} returns ${JSON.stringify(content)}, not the uploaded content`);
    resource = target;
  };

  return sequence({
    options: () => void capabilities(server),

    put_get: () => putAndGet('res'),
    put_get_utf8_segment: () => putAndGet(`res-${ne.ne_path_escape('€')}`),

    // litmus 0.13 sends MKCOL instead of PUT.
    put_no_parent() {
      const { client, access } = server;
      const target = `${root}409me/noparent.txt`;
      const operation = `${access.corrected ? 'PUT' : 'MKCOL'} in a missing collection`;
      client.refuses(operation, access.corrected ? client.put(target) : ne.ne_mkcol(client.session, target));
      client.should(409, operation);
    },

    mkcol_over_plain() {
      const { client } = server;
      client.refuses('MKCOL of an existing file', ne.ne_mkcol(client.session, resource ?? skip()));
    },

    delete() {
      const { client } = server;
      const target = resource ?? skip();
      client.works(`DELETE of ${target}`, ne.ne_delete(client.session, target));
    },

    delete_null() {
      const { client } = server;
      client.refuses('DELETE of a missing resource', ne.ne_delete(client.session, `${root}404me`));
      client.should(404, 'DELETE of a missing resource');
    },

    delete_fragment() {
      const { client } = server;
      const target = `${root}frag/`;
      client.makeCollection(target);
      if (ne.ne_delete(client.session, `${target}#ment`) === ne.NE_OK)
        server.warn('DELETE of a path with a fragment (#) removed the whole collection');
      else client.works(`DELETE of ${target}`, ne.ne_delete(client.session, target));
    },

    mkcol() {
      const target = `${root}coll/`;
      server.client.makeCollection(target);
      collection = target;
    },

    mkcol_again() {
      const { client } = server;
      client.refuses('MKCOL of an existing collection', ne.ne_mkcol(client.session, collection ?? skip()));
      client.should(405, 'MKCOL of an existing collection');
    },

    delete_coll() {
      const { client } = server;
      const target = collection ?? skip();
      client.works(`DELETE of ${target}`, ne.ne_delete(client.session, target));
    },

    mkcol_no_parent() {
      const { client } = server;
      client.refuses('MKCOL in a missing collection', ne.ne_mkcol(client.session, `${root}409me/noparent/`));
      client.should(409, 'MKCOL in a missing collection');
    },

    mkcol_with_body() {
      const headers = { 'Content-Type': 'application/x-libneon-unheard-of' };
      const status = server.client.send('MKCOL', `${root}mkcolbody`, { headers, body: 'an unknown body' });
      if (status !== 415)
        fail(`MKCOL with a body of an unknown type must be rejected with 415; the status was ${status}`);
    },
  });
}

/**
 * Implements the test `options` of this suite and of the suite `locks`. Returns whether the server claims to support
 * locks (class 2).
 */
export function capabilities(server: Server): boolean {
  const { client, root } = server;
  const found = { value: 0 };
  client.works(`OPTIONS of ${root}`, ne.ne_options2(client.session, root, found));
  if (!(found.value & ne.NE_CAP_DAV_CLASS1)) fail('the server does not claim to be one of WebDAV (class 1)');
  const locks = (found.value & ne.NE_CAP_DAV_CLASS2) !== 0;
  if (!locks) server.warn('the server does not claim to lock (class 2)');
  return locks;
}

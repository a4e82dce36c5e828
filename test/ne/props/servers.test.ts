/** Tests of ne_props.h against a real server. */
import * as ne from 'libneon/ne';
import { startNephele, type Nephele } from '../../servers/nephele.js';
import { sessionWith } from '../../support/servers.js';
import { surfaces, type Io } from '../../support/surfaces.js';

describe('nephele', () => {
  let server: Nephele;
  beforeAll(async () => {
    server = await startNephele();
  });
  afterAll(() => server.stop());

  const read = async (
    io: Io,
    sess: ne.ne_session,
    names: ne.ne_propname[] | null,
  ): Promise<Map<string, string | null>> => {
    const values = new Map<string, string | null>();
    const result = await io.ne_simple_propfind(sess, '/', 0, names, (_, set) => {
      ne.ne_propset_iterate(set, ({ nspace, name }, value) => void values.set(`{${nspace}}${name}`, value));
    });
    expect(result).toBe(ne.NE_OK);
    return values;
  };

  test.each(surfaces)('sets, reads, names and removes properties with $surface', async ({ io, surface }) => {
    const sess = sessionWith(server);
    const mine = { nspace: 'http://example.com/ns', name: `p${surface.length}` };
    const key = `{${mine.nspace}}${mine.name}`;
    expect(await io.ne_proppatch(sess, '/', [{ name: mine, type: ne.ne_propset, value: 'one &amp; two' }])).toBe(
      ne.NE_OK,
    );
    expect((await read(io, sess, [mine])).get(key)).toBe('one & two');
    expect((await read(io, sess, null)).has('{DAV:}resourcetype')).toBe(true);
    const names: string[] = [];
    const result = await io.ne_propnames(sess, '/', 0, (_, set) => {
      ne.ne_propset_iterate(set, ({ name }, value) => {
        names.push(name);
        expect(value).toBe('');
      });
    });
    expect(result).toBe(ne.NE_OK);
    expect(names).toContain(mine.name);
    expect(await io.ne_proppatch(sess, '/', [{ name: mine, type: ne.ne_propremove }])).toBe(ne.NE_OK);
    expect((await read(io, sess, [mine])).get(key)).toBeNull();
    await io.ne_session_destroy(sess);
  });
});

/** Compares functions that need no server: C and JavaScript read the same table of inputs. */
import path from 'node:path';
import { describeWith } from '../servers/packages.js';
import { projectRoot } from '../servers/start.js';
import { compare, cTwin, jsTwin, runTwin, type Scenario } from './oracle.js';

const scenario = (name: string, ...args: string[]): Scenario => ({
  server: { connections: [] },
  args: [path.join(projectRoot, 'test', 'oracle', name), ...args],
});

describeWith('cc', 'JavaScript compared with C', () => {
  test('matches C for URIs and paths', async () => {
    const table = scenario('uri.table');
    await compare(cTwin('uri'), jsTwin('uri', 'sync'), table);
    const { lines } = await runTwin(cTwin('uri'), table);
    expect(lines.filter((line) => line.startsWith('line=')).length).toBeGreaterThan(100);
  });

  // Each time zone is a rule, because a zone name would require files.
  test.each(['UTC0', 'CET-1CEST,M3.5.0,M10.5.0/3', 'EST5EDT,M3.2.0,M11.1.0', 'LHST-10:30LHDT-11,M10.1.0,M4.1.0'])(
    'matches C for dates in the time zone %s',
    async (zone) => {
      const table = scenario('dates.table', zone);
      await compare(cTwin('dates'), jsTwin('dates', 'sync'), table);
      const { lines } = await runTwin(cTwin('dates'), table);
      expect(lines.filter((line) => line.startsWith('line=')).length).toBeGreaterThan(50);
    },
  );
});

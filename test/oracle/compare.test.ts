import { describeWith } from '../servers/packages.js';
import { compare, cTwin, jsTwin, surfaces } from './oracle.js';
import { differing, scenarios } from './scenarios.js';

describeWith('cc', 'JavaScript does what C does', () => {
  describe.each(surfaces)('on the surface %s', (surface) => {
    test.each(scenarios)('$twin: $about', async ({ twin, ...scenario }) => {
      await compare(cTwin(twin), jsTwin(twin, surface), scenario);
    });

    test.each(differing)('but not $twin: $about', async ({ twin, ...scenario }) => {
      await expect(compare(cTwin(twin), jsTwin(twin, surface), scenario)).rejects.toThrow();
    });

    const withClasses = scenarios.filter(({ twin }) => twin === 'session');
    test.each(withClasses)('$twin, with the classes: $about', async ({ twin, ...scenario }) => {
      await compare(cTwin(twin), jsTwin(`${twin}-classes`, surface), scenario);
    });
  });
});

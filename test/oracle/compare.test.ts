import { describeWith } from '../servers/packages.js';
import { compareWith, cTwin, jsTwin, runTwin, surfaces, type Outcome, type Surface } from './oracle.js';
import { differing, scenarios } from './scenarios.js';

type Scenario = (typeof scenarios)[number];

describeWith('cc', 'JavaScript does what C does', () => {
  // What C does is the same for all that is compared with it.
  const outcomes = new Map<Scenario, Promise<Outcome>>();
  const compare = (scenario: Scenario, subject: string, surface: Surface): Promise<void> => {
    const expected = outcomes.get(scenario) ?? runTwin(cTwin(scenario.twin), scenario);
    outcomes.set(scenario, expected);
    return compareWith(expected, jsTwin(subject, surface), scenario);
  };

  describe.each(surfaces)('on the surface %s', (surface) => {
    test.each(scenarios)('$twin: $about', (scenario) => compare(scenario, scenario.twin, surface));

    test.each(differing)('but not $twin: $about', async (scenario) => {
      await expect(compare(scenario, scenario.twin, surface)).rejects.toThrow();
    });

    const withClasses = scenarios.filter(({ twin }) => twin === 'session');
    test.each(withClasses)('$twin, with the classes: $about', (scenario) =>
      compare(scenario, `${scenario.twin}-classes`, surface),
    );
  });
});

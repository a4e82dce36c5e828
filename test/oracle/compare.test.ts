/** Compares JavaScript with C in every scenario, on both surfaces and with the classes. */
import { describeWith } from '../servers/packages.js';
import { compareWith, cTwin, jsTwin, runTwin, surfaces, type Outcome, type Surface } from './oracle.js';
import { differing, scenarios } from './scenarios.js';

type Scenario = (typeof scenarios)[number];

describeWith('cc', 'JavaScript compared with C', () => {
  // Each C twin runs once for each scenario. Its outcome is reused for every JavaScript twin.
  const outcomes = new Map<Scenario, Promise<Outcome>>();
  const compare = (scenario: Scenario, subject: string, surface: Surface): Promise<void> => {
    const expected = outcomes.get(scenario) ?? runTwin(cTwin(scenario.twin), scenario);
    outcomes.set(scenario, expected);
    return compareWith(expected, jsTwin(subject, surface), scenario);
  };

  describe.each(surfaces)('the surface %s', (surface) => {
    test.each(scenarios)('matches C in $twin: $about', (scenario) => compare(scenario, scenario.twin, surface));

    test.each(differing)('differs from C in $twin: $about', async (scenario) => {
      await expect(compare(scenario, scenario.twin, surface)).rejects.toThrow();
    });

    const withClasses = scenarios.filter(({ twin }) => twin === 'session');
    test.each(withClasses)('matches C with the classes in $twin: $about', (scenario) =>
      compare(scenario, `${scenario.twin}-classes`, surface),
    );
  });
});

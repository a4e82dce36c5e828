/** The environment of Jest in which `npm run coverage` runs the tests: child processes count their lines, too. */
import { TestEnvironment } from 'jest-environment-node';

/**
 * Sets `NODE_V8_COVERAGE` for the processes that tests start. Jest itself counts the lines of its own processes, which
 * therefore must start without this variable.
 */
class CountingEnvironment extends TestEnvironment {
  constructor(...[config, context]: ConstructorParameters<typeof TestEnvironment>) {
    const { LIBNEON_CHILD_COVERAGE } = process.env;
    if (LIBNEON_CHILD_COVERAGE !== undefined) process.env['NODE_V8_COVERAGE'] = LIBNEON_CHILD_COVERAGE;
    super(config, context);
  }
}

module.exports = CountingEnvironment;

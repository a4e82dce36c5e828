/** Bad arguments to the functions of ne_i18n.h. */
import { all, type Argument } from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';
import { wrongType, wrongValue } from '../../support/expect.js';

const longName: Argument = {
  name: 'encoding',
  good: () => 'UTF-8',
  bad: () => [
    ...all(wrongType, [0, true, {}, [], Buffer.from('UTF-8')]),
    ...all(wrongValue, ['\0', 'UTF-8\0', 'x'.repeat(101), 'x'.repeat(10_000_000)]),
  ],
  optional: true,
};

testBadInput('i18n', {
  ne_i18n_init: [longName],
});

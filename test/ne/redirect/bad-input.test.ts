/** Bad arguments to the functions of ne_redirect.h. */
import { sess } from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';

testBadInput('redirect', {
  ne_redirect_register: [sess],
  ne_redirect_location: [sess],
});

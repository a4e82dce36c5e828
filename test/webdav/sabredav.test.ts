/** Compares this package with npm webdav on SabreDAV. */
import { sabreDav, startSabreDav } from '../servers/sabredav.js';
import { describeCalls, refreshing } from './describe-calls.js';

describeCalls({
  name: 'SabreDAV',
  programs: ['php', sabreDav],
  start: startSabreDav,
  path: '',
  differences: refreshing('Second-1800'),
});

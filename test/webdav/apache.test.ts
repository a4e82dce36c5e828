/** Compares this package with npm webdav on Apache. */
import { startApache } from '../servers/apache.js';
import { describeCalls, refreshing, unlocking } from './describe-calls.js';

describeCalls({
  name: 'Apache',
  programs: ['apache2'],
  start: startApache,
  path: '/dav',
  differences: { ...refreshing('Second-600'), ...unlocking },
});

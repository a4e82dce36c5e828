/** Compares this package with npm webdav on rclone. */
import { startRclone } from '../servers/rclone.js';
import { describeCalls, refreshing, unlocking } from './describe-calls.js';

describeCalls({
  name: 'rclone',
  programs: ['rclone'],
  start: startRclone,
  path: '',
  differences: { ...refreshing('Second-600'), ...unlocking, 'the token of lock': { result: 'string' } },
});

/** Compares this package with npm webdav on rclone. */
import { startRclone } from '../servers/rclone.js';
import { describeCalls } from './describe-calls.js';

describeCalls({ name: 'rclone', programs: ['rclone'], start: startRclone, path: '' });

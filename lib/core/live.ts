import { NeonError } from './errors.js';
import { native } from './native.js';

/** The requests of this session whose handles are not destroyed, as `"GET /path"`. */
export const liveRequests: (sess: object) => string[] = native('liveRequests');

/**
 * Throws ERR_NEON_LIVE_REQUESTS when there are live requests; the message has the number and the names of the requests.
 */
export function refuseWhileLive(live: readonly string[], owner: 'session' | 'pool' = 'session'): void {
  if (live.length === 0) return;
  const named = live.slice(0, 5).join(', ') + (live.length > 5 ? ', …' : '');
  throw new NeonError(
    `${live.length} ${live.length === 1 ? `request of this ${owner} is` : `requests of this ${owner} are`} live: ${named}`,
    'ERR_NEON_LIVE_REQUESTS',
  );
}

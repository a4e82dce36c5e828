import { native } from '../core/native.js';
import type { ne_session } from './handles.js';
import type { ne_uri } from './uri.js';

/**
 * From now on every request of the session that is answered with a redirect (30x, with a Location that is a URI) fails
 * with `NE_REDIRECT`, and ne_redirect_location tells where to. To do so again changes nothing.
 *
 * @throws `ERR_NEON_INVALID_STATE` while there are requests of the session
 */
export const ne_redirect_register: (sess: ne_session) => void = native('ne_redirect_register');

/**
 * Where the last redirect went to: a fresh object, resolved against the target; null when there was none, or none that
 * is a URI.
 */
export const ne_redirect_location: (sess: ne_session) => ne_uri | null = native('ne_redirect_location');

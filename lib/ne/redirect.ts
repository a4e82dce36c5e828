/** Redirects: the API of ne_redirect.h. */
import { native } from '../core/native.js';
import type { ne_session } from './handles.js';
import type { ne_uri } from './uri.js';

/**
 * Makes requests of a session fail with `NE_REDIRECT` when the response is a redirect.
 *
 * A redirect is a response with a 3xx status and a Location that is a URI. Versions of neon before 0.34 recognise only
 * the statuses 301, 302, 303 and 307. After a redirect, {@link ne_redirect_location} returns the new location. A second
 * call of ne_redirect_register has no effect.
 *
 * @throws `ERR_NEON_INVALID_STATE` while requests of the session exist
 */
export const ne_redirect_register: (sess: ne_session) => void = native('ne_redirect_register');

/**
 * Returns the location of the last redirect, resolved against the request's target, as a new object.
 *
 * @returns null when no redirect was received, or when the location is not a URI
 */
export const ne_redirect_location: (sess: ne_session) => ne_uri | null = native('ne_redirect_location');

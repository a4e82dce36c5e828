import { native } from '../core/native.js';

/**
 * Makes neon find the translations of its error texts; with an encoding, has them in that. It was called with `'UTF-8'`
 * when the package was loaded, and counts for the whole process: texts in another encoding cannot be read here.
 *
 * @param encoding the name of an encoding, or null, which leaves it as it is
 */
export const ne_i18n_init: (encoding: string | null) => void = native('ne_i18n_init');

/** Translated error texts: the API of ne_i18n.h. */
import { native } from '../core/native.js';

/**
 * Makes neon find the translations of its error texts, for the whole process. When the package is loaded, it calls this
 * function with `'UTF-8'`, the only encoding that the package can read.
 *
 * @param encoding the name of the encoding for translated texts; null keeps the current encoding
 */
export const ne_i18n_init: (encoding: string | null) => void = native('ne_i18n_init');

/** Translated error texts: the API of ne_i18n.h. */
import { native } from '../core/native.js';

/**
 * Enables the translations of neon's error texts for the whole process. The package calls this function once, when it
 * is loaded, with `'UTF-8'`. The package can read no other encoding.
 *
 * @param encoding the encoding of the translated texts; null keeps the current encoding
 */
export const ne_i18n_init: (encoding: string | null) => void = native('ne_i18n_init');

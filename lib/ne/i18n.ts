/** Translated error texts: the API of ne_i18n.h. */
import { native } from '../core/native.js';

/**
 * Makes neon find the translations of its error texts, for the whole process. The package calls it with `'UTF-8'` when
 * it is loaded; texts in another encoding cannot be read here.
 *
 * @param encoding the name of the encoding for translated texts; null keeps the current one
 */
export const ne_i18n_init: (encoding: string | null) => void = native('ne_i18n_init');

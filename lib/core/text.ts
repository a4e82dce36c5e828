/** The type of text in unions with known words. */

/** Any text. In a union with known words, editors still complete the words, which they do not beside `string`. */
export type AnyText = string & Record<never, never>;

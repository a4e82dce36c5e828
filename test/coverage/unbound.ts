/** What of neon means nothing in JavaScript, and why. */
const memory = 'memory is managed by JavaScript and by the addon';
const text = 'JavaScript has strings';
const debugging = 'a variable of C; see ne_debug_init';
const format = 'a part of a format of C, for a type of C';
const compiler = 'an annotation for the C compiler';

export const unbound: Readonly<Record<string, string>> = {
  ne_malloc: memory,
  ne_calloc: memory,
  ne_realloc: memory,
  ne_free: memory,
  ne_strdup: memory,
  ne_strndup: memory,
  ne_oom_callback: memory,
  NE_FREE: memory,
  ne_snprintf: text,
  ne_vsnprintf: text,
  ne_strnzcpy: text,
  ne_vstrhash: 'takes a list of C arguments; ne_strhash is the same',
  ne_tolower_array: 'a table of C; see ne_tolower',
  NE_ASC2HEX: 'a digit of C; see ne_strhextoul and Number.parseInt',
  NE_HEX2ASC: 'a digit of C; see Number.prototype.toString',
  NE_DEBUG: debugging,
  NE_DEBUG_WINSCK: 'for Windows only',
  NE_BUFSIZ: 'the size of buffers inside C',
  NE_XML_MAPLEN: 'the length of an array, which JavaScript knows',
  NE_FMT_SIZE_T: format,
  NE_FMT_SSIZE_T: format,
  NE_FMT_OFF_T: format,
  NE_FMT_NE_OFF_T: format,
  NE_FMT_TIME_T: format,
  NE_FMT_XML_SIZE: format,
  NE_FMT_OFF64_T: format,
  NE_FMT_LONG: format,
  NE_VAR: compiler,
  NE_BEGIN_DECLS: compiler,
  NE_END_DECLS: compiler,
  NE_PRIVATE: compiler,
  ne_attribute: compiler,
  ne_attribute_malloc: compiler,
  ne_attribute_alloc_size: compiler,
  ne_attribute_sentinel: compiler,
  NE_SESSFLAG_LAST: 'the number of flags in C',
  NE_REQFLAG_LAST: 'the number of flags in C',
};

/** The twin of strings.c. */
import { NeonError } from 'libneon';
import * as ne from 'libneon/ne';
import { playTwin, sayNumber, sayText } from './twin.js';

playTwin(async (_io, _port, texts) => {
  texts.forEach((text, i) => {
    sayText('text', text);
    sayTokens(text, (rest) => ne.ne_token(rest, ','));
    sayTokens(text, (rest) => ne.ne_qtoken(rest, ';', '"\''));
    sayText('shaved', ne.ne_shave(text, ' \t"x'));
    sayText('clean', ne.ne_strclean(text));
    saySupported('lower', () => ne.ne_strlower(text));
    saySupported('upper', () => ne.ne_strupper(text));
    sayText('concatenated', ne.ne_concat(text, '', text, '+'));
    sayText('quoted', ne.ne_strnqdup(text));
    sayText('base64', ne.ne_base64(text));
    const decoded = ne.ne_unbase64(text);
    sayText('decoded', decoded && ne.ne_strnqdup(decoded));
    sayHashes(text);
    sayText('parameter', ne.ne_strparam('UTF-8', null, text));
    sayText('parameter', ne.ne_strparam('utf-8', 'en', text));
    sayComparisons(text, texts.at(i - 1)!);
    sayHex(text);
    sayBuffer(text);
  });
  for (let number = -3; number < 140; number++) sayText('error', ne.ne_strerror(number));
  for (let c = 0; c < 256; c++) sayNumber('lower', ne.ne_tolower(c));
});

function sayTokens(text: string, next: (rest: ne.Out<string | null>) => string | null): void {
  const rest: ne.Out<string | null> = { value: text };
  while (rest.value !== null) {
    const before = rest.value;
    sayText('token', next(rest));
    sayText('rest', rest.value);
    if (rest.value === before) break;
  }
}

/** What the loaded neon may not have. */
function saySupported(key: string, call: () => string): void {
  try {
    sayText(key, call());
  } catch (error) {
    if (!(error instanceof NeonError && error.code === 'ERR_NEON_UNSUPPORTED')) throw error;
    sayText(key, 'unsupported');
  }
}

function sayHashes(text: string): void {
  const formats = [0, ne.NE_HASH_COLON, ne.NE_HASH_SPACE, ne.NE_HASH_COLON | ne.NE_HASH_SPACE, 0x4000];
  for (let algorithm = 0; algorithm < 17; algorithm++)
    for (const format of formats) sayText('hash', ne.ne_strhash(algorithm | format, text, '', text));
}

function sayComparisons(text: string, other: string): void {
  sayNumber('compared', ne.ne_strcasecmp(text, other));
  for (let n = 0; n < 6; n++) sayNumber('compared start', ne.ne_strncasecmp(text, other, n));
}

function sayHex(text: string): void {
  const end: { value?: string; errno?: number } = {};
  saySupported('hex', () => String(ne.ne_strhextoul(text, end)));
  if (end.errno === undefined) return;
  sayNumber('errno', end.errno);
  sayText('end', end.value!);
}

function sayBuffer(text: string): void {
  const buf = ne.ne_buffer_ncreate(3);
  ne.ne_buffer_concat(buf, text, '|', text);
  ne.ne_buffer_qappend(buf, text);
  ne.ne_buffer_czappend(buf, '|');
  sayNumber('printed', ne.ne_buffer_snprintf(buf, 20, '%s-%04d', text, 42));
  sayNumber('used', buf.used);
  sayNumber('length', buf.length);
  sayNumber('size', ne.ne_buffer_size(buf));
  sayText('buffer', ne.ne_buffer_finish(buf));
}

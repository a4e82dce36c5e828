/** Implements the twin of strings.c. */
import { NeonError } from 'libneon';
import * as ne from 'libneon/ne';
import { runMain, printNumber, printText } from './twin.js';

runMain(async (_io, _port, texts) => {
  texts.forEach((text, i) => {
    printText('text', text);
    printTokens(text, (rest) => ne.ne_token(rest, ','));
    printTokens(text, (rest) => ne.ne_qtoken(rest, ';', '"\''));
    printText('shaved', ne.ne_shave(text, ' \t"x'));
    printText('clean', ne.ne_strclean(text));
    printSupported('lower', () => ne.ne_strlower(text));
    printSupported('upper', () => ne.ne_strupper(text));
    printText('concatenated', ne.ne_concat(text, '', text, '+'));
    printText('quoted', ne.ne_strnqdup(text));
    printText('base64', ne.ne_base64(text));
    const decoded = ne.ne_unbase64(text);
    printText('decoded', decoded && ne.ne_strnqdup(decoded));
    printHashes(text);
    printText('parameter', ne.ne_strparam('UTF-8', null, text));
    printText('parameter', ne.ne_strparam('utf-8', 'en', text));
    printComparisons(text, texts.at(i - 1)!);
    printHex(text);
    printBuffer(text);
  });
  for (let number = -3; number < 140; number++) printText('error', ne.ne_strerror(number));
  for (let c = 0; c < 256; c++) printNumber('lower', ne.ne_tolower(c));
});

function printTokens(text: string, next: (rest: ne.Out<string | null>) => string | null): void {
  const rest: ne.Out<string | null> = { value: text };
  while (rest.value !== null) {
    const before = rest.value;
    printText('token', next(rest));
    printText('rest', rest.value);
    if (rest.value === before) break;
  }
}

/** Prints the result, or `unsupported` if the loaded neon lacks the function. */
function printSupported(key: string, call: () => string): void {
  try {
    printText(key, call());
  } catch (error) {
    if (!(error instanceof NeonError && error.code === 'ERR_NEON_UNSUPPORTED')) throw error;
    printText(key, 'unsupported');
  }
}

function printHashes(text: string): void {
  const formats = [0, ne.NE_HASH_COLON, ne.NE_HASH_SPACE, ne.NE_HASH_COLON | ne.NE_HASH_SPACE, 0x4000];
  for (let algorithm = 0; algorithm < 17; algorithm++)
    for (const format of formats) printText('hash', ne.ne_strhash(algorithm | format, text, '', text));
}

function printComparisons(text: string, other: string): void {
  printNumber('compared', ne.ne_strcasecmp(text, other));
  for (let n = 0; n < 6; n++) printNumber('compared start', ne.ne_strncasecmp(text, other, n));
}

function printHex(text: string): void {
  const end: { value?: string; errno?: number } = {};
  printSupported('hex', () => String(ne.ne_strhextoul(text, end)));
  if (end.errno === undefined) return;
  printNumber('errno', end.errno);
  printText('end', end.value!);
}

function printBuffer(text: string): void {
  const buf = ne.ne_buffer_ncreate(3);
  ne.ne_buffer_concat(buf, text, '|', text);
  ne.ne_buffer_qappend(buf, text);
  ne.ne_buffer_czappend(buf, '|');
  printNumber('printed', ne.ne_buffer_snprintf(buf, 20, '%s-%04d', text, 42));
  printNumber('used', buf.used);
  printNumber('length', buf.length);
  printNumber('size', ne.ne_buffer_size(buf));
  printText('buffer', ne.ne_buffer_finish(buf));
}

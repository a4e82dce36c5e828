/** Bad arguments to the functions of ne_compress.h. */
import * as ne from 'libneon/ne';
import { callback, handle, req } from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';

const decompress = handle('ctx', 'ne_decompress', ne.ne_decompress_destroy);

testBadInput('compress', {
  ne_decompress_reader: [req, callback('accpt'), callback('reader')],
  ne_decompress_destroy: [decompress],
});

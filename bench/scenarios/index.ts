/** Lists the scenarios of the benchmark. */
import type { Scenario } from '../scenario.js';
import { downloadBytes, downloadFile, downloadStream, uploadFile, uploadStream } from './big.js';
import { blocking, start } from './script.js';
import { connections, fewPuts, medium, puts } from './small.js';
import { handshakes, tlsSequential } from './tls.js';

/** All scenarios, in the order of the report. */
export const scenarios: readonly Scenario[] = [
  ...connections,
  medium,
  puts,
  fewPuts,
  handshakes,
  tlsSequential,
  downloadBytes,
  downloadStream,
  downloadFile,
  uploadFile,
  uploadStream,
  blocking,
  start,
];

/** Lists the scenarios of the benchmark. */
import type { Scenario } from '../scenario.js';
import { downloadBytes, downloadFile, downloadStream, uploadFile } from './big.js';
import { blocking, start } from './script.js';
import { connections, medium, puts } from './small.js';
import { handshakes, tlsSequential } from './tls.js';

/** All scenarios, in the order of the report. */
export const scenarios: readonly Scenario[] = [
  ...connections,
  medium,
  puts,
  handshakes,
  tlsSequential,
  downloadBytes,
  downloadStream,
  downloadFile,
  uploadFile,
  blocking,
  start,
];

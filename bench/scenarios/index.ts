/** Lists the scenarios of the benchmark. */
import type { Scenario } from '../scenario.js';
import { downloadBytes, downloadFile, downloadStream, uploadFile } from './big.js';
import { parallel } from './parallel.js';
import { sequential } from './sequential.js';
import { handshakes, tlsSequential } from './tls.js';

/** All scenarios, in the order of the report. */
export const scenarios: readonly Scenario[] = [
  sequential,
  parallel,
  handshakes,
  tlsSequential,
  downloadBytes,
  downloadStream,
  downloadFile,
  uploadFile,
];

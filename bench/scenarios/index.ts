import type { Scenario } from '../scenario.js';
import { downloadBytes, downloadFile, downloadStream, uploadFile } from './big.js';
import { parallel } from './parallel.js';
import { sequential } from './sequential.js';

/** All scenarios, in the order of the report. */
export const scenarios: readonly Scenario[] = [
  sequential,
  parallel,
  downloadBytes,
  downloadStream,
  downloadFile,
  uploadFile,
];

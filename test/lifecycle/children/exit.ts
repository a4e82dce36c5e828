/**
 * exit.js PORTS PLACE COUNT WAY: starts calls that wait and then ends the process. WAY chooses how the process ends.
 */
import { block, portsFrom, type Place } from './blocked.js';
import { reportEnding } from './tools.js';

const ways = {
  exit: () => process.exit(0),
  'exit-7': () => process.exit(7),
  throw: () =>
    setImmediate(() => {
      throw new Error('thrown on purpose');
    }),
  reject: () => void Promise.reject(new Error('thrown on purpose')),
  SIGTERM: () => process.kill(process.pid, 'SIGTERM'),
};

/** The way to end. */
export type Way = keyof typeof ways;

const [, , ports, place, count, way] = process.argv;
void block(place as Place, Number(count), portsFrom(ports)).then(() => {
  reportEnding();
  ways[way as Way]();
});

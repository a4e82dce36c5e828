/** exit.js PORTS PLACE COUNT HOW: ends, in one way or another, while calls wait. */
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

/** How it ends. */
export type Way = keyof typeof ways;

const [, , ports, place, count, way] = process.argv;
void block(place as Place, Number(count), portsFrom(ports)).then(() => {
  reportEnding();
  ways[way as Way]();
});

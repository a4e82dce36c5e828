/** Runs the convenient methods of the classes against nephele. */
import { startNephele } from '../../servers/nephele.js';
import { describeConvenience } from './describe-server.js';

describeConvenience({
  name: 'nephele',
  programs: [],
  start: async () => ({ ...(await startNephele()), root: '/', files: null }),
  convenience: { quota: 'both' },
});

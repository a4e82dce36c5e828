/** Runs every method of the classes against Apache, the reference server. */
import { startApache } from '../../servers/apache.js';
import { describeConvenience, describeServer, type ServerUnderTest } from './describe-server.js';

const served = {
  name: 'Apache',
  programs: ['apache2'],
  start: async () => {
    const apache = await startApache();
    return { ...apache, root: '/dav/', files: apache.files.dav };
  },
} satisfies Partial<ServerUnderTest>;

describeServer({
  ...served,
  methods: {
    ETag: 'W/"', // weak for a file that changed within the last second
    'UNLOCK with a wrong token': 'fails: 400',
    'LOCK of a collection': ['207', 'allowed'], // a multi-status document with 423 for the collection
  },
  names: {},
});

describeConvenience({
  ...served,
  convenience: { 'mkcol with parents over a file': 'fails: 400', search: 'fails: 405', patchRange: 'hEEEo' },
});

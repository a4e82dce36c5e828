/** Runs every method of the classes against SabreDAV. */
import { sabreDav, startSabreDav } from '../../servers/sabredav.js';
import { describeConvenience, describeServer, type ServerUnderTest } from './describe-server.js';

const served = {
  name: 'SabreDAV',
  programs: ['php', sabreDav],
  start: startSabreDav,
} satisfies Partial<ServerUnderTest>;

describeServer({
  ...served,
  methods: {
    'OPTIONS: classes': ['1', '2', '3'],
    'PUT without a parent': 'fails: 404',
    POST: 'fails: 501',
    'PROPFIND with depth infinity': ['.', 'a.ics', 'sub/'],
    'COPY of a collection with depth 0': ['.', 'a.ics', 'sub/'],
    'LOCK: seconds': 1800,
    discoverLocks: [false], // the server does not report the token
    'refreshLock: seconds': 1800,
    'LOCK without end: seconds': 1800,
    'LOCK without a timeout: seconds': 1800,
  },
  names: {},
});

describeConvenience({
  ...served,
  convenience: { quota: 'both', 'report of an unknown name': 'fails: 403', patchRange: 'hEEEo' },
});

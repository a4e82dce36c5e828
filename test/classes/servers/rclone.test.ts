/** Runs every method of the classes against rclone. */
import { startRclone } from '../../servers/rclone.js';
import { describeConvenience, describeServer, type ServerUnderTest } from './describe-server.js';

const served = {
  name: 'rclone',
  programs: ['rclone'],
  start: startRclone,
} satisfies Partial<ServerUnderTest>;

describeServer({
  ...served,
  methods: {
    'PUT of an existing resource': 201,
    'PUT without a parent': 'fails: 404',
    'PUT with If-None-Match: *': 201,
    'PUT with another If-Match': 201,
    ACL: 'fails: 400',
    'MKCOL where one exists': 201,
    'PROPPATCH that sets': 'fails: 207',
    'PROPPATCH that removes': 'fails: 207',
    'PUT by the holder': 201,
    discoverLocks: ['fails: 404'],
    'discoverLocks without locks': ['fails: 404'],
    'LOCK without end: seconds': null, // Second-0
    'LOCK without a timeout: seconds': null, // Second-0
    'shared LOCK by two': 'fails: 501',
  },
  names: { 'proppatch: 207': 'every name' },
});

describeConvenience({
  ...served,
  convenience: {
    'mkcol with parents again': 201, // as for each MKCOL of a collection that exists
    'report of an unknown name': 'fails: 400',
    search: 'fails: 400',
  },
});

/** Runs every method of the classes against npm webdav-server. */
import { startWebdavServer } from '../../servers/webdav-server.js';
import { describeConvenience, describeServer, type ServerUnderTest } from './describe-server.js';

const served = {
  name: 'npm webdav-server',
  programs: [],
  start: startWebdavServer,
} satisfies Partial<ServerUnderTest>;

describeServer({
  ...served,
  methods: {
    'PUT of an existing resource': 200,
    'PUT with If-None-Match: *': 200,
    'PUT with another If-Match': 200,
    ETag: null,
    'GET with If-None-Match': 200,
    getModTime: false,
    'getRange behind the end': 'fails: 206',
    'PROPFIND of an unknown property': null,
    'PROPPATCH that sets': null, // stored as {urn:}examplecolor
    'PROPPATCH that removes': null,
    'COPY onto a resource': 201,
    'COPY without overwriting': 201,
    'COPY of a collection with depth 0': ['.', 'a.ics', 'sub/'],
    // A lock excludes only other users, but all requests of this suite come from the default user.
    'PUT of a locked resource': 200,
    'PUT by the holder': 200,
    withLock: ['allowed', 'allowed'],
    'DELETE of a locked resource': 'allowed',
    'LOCK of a collection': ['allowed', 'allowed'],
    'LOCK: seconds': 3600,
    'refreshLock: seconds': 3600,
    'LOCK without end: seconds': 3600,
    'LOCK without a timeout: seconds': 3600,
    'LOCK of a missing resource': 'fails: 409',
    DELETE: 200,
    'DELETE of a collection': 200,
  },
  names: {
    'put: 409': ['back\\slash'],
    // The server does not escape `&` in XML. A client therefore reads the name `&amp;` as `&`.
    'list: missing': ['&amp;'],
    'list: unknown': ['&'],
    'propfind: another entry': ['&amp;'],
  },
});

describeConvenience({ ...served, convenience: {} });

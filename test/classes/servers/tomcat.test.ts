/** Runs every method of the classes against Tomcat. */
import { startTomcat, tomcatBootstrap } from '../../servers/tomcat.js';
import { describeConvenience, describeServer, type ServerUnderTest } from './describe-server.js';

const withSemicolon = ['&amp;', 'a;b=c'];

const served = {
  name: 'Tomcat',
  programs: ['java', tomcatBootstrap],
  start: startTomcat,
} satisfies Partial<ServerUnderTest>;

describeServer({
  ...served,
  methods: {
    'OPTIONS: classes': ['1', '2', '3'],
    ETag: 'W/"',
    'LOCK without end: seconds': 604_800,
    'LOCK without a timeout: seconds': 3600,
  },
  names: {
    'put: 400': ['back\\slash'],
    // Tomcat does not escape semicolons in hrefs, but treats a semicolon in a request as the start of a parameter.
    'get: 404': withSemicolon,
    'head: 404': withSemicolon,
    'propfind: 404': withSemicolon,
    'copy: 404': withSemicolon,
    'move: other bytes': withSemicolon, // moves the empty resource that LOCK created
    'proppatch: 404': withSemicolon,
    'lock: 412': withSemicolon,
    'end: left': withSemicolon,
  },
});

describeConvenience({ ...served, convenience: {} });

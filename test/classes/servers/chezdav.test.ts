/** Runs every method of the classes against chezdav. */
import { startChezdav } from '../../servers/chezdav.js';
import { describeConvenience, describeServer, type ServerUnderTest } from './describe-server.js';
import { oddNames } from './names.js';

/**
 * Names with a percent sign. chezdav does not escape the sign in hrefs, so an href is empty or decodes to another name.
 */
const withPercent = ['%', '%20', '%2e%2e', '%C3%BC', '%zz', '100%', 'a%2Fb'];

const served = {
  name: 'chezdav',
  programs: ['chezdav'],
  start: startChezdav,
} satisfies Partial<ServerUnderTest>;

describeServer({
  ...served,
  methods: {
    'PUT of an existing resource': 200,
    'PUT without a parent': 'fails: 500',
    'PUT with If-None-Match: *': 200,
    'PUT with another If-Match': 200,
    POST: 'fails: 501',
    'GET with If-None-Match': 200,
    getModTime: false,
    'PROPFIND with depth 1': ['.', 'a.ics', 'sub'],
    'PROPFIND with depth infinity': 'fails: 403',
    'PROPPATCH that sets': 'red &amp; &lt;\\xc3\\xbc&gt;',
    'PROPPATCH of getetag': 207,
    'COPY of a collection': ['.', 'a.ics', 'sub'],
    'MOVE of a collection': ['.', 'a.ics', 'sub'],
    'PUT by the holder': 200,
    'LOCK without end: seconds': null, // the response has no timeout
    'LOCK without a timeout: seconds': null, // the response has no timeout
  },
  fatal: {
    'PROPPATCH that removes': (client, file) => client.proppatch(file, { remove: ['{urn:example}color'] }),
  },
  names: {
    'list: missing': withPercent,
    'list: more than once': [' '], // the second entry belongs to the name %20
    'list: unknown': ['%C3%BC', '(no href)', '(no href)', '(no href)', '/', 'a%2Fb'],
    'propfind: another entry': [...withPercent, '&amp;', 'a&b'].sort(),
    // chezdav compares the URI in `If` without decoding it.
    'lock: 412': oddNames.filter((name) => encodeURIComponent(name).includes('%') && !/[$&+,;@]/.test(name)).sort(),
  },
});

describeConvenience({ ...served, convenience: { quota: 'both' } });

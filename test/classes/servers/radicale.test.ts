/** Runs every method of the classes against a calendar of Radicale. */
import { startRadicale } from '../../servers/radicale.js';
import { calendarOf, largeCalendar } from './contents.js';
import { describeServer } from './describe-server.js';
import { oddNames } from './names.js';

const long = oddNames.at(-1)!;
/** Names whose characters are escaped in a URL. Radicale also escapes the apostrophe in its hrefs. */
const escaped = oddNames.filter((name) => /[^\w.~-]/.test(name) && name !== '%20' && name !== long).sort();

describeServer({
  name: 'Radicale',
  programs: ['radicale'],
  start: startRadicale,
  isSlow: true,
  content: calendarOf,
  large: largeCalendar,
  createCollection: (client, target) => client.request('MKCALENDAR', target),
  methods: {
    'OPTIONS: classes': ['1', '2', '3'],
    'PUT of an existing resource': 'fails: 409', // the new event has another UID
    'PUT of nothing': 'fails: 400',
    'PUT of a large body': false, // Radicale folds the lines anew
    POST: 'fails: 405',
    ACL: 'fails: 405',
    'GET with If-None-Match': 200,
    'getRange 3-5': 'fails: 200',
    'getRange 7-': 'fails: 200',
    'getRange behind the end': 'fails: 200',
    // A calendar cannot contain collections.
    MKCOL: 'fails: 403',
    'MKCOL where one exists': 'fails: 403',
    members: 'fails: 409',
    'PROPFIND with depth 0': 'fails: 404',
    'PROPFIND with depth 1': 'fails: 404',
    'PROPFIND with depth infinity': 'fails: 404',
    'MOVE of a collection': 'fails: 404',
    'DELETE of a collection': 'fails: 404',
    'PROPPATCH that sets': 'fails: 403',
    'PROPPATCH that removes': 'fails: 403',
    'PROPPATCH of getetag': 'fails: 403',
    COPY: 'fails: 405',
    'COPY onto a resource': 'fails: 405',
    'COPY without overwriting': 'fails: 405',
    'COPY without a parent': 'fails: 405',
    'COPY of a collection': 'fails: 405',
    'COPY of a collection with depth 0': 'fails: 405',
    'MOVE onto a resource': 'fails: 409',
    'MOVE without overwriting': 'fails: 409',
    'LOCK: seconds': 'fails: 405',
    'LOCK without end: seconds': 'fails: 405',
    'LOCK without a timeout: seconds': 'fails: 405',
    'DELETE of a locked resource': 'fails: 405',
    'LOCK of a missing resource': 'fails: 405',
    'LOCK of a collection': 'fails: 405',
    'shared LOCK by two': 'fails: 405',
    DELETE: 200,
  },
  names: {
    'put: 400': ['...', '.hidden'],
    'copy: 405': 'every name',
    // Radicale does not decode the Destination header, so the new name contains percent signs.
    'move: 404': escaped,
    'move: other bytes': ['%20'],
    'move: 500': [long],
    'delete: 404': ["it's"],
    'end: left': ['it%2527s'],
    'proppatch: 403': 'every name',
    'lock: 405': 'every name',
  },
});

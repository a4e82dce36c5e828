/** Bad arguments to the functions of ne_xmlreq.h. */
import { callback, parser, req } from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';

testBadInput('xmlreq', {
  ne_xml_parse_response: [req, parser],
  ne_xml_dispatch_request: [req, parser],
  ne_xml_dispatchif_request: [req, parser, callback('acpt')],
});

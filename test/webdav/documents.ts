/** Multi-status documents for parseXML. */

/** A document, and how its values are converted. */
export interface TestDocument {
  readonly xml: string;
  readonly context?: object;
}

const wrapped = (props: string, attributes = 'xmlns:d="DAV:"'): string => `<?xml version="1.0"?>
<d:multistatus ${attributes}>
  <d:response><d:href>/a&amp;b</d:href>
    <d:propstat><d:prop>${props}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>
  </d:response>
</d:multistatus>`;

const namespaces = 'xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:x="urn:x"';
const numbers = ['0', '00', '007', '1', '-1', '+1', '1.5', '1.50', '.5', '1.', '1e3', '1E-2', '0x1F', '12abc', '1 2'];
const more = ['true', 'false', 'True', 'Infinity', '12345678901234567890', '0.1e5', '-0', '0.0', '2024.10', 'é'];
const elements = [...numbers, ...more].map((text, i) => `<d:n${i}>${text}</d:n${i}><d:m${i}> ${text}\n</d:m${i}>`);

const clark = { attributeNamePrefix: '@', attributeParsers: [], clarkNotationProps: true, tagParsers: [] };

/** The documents, by what is in them. */
export const documents: Readonly<Record<string, TestDocument>> = {
  numbers: { xml: wrapped(elements.join('')) },
  'display names': { xml: wrapped('<d:displayname>2024.10</d:displayname>') },
  'display names elsewhere': { xml: wrapped('<d:a><d:displayname>2024.10</d:displayname></d:a>') },
  attributes: {
    xml: wrapped(
      '<oc:tags><oc:tag oc:id="321" can-assign="true" x=" y ">Tag1</oc:tag><oc:tag id="1"/></oc:tags><d:e xml:lang="de">1</d:e>',
      namespaces,
    ),
  },
  'another prefix for attributes': {
    xml: wrapped('<d:a b="1">2</d:a>'),
    context: { attributeNamePrefix: '', attributeParsers: [], tagParsers: [] },
  },
  'text around children': { xml: wrapped('<d:a>1<d:b>2</d:b>3</d:a><d:c>x<d:b/><d:b>4</d:b></d:c>') },
  'entities and comments': { xml: wrapped('<d:a>&lt;&amp;&gt;&quot;&apos;</d:a><d:b>tr<!-- no -->ue</d:b>') },
  'CDATA without white space': { xml: wrapped('<d:a><![CDATA[<b>&amp;</b>]]></d:a>') },
  'names that objects inherit': {
    xml: wrapped('<d:toString>1</d:toString><d:valueOf/><d:hasOwnProperty>x</d:hasOwnProperty>'),
  },
  'several propstats': {
    xml: `<d:multistatus xmlns:d="DAV:"><d:response><d:href>/a</d:href>
      <d:propstat><d:prop><d:x>1</d:x></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>
      <d:propstat><d:prop><d:y/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response></d:multistatus>`,
  },
  'a status without properties': {
    xml: `<d:multistatus xmlns:d="DAV:"><d:response><d:href>/a</d:href><d:status>HTTP/1.1 403 Forbidden</d:status>
      <d:responsedescription>No</d:responsedescription></d:response><d:sync-token>t</d:sync-token></d:multistatus>`,
  },
  'a default namespace': {
    xml: '<multistatus xmlns="DAV:"><response><href>/a</href><propstat><prop><x xmlns="urn:x">1</x></prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>',
  },
  'no responses': { xml: '<d:multistatus xmlns:d="DAV:"/>' },
  'another root': { xml: '<d:error xmlns:d="DAV:"/>' },
  'no XML': { xml: 'hello' },
  nothing: { xml: '' },
  'HTML that is not well-formed': { xml: '<html><body>x<br></html>' },
  'a blank line at the beginning': { xml: `\n${wrapped('<d:a/>')}` },
  'namespaces in Clark notation': {
    xml: wrapped(
      '<d:displayname>a</d:displayname><oc:displayname oc:b="1">b</oc:displayname><y:z xmlns:y="urn:y" y:q="2"/>' +
        '<d:nested><oc:one><x:two>3</x:two></oc:one></d:nested><plain xmlns="">4</plain><v xmlns="urn:v">5</v>' +
        '<!-- <d:no/> --><x:a>1</x:a><x:a>2</x:a><d:cdata><![CDATA[<d:no/>]]></d:cdata>',
      namespaces,
    ),
    context: clark,
  },
  'an empty prop in Clark notation': { xml: wrapped('', namespaces), context: clark },
};

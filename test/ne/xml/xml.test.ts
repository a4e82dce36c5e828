/** Tests of ne_xml.h: documents, handlers, errors, and hostile input. */
import { features } from 'libneon';
import * as ne from 'libneon/ne';
import { failureOf, neonError, outOfRange, wrongType } from '../../support/expect.js';
import { runScenario } from '../../support/child.js';
import { hostile, noting, parseAll } from '../../support/xml.js';

const reentrant = neonError('ERR_NEON_REENTRANT');
const invalidState = neonError('ERR_NEON_INVALID_STATE');

/** Parses a document with a parser that notes all events. */
function parsed(document: string | Uint8Array, size?: number): { result: number; events: string[] } {
  const { parser, events } = noting();
  const result = parseAll(parser, document, size);
  expect(ne.ne_xml_failed(parser)).toBe(result);
  ne.ne_xml_destroy(parser);
  return { result, events };
}

describe('documents', () => {
  test.each([
    ['one element', '<a/>', ['start 0 {}a', 'end 1 {}a']],
    ['text', '<a>b<c/>d</a>', ['start 0 {}a', 'text 1 b', 'start 1 {}c', 'end 2 {}c', 'text 1 d', 'end 1 {}a']],
    ['a default namespace', '<a xmlns="u"><b xmlns=""/></a>', /^start 0 \{u\}a "xmlns" "u"\nstart 1 \{\}b/],
    ['a prefix', '<x:a xmlns:x="u" x:y="1" z="2"/>', /^start 0 \{u\}a "xmlns:x" "u" "x:y" "1" "z" "2"\n/],
    ['references', '<a b="&lt;&#65;">&amp;&#x20AC;</a>', /^start 0 \{\}a "b" "<A"\ntext 1 &€\nend/],
    ['CDATA', '<a><![CDATA[<b>&amp;]]></a>', /\ntext 1 <b>&amp;\n/],
    [
      'comments and instructions',
      '<?xml version="1.0"?><!-- c --><a><?p i?><!-- <b/> --></a>',
      /^start 0 \{\}a\nend 1/,
    ],
    ['UTF-8', '<ä ö="ü">€\u{1F600}</ä>', /^start 0 \{\}ä "ö" "ü"\ntext 1 €\u{1F600}\n/u],
    ['Latin-1', Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>\xe4</a>', 'latin1'), /\ntext 1 ä\n/],
    ['UTF-16', Buffer.from('\ufeff<a>€\u{1F600}</a>', 'utf16le'), /\ntext 1 €\u{1F600}\n/u],
    ['a byte order mark', '\ufeff<a>b</a>', /^start 0 \{\}a\ntext 1 b\n/],
    ['line ends', '<a>\r\n\r</a>', /\ntext 1 \n\n\n/],
  ] as const)('reports the same events for a document with %s in blocks of any size', (_, document, expected) => {
    const whole = parsed(document);
    expect(whole.result).toBe(0);
    if (expected instanceof RegExp) expect(whole.events.join('\n')).toMatch(expected);
    else expect(whole.events).toEqual(expected);
    for (const size of [1, 2, 3, 7, 64]) expect(parsed(document, size)).toEqual(whole);
  });

  test('cuts long text only between characters', () => {
    const text = '€ä\u{1F600}a'.repeat(5000);
    for (const size of [1, 997, 4096]) expect(parsed(`<a>${text}</a>`, size).events[1]).toBe(`text 1 ${text}`);
  });

  test('reads a string, a Buffer or a Uint8Array', () => {
    for (const block of ['<a/>', Buffer.from('<a/>'), new Uint8Array(Buffer.from('<a/>'))]) {
      const { parser, events } = noting();
      expect(ne.ne_xml_parse_v(parser, block)).toBe(0);
      expect(ne.ne_xml_parse(parser, new Uint8Array(0))).toBe(0);
      expect(events).toEqual(['start 0 {}a', 'end 1 {}a']);
    }
  });

  test('reports the declared encoding and the current line', () => {
    const { parser } = noting();
    expect(ne.ne_xml_doc_encoding(parser)).toBeNull();
    expect(ne.ne_xml_parse(parser, '<?xml version="1.0" encoding="UTF-8"?>\n<a>\n\n<b/>')).toBe(0);
    expect(ne.ne_xml_doc_encoding(parser)).toBe('UTF-8');
    expect(ne.ne_xml_currentline(parser)).toBe(4);
    expect(parseAll(parser, '</a>')).toBe(0);
  });

  test('survives a handler that changes or transfers the memory of the block', () => {
    const block = Buffer.alloc(7, '<a>b<c/');
    const parser = ne.ne_xml_create();
    const texts: string[] = [];
    ne.ne_xml_push_handler(
      parser,
      () => {
        block.fill('!');
        if (block.buffer.byteLength === 7) structuredClone(block.buffer, { transfer: [block.buffer] });
        return 1;
      },
      (_, text) => void texts.push(text),
      null,
    );
    expect(ne.ne_xml_parse(parser, block)).toBe(0);
    expect(parseAll(parser, '></a>')).toBe(0);
    expect(texts).toEqual(['b']);
  });
});

describe('handlers', () => {
  test('offers an element to each handler in turn and skips elements that no handler accepts', () => {
    const parser = ne.ne_xml_create();
    const log: string[] = [];
    const accepting = (handler: string, accepted: Record<string, number>): void =>
      ne.ne_xml_push_handler(
        parser,
        (parent, _, name) => {
          log.push(`${handler}? ${parent} ${name}`);
          return accepted[name] ?? ne.NE_XML_DECLINE;
        },
        (state, text) => void log.push(`${handler} ${state} ${text}`),
        (state, _, name) => void log.push(`${handler}! ${state} ${name}`),
      );
    accepting('one', { a: 10, d: 12 });
    accepting('two', { b: 20 });
    expect(parseAll(parser, '<a><b>x<d/></b><c><d>no</d></c><d>y</d></a>')).toBe(0);
    expect(log).toEqual(
      ['one? 0 a', 'one? 10 b', 'two? 10 b', 'two 20 x', 'two? 20 d', 'two! 20 b'].concat([
        'one? 10 c',
        'two? 10 c',
        'one? 10 d',
        'one 12 y',
        'one! 12 d',
        'one! 10 a',
      ]),
    );
  });

  test('accepts handlers without text and end callbacks, and no handler', () => {
    const parser = ne.ne_xml_create();
    expect(parseAll(parser, '<a>b<c/></a>')).toBe(0);
    const other = ne.ne_xml_create();
    let starts = 0;
    ne.ne_xml_push_handler(other, () => ++starts, null, null);
    expect(parseAll(other, '<a>b<c/></a>')).toBe(0);
    expect(starts).toBe(2);
  });

  test('lets a handler push another', () => {
    const parser = ne.ne_xml_create();
    const log: string[] = [];
    ne.ne_xml_push_handler(
      parser,
      (_, __, name) => {
        if (name === 'a') ne.ne_xml_push_handler(parser, (___, ____, inner) => log.push(inner), null, null);
        return name === 'a' ? 1 : 0;
      },
      null,
      null,
    );
    expect(parseAll(parser, '<a><b/></a>')).toBe(0);
    expect(log).toEqual(['b']);
  });

  test.each([-1, -7, -(2 ** 31) + 1])('aborts with %d from a start callback', (code) => {
    const parser = ne.ne_xml_create();
    ne.ne_xml_push_handler(
      parser,
      () => {
        ne.ne_xml_set_error(parser, 'not this one');
        return code;
      },
      null,
      null,
    );
    expect(ne.ne_xml_parse(parser, '<a b="c">')).toBe(code);
    expect(ne.ne_xml_failed(parser)).toBe(code);
    expect(ne.ne_xml_get_error(parser)).toBe('not this one');
    expect(ne.ne_xml_parse(parser, '</a>')).toBe(code);
  });

  test.each(['cdata', 'endelm'] as const)(
    'aborts with the value that %s returns and calls no more handlers',
    (kind) => {
      for (const code of [1, 42, -3]) {
        const parser = ne.ne_xml_create();
        let calls = 0;
        const abort = (): number => {
          calls++;
          return code;
        };
        ne.ne_xml_push_handler(parser, () => 1, kind === 'cdata' ? abort : null, kind === 'endelm' ? abort : null);
        expect(ne.ne_xml_parse(parser, '<a>b<c/>d</a>')).toBe(code);
        expect(calls).toBe(1);
      }
    },
  );

  test('accepts with true and declines with false or undefined', () => {
    for (const [answer, ends] of [
      [true, 1],
      [false, 0],
      [undefined, 0],
    ] as const) {
      const parser = ne.ne_xml_create();
      const end = jest.fn();
      ne.ne_xml_push_handler(parser, () => answer as unknown as number, null, end);
      expect(parseAll(parser, '<a/>')).toBe(0);
      expect(end).toHaveBeenCalledTimes(ends);
    }
  });
});

describe('lookups in a start callback', () => {
  test('finds attributes and namespaces', () => {
    const parser = ne.ne_xml_create();
    const found: unknown[] = [];
    ne.ne_xml_push_handler(
      parser,
      (_, __, name, atts) => {
        if (name !== 'b') return 1;
        const attribute = (nspace: string | null, local: string): unknown =>
          ne.ne_xml_get_attr(parser, atts, nspace, local);
        found.push([attribute(null, 'c'), attribute('u', 'c'), attribute('v', 'c'), attribute(null, 'd')]);
        found.push(['x', 'y', null].map((prefix) => ne.ne_xml_resolve_nspace(parser, prefix)));
        found.push(ne.ne_xml_get_attr(parser, ['x:of', 'mine'], 'u', 'of'));
        return 0;
      },
      null,
      null,
    );
    expect(parseAll(parser, '<a xmlns="w" xmlns:x="u"><b c="1" x:c="2"/></a>')).toBe(0);
    expect(found).toEqual([['1', '2', null, null], ['u', null, 'w'], 'mine']);
  });

  test('throws in other callbacks and outside of them', () => {
    const parser = ne.ne_xml_create();
    const lookups = [
      () => ne.ne_xml_get_attr(parser, ['b', '1'], null, 'b'),
      () => ne.ne_xml_resolve_nspace(parser, null),
    ];
    const refuse = (): void => lookups.forEach((lookup) => expect(lookup).toThrow(invalidState));
    let calls = 0;
    const refused = (): void => {
      refuse();
      calls++;
    };
    refuse();
    ne.ne_xml_push_handler(parser, () => 1, refused, refused);
    expect(parseAll(parser, '<a>b</a>')).toBe(0);
    expect(calls).toBe(2);
    refuse();
  });

  test('throws in a start callback of another parser', () => {
    const [outer, inner] = [ne.ne_xml_create(), ne.ne_xml_create()];
    ne.ne_xml_push_handler(
      outer,
      () => (expect(() => ne.ne_xml_resolve_nspace(inner, null)).toThrow(invalidState), 1),
      null,
      null,
    );
    expect(parseAll(outer, '<a/>')).toBe(0);
  });
});

describe('rejected calls', () => {
  test('refuses to parse with or to destroy a parser in its callbacks', () => {
    const parser = ne.ne_xml_create();
    let calls = 0;
    const misuse = (): number => {
      calls++;
      expect(() => ne.ne_xml_parse(parser, '<x/>')).toThrow(reentrant);
      expect(() => ne.ne_xml_parse(parser, null)).toThrow(reentrant);
      expect(() => ne.ne_xml_destroy(parser)).toThrow(reentrant);
      expect(() => ne.ne_xml_set_encoding(parser, 'UTF-8')).toThrow(reentrant);
      return 1;
    };
    ne.ne_xml_push_handler(
      parser,
      misuse,
      () => void misuse(),
      () => void misuse(),
    );
    expect(parseAll(parser, '<a>b</a>')).toBe(0);
    expect(calls).toBe(3);
    ne.ne_xml_destroy(parser);
    expect(() => ne.ne_xml_parse(parser, '')).toThrow(neonError('ERR_NEON_DESTROYED'));
  });

  test('allows another parser in a callback', () => {
    const outer = ne.ne_xml_create();
    const inner = noting();
    ne.ne_xml_push_handler(outer, () => parseAll(inner.parser, '<i/>') + 1, null, null);
    expect(parseAll(outer, '<o/>')).toBe(0);
    expect(inner.events).toEqual(['start 0 {}i', 'end 1 {}i']);
  });

  test('refuses to set an encoding after the first block', () => {
    const parser = ne.ne_xml_create();
    expect(ne.ne_xml_parse(parser, '<a>')).toBe(0);
    expect(() => ne.ne_xml_set_encoding(parser, 'UTF-8')).toThrow(invalidState);
    expect(parseAll(parser, '</a>')).toBe(0);
    expect(() => ne.ne_xml_set_encoding(parser, 'UTF-8')).toThrow(invalidState);
  });

  test('rejects a block whose length exceeds an int', () => {
    let block: Uint8Array;
    try {
      block = new Uint8Array(2 ** 31); // uses no memory until its bytes are written
    } catch {
      block = Object.defineProperty(new Uint8Array(1), 'length', { value: 0 }); // this Node has no arrays of 2 GiB
      expect(ne.ne_xml_parse(ne.ne_xml_create(), block)).not.toBe(0);
      return;
    }
    const parser = ne.ne_xml_create();
    expect(() => ne.ne_xml_parse(parser, block)).toThrow(outOfRange);
    expect(parseAll(parser, '<a/>')).toBe(0);
  });

  test('rejects a callback that returns a promise or another value that is not an integer', () => {
    for (const answer of [Promise.resolve(1), 'text', null, 1.5, NaN, {}, 2 ** 40]) {
      const parser = ne.ne_xml_create();
      ne.ne_xml_push_handler(parser, () => answer as number, null, null);
      expect(() => ne.ne_xml_parse(parser, '<a/>')).toThrow(wrongType);
      expect(ne.ne_xml_failed(parser)).not.toBe(0);
    }
  });
});

describe('exceptions in callbacks', () => {
  test.each(['startelm', 'cdata', 'endelm'] as const)(
    'throws the error of %s to the caller, and the parser has failed',
    (kind) => {
      const reason = new Error('the reason');
      const log: string[] = [];
      const parser = ne.ne_xml_create();
      const callback = (name: string) => (): number => {
        log.push(name);
        if (name === kind) throw reason;
        return name === 'startelm' ? 1 : 0;
      };
      ne.ne_xml_push_handler(parser, callback('startelm'), callback('cdata'), callback('endelm'));
      expect(() => ne.ne_xml_parse(parser, '<a>b</a>')).toThrow(reason);
      const calls = log.length;
      expect(log.at(-1)).toBe(kind);
      expect(ne.ne_xml_failed(parser)).toBe(ne.NE_XML_ABORT);
      expect(ne.ne_xml_parse(parser, '<c/>')).toBe(ne.NE_XML_ABORT);
      expect(ne.ne_xml_parse(parser, null)).toBe(ne.NE_XML_ABORT);
      expect(log.length).toBe(calls);
      ne.ne_xml_destroy(parser);
    },
  );

  test.each([undefined, null, 0, 'text', Symbol.iterator])('throws %p to the caller', async (value) => {
    const parser = ne.ne_xml_create();
    ne.ne_xml_push_handler(
      parser,
      () => {
        throw value as unknown as Error;
      },
      null,
      null,
    );
    let thrown: unknown = 'no exception';
    try {
      ne.ne_xml_parse(parser, '<a/>');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBe(value);
    expect(await failureOf(() => ne.ne_xml_parse({} as ne.ne_xml_parser, ''))).toEqual(wrongType);
  });

  test('passes an exception of a nested parser through both', () => {
    const reason = new Error('inner');
    const [outer, inner] = [ne.ne_xml_create(), ne.ne_xml_create()];
    ne.ne_xml_push_handler(
      inner,
      () => {
        throw reason;
      },
      null,
      null,
    );
    ne.ne_xml_push_handler(outer, () => ne.ne_xml_parse(inner, '<i/>'), null, null);
    expect(() => ne.ne_xml_parse(outer, '<o/>')).toThrow(reason);
    expect([ne.ne_xml_failed(outer), ne.ne_xml_failed(inner)]).toEqual([-1, -1]);
  });
});

describe('finished parsers', () => {
  test('returns the same error from every later call', () => {
    const { parser, events } = noting();
    const result = ne.ne_xml_parse(parser, '<a><b></a>');
    expect(result).toBeGreaterThan(0);
    const error = ne.ne_xml_get_error(parser);
    expect(error).toMatch(/^XML parse error/);
    const { length } = events;
    for (const block of ['</b></a>', '<c/>', null, '']) expect(ne.ne_xml_parse(parser, block)).toBe(result);
    expect(ne.ne_xml_get_error(parser)).toBe(error);
    expect(events).toHaveLength(length);
  });

  test('calls no handler after the end of the document', () => {
    const { parser, events } = noting();
    expect(parseAll(parser, '<a/>')).toBe(0);
    for (const block of ['<b/>', null, '<c>', 'text', '\0', null]) ne.ne_xml_parse(parser, block);
    expect(events).toEqual(['start 0 {}a', 'end 1 {}a']);
    expect(ne.ne_xml_currentline(parser)).toBeGreaterThan(0);
    ne.ne_xml_destroy(parser);
  });

  test('destroys a parser with an unfinished document', () => {
    for (const document of ['', '<', '<a', '<a b="', '<a>', '<a>b', '<a><b>', '<!--', '<!DOCTYPE', '<?xml']) {
      const { parser } = noting();
      expect(ne.ne_xml_parse(parser, document || ' ')).toBeGreaterThanOrEqual(0);
      ne.ne_xml_destroy(parser);
    }
  });
});

describe('hostile documents', () => {
  test.each(hostile)('returns an error for %s in blocks of any size', (_, document) => {
    for (const size of [Infinity, 1, 5]) {
      const { result, events } = parsed(document, size);
      expect(result).toBeGreaterThan(0);
      expect(events.join('\n')).not.toMatch(/root:|lollol/);
    }
  });

  test('returns an error for any truncated document', () => {
    const document =
      '<?xml version="1.0"?><D:a xmlns:D="DAV:"><D:b c="&lt;d">text &amp; <![CDATA[more]]></D:b><!-- x --></D:a>';
    for (let length = 0; length < document.length; length++)
      expect([length, parsed(document.slice(0, length)).result > 0]).toEqual([length, true]);
    expect(parsed(document).result).toBe(0);
  });

  test('survives any replaced byte', () => {
    const document = Buffer.from('<?xml version="1.0" encoding="utf-8"?><D:a xmlns:D="DAV:" b="c">t<D:d/></D:a>');
    let failures = 0;
    for (let at = 0; at < document.length; at++)
      for (const byte of [0, 0x3c, 0x3e, 0x26, 0x22, 0x3a, 0xff]) {
        const broken = Buffer.from(document);
        broken[at] = byte;
        const { result, events } = parsed(broken, at % 3 ? Infinity : 1);
        expect(result).toBeGreaterThanOrEqual(0);
        expect(events.length).toBeLessThan(10);
        if (result > 0) failures++;
      }
    expect(failures).toBeGreaterThan(300);
  });

  test('rejects deep nesting or reports all of it', () => {
    for (const size of [Infinity, 1000]) {
      const { result, events } = parsed('<a>'.repeat(5000) + '</a>'.repeat(5000), size);
      expect(result).toBeGreaterThanOrEqual(0);
      if (result === 0) expect(events).toHaveLength(10_000);
    }
    expect(parsed('<a>'.repeat(5000)).result).toBeGreaterThan(0);
  });

  test('survives deep nesting of elements that no handler accepts', () => {
    const parser = ne.ne_xml_create();
    const depth = 200_000;
    expect(parseAll(parser, '<a>'.repeat(depth) + '</a>'.repeat(depth), 65536)).toBeGreaterThanOrEqual(0);
  });

  test('rejects a huge attribute, name or text and many attributes, or reports all of them', () => {
    const huge = 'x'.repeat(5_000_000);
    const many = Array.from({ length: 5000 }, (_, i) => `a${i}="${i}"`).join(' ');
    for (const [document, shortest] of [
      [`<a b="${huge}"/>`, huge.length],
      [`<${huge}/>`, huge.length],
      [`<a>${huge}</a>`, huge.length],
      [`<a ${many}/>`, many.length],
    ] as const) {
      const { result, events } = parsed(document, 65536);
      expect(result).toBeGreaterThanOrEqual(0);
      if (result === 0) expect(events.join().length).toBeGreaterThan(shortest);
    }
  });

  test('uses bounded memory', async () => {
    const { before, after } = await runScenario<{ before: number; after: number }>('hostileXml', 0);
    expect(after - before).toBeLessThan(100 * 1024 * 1024);
  });
});

describe('error texts', () => {
  test('returns the text that was set, or the default', () => {
    const parser = ne.ne_xml_create();
    expect(ne.ne_xml_get_error(parser)).toBe('Unknown error');
    ne.ne_xml_set_error(parser, 'größer 100 %s %n');
    expect(ne.ne_xml_get_error(parser)).toBe('größer 100 %s %n');
    ne.ne_xml_set_error(parser, 'x'.repeat(10_000));
    expect(ne.ne_xml_get_error(parser)).toBe('x'.repeat(2047));
  });
});

describe('ne_xml_mapid', () => {
  const map = [
    { nspace: 'DAV:', name: 'prop', id: 7 },
    { nspace: '', name: 'prop', id: -1 },
    { nspace: 'DAV:', name: 'prop', id: 8 },
  ];
  test.each([
    ['DAV:', 'prop', 7],
    ['', 'prop', -1],
    ['DAV:', 'Prop', 0],
    ['dav:', 'prop', 0],
  ])('maps %s %s to %d', (nspace, name, id) => expect(ne.ne_xml_mapid(map, nspace, name)).toBe(id));

  test('returns 0 for an empty map', () => expect(ne.ne_xml_mapid([], 'DAV:', 'prop')).toBe(0));
});

describe('ne_xml_set_encoding', () => {
  const has = features.functions['ne_xml_set_encoding'] === true;
  (has ? test : test.skip)(
    `${has ? '' : '(skipped: this neon cannot) '}decodes a document without a declaration`,
    () => {
      const { parser, events } = noting();
      expect(ne.ne_xml_set_encoding(parser, 'ISO-8859-1')).toBe(0);
      expect(parseAll(parser, Buffer.from('<a>\xe4</a>', 'latin1'))).toBe(0);
      expect(events[1]).toBe('text 1 ä');
      expect(ne.ne_xml_set_encoding(ne.ne_xml_create(), 'x-unknown')).not.toBe(0);
    },
  );

  (has ? test.skip : test)(
    `${has ? '(skipped: this neon has it) ' : ''}throws ERR_NEON_UNSUPPORTED with an older neon`,
    () => {
      expect(() => ne.ne_xml_set_encoding(ne.ne_xml_create(), 'UTF-8')).toThrow(neonError('ERR_NEON_UNSUPPORTED'));
    },
  );
});

/** The failures in a multi-status document (RFC 4918, section 13). */
import type { ResourceFailure } from '../core/errors.js';
import { type HrefBase, placeOf } from './href.js';
import { eventMask, parseBytes, type XmlHandlers } from './xml-events.js';

/** The failures that a multi-status document reports. @internal */
export interface Failures {
  readonly list: readonly ResourceFailure[];
  /**
   * The failures in words, or the reason why the document is not a multi-status document. Undefined if nothing failed.
   */
  readonly text: string | undefined;
}

/**
 * Reads the failures in a multi-status document. @internal
 *
 * @param base the request that the document answers
 */
export function failuresIn(document: Uint8Array, base: HrefBase): Failures {
  const reader = new FailureReader(base);
  const handlers = reader.handlers;
  const failure =
    document.length === 0
      ? 'it is empty'
      : (parseBytes(document, eventMask(handlers), '', handlers, () => reader.over)?.trim() ?? null);
  const { list, foreign } = reader;
  const wrong = foreign ?? failure;
  if (wrong !== null) return { list, text: `the 207 response is not a multi-status document: ${wrong}` };
  return { list, text: list.length > 0 ? list.map(inWords).join(', ') : undefined };
}

/** The status and the description of a resource, or of some of its properties. */
interface Outcome {
  status: string;
  description: string;
}

const noOutcome = (): Outcome => ({ status: '', description: '' });

/** The elements that the reader uses, as paths of element names. */
const paths = {
  response: 'multistatus/response',
  href: 'multistatus/response/href',
  status: 'multistatus/response/status',
  description: 'multistatus/response/responsedescription',
  propstat: 'multistatus/response/propstat',
  prop: 'multistatus/response/propstat/prop',
  propstatStatus: 'multistatus/response/propstat/status',
  propstatDescription: 'multistatus/response/propstat/responsedescription',
} as const;

class FailureReader {
  readonly list: ResourceFailure[] = [];
  /** Why the document is not a multi-status document; null while nothing is known to be wrong. */
  foreign: string | null = null;

  readonly #base: HrefBase;
  readonly #open: string[] = [];
  #text = '';
  #hrefs: string[] = [];
  #response = noOutcome();
  #propstat = noOutcome();
  #properties: string[] = [];
  /**
   * The outcomes of the propstats in the current response. They are kept until the response ends, since the href may
   * come last.
   */
  #propstats: { readonly outcome: Outcome; readonly properties: readonly (string | null)[] }[] = [];

  constructor(base: HrefBase) {
    this.#base = base;
  }

  get over(): boolean {
    return this.foreign !== null;
  }

  readonly handlers: XmlHandlers = {
    start: (name) => this.#start(name),
    text: (text) => void (this.#text += text),
    end: () => this.#end(),
  };

  #start(name: string): void {
    if (this.#open.length === 0 && name !== 'multistatus')
      this.foreign = `its root element is ${name.replace(/^\{\}/, '')}`;
    if (this.#open.join('/') === paths.prop) this.#properties.push(name);
    this.#open.push(name);
    this.#text = '';
  }

  #end(): void {
    const path = this.#open.join('/');
    this.#open.pop();
    const text = this.#text.trim();
    switch (path) {
      case paths.href:
        this.#hrefs.push(this.#text);
        break;
      case paths.status:
        this.#response.status = text;
        break;
      case paths.description:
        this.#response.description = text;
        break;
      case paths.propstatStatus:
        this.#propstat.status = text;
        break;
      case paths.propstatDescription:
        this.#propstat.description = text;
        break;
      case paths.propstat:
        this.#propstats.push({
          outcome: this.#propstat,
          properties: this.#properties.length > 0 ? this.#properties : [null],
        });
        this.#propstat = noOutcome();
        this.#properties = [];
        break;
      case paths.response:
        this.#endResponse();
        break;
    }
    this.#text = '';
  }

  #endResponse(): void {
    const hrefs = this.#hrefs.length > 0 ? this.#hrefs : [''];
    for (const [i, raw] of hrefs.entries()) {
      const href = placeOf(raw, this.#base)?.href ?? raw;
      const propstats = i === 0 ? this.#propstats : [];
      for (const { outcome, properties } of propstats)
        for (const property of properties) this.#note(href, property, outcome);
      this.#note(href, null, this.#response);
    }
    this.#hrefs = [];
    this.#propstats = [];
    this.#response = noOutcome();
  }

  #note(href: string, property: string | null, { status: line, description }: Outcome): void {
    if (line === '') return;
    const [, code, reasonPhrase = ''] = /^(?:HTTP\/\d+(?:\.\d+)?\s+)?(\d{3})(?:\s+(.*))?$/is.exec(line) ?? [];
    if (code === undefined) this.foreign ??= `invalid HTTP status line: ${line}`;
    else if (!code.startsWith('2'))
      this.list.push({ href, property, status: Number(code), reasonPhrase, description: description || null });
  }
}

function inWords({ href, property, status, reasonPhrase, description }: ResourceFailure): string {
  const subject = property === null ? href : `${href} ${property}`;
  return `${subject}: ${status} ${reasonPhrase}${description === null ? '' : ` (${description})`}`;
}

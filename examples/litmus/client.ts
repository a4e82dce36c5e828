/** One session with the server under test, and what tests say about its answers. */
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as ne from 'libneon/ne';
import { fail } from './runner.js';

/** What most uploads have in them. */
const PLACEHOLDER = 'Some text,\nin three lines,\nto fill a file with.\n';

export class Client {
  constructor(
    readonly session: ne.ne_session,
    readonly warn: (text: string) => void,
  ) {}

  /** What neon says of the last request: its status and reason phrase, or what went wrong. */
  get error(): string {
    return ne
      .ne_get_error(this.session)
      .trim()
      .replaceAll(/\s*\n\s*/g, ' ');
  }

  /** The status of the last request; 0 when neon speaks of something else. */
  get status(): number {
    return Number.parseInt(this.error, 10) || 0;
  }

  /** The operation has to work. */
  works(what: string, result: number): void {
    if (result !== ne.NE_OK) fail(`${what}: ${this.error}`);
  }

  /** The server has to refuse the operation; that it could not be tried is no refusal. */
  refuses(what: string, result: number): void {
    if (result === ne.NE_OK) fail(`${what} was not refused`);
    if (result !== ne.NE_ERROR) fail(`${what}: ${this.error}`);
  }

  /** The last answer ought to have had this status. */
  should(status: number, what: string): void {
    if (this.status !== status) this.warn(`${what} should be answered with ${status}, and was with: ${this.error}`);
  }

  /** The last answer must have had this status. */
  must(status: number, what: string): void {
    if (this.status !== status) fail(`${what} must be answered with ${status}, and was with: ${this.error}`);
  }

  /** PUT. Returns an `NE_*`. */
  put(target: string, content = PLACEHOLDER): number {
    return withFile((file) => {
      writeSync(file, content);
      return ne.ne_put(this.session, target, file);
    });
  }

  /** PUT, which has to work. */
  upload(target: string, content?: string): void {
    this.works(`PUT of ${target}`, this.put(target, content));
  }

  /** MKCOL, which has to work. */
  makeCollection(target: string): void {
    this.works(`MKCOL of ${target}`, ne.ne_mkcol(this.session, target));
  }

  /** GET, which has to work. */
  download(target: string): Buffer {
    return withFile((file) => {
      this.works(`GET of ${target}`, ne.ne_get(this.session, target, file));
      const content = Buffer.alloc(fstatSync(file).size);
      readSync(file, content, 0, content.length, 0);
      return content;
    });
  }

  /** DELETE of something that may not be there. */
  clear(...targets: readonly string[]): void {
    for (const target of targets) ne.ne_delete(this.session, target);
  }

  /** DELETE of what a test leaves behind. */
  tidyUp(target: string): void {
    if (ne.ne_delete(this.session, target) !== ne.NE_OK) this.warn(`DELETE of ${target}: ${this.error}`);
  }

  /**
   * Sends a request that neon has no function for, and returns its status. Fails when there is no response.
   *
   * @param prepare adds what the request has beside headers and a body
   */
  send(
    method: string,
    target: string,
    { headers = {}, body, prepare }: { headers?: Record<string, string>; body?: string; prepare?: Prepare } = {},
  ): number {
    const request = ne.ne_request_create(this.session, method, target);
    try {
      for (const [name, value] of Object.entries(headers)) ne.ne_add_request_header(request, name, value);
      if (body !== undefined) ne.ne_set_request_body_buffer(request, body);
      prepare?.(request);
      this.works(`${method} of ${target}`, ne.ne_request_dispatch(request));
      return ne.ne_get_status(request).code;
    } finally {
      ne.ne_request_destroy(request);
    }
  }

  /** The entity tag of a resource, or null when HEAD does not give one. */
  entityTag(target: string): string | null {
    const request = ne.ne_request_create(this.session, 'HEAD', target);
    try {
      const there = ne.ne_request_dispatch(request) === ne.NE_OK && ne.ne_get_status(request).code === 200;
      return there ? ne.ne_get_response_header(request, 'ETag') : null;
    } finally {
      ne.ne_request_destroy(request);
    }
  }
}

type Prepare = (request: ne.ne_request) => void;

/** Gives an empty file that is gone afterwards. */
function withFile<T>(use: (file: number) => T): T {
  const folder = mkdtempSync(path.join(tmpdir(), 'libneon-litmus-'));
  try {
    const file = openSync(path.join(folder, 'content'), 'w+');
    try {
      return use(file);
    } finally {
      closeSync(file);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

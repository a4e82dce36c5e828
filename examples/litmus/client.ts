/** Wraps a session with the server under test, and checks its responses for the tests. */
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as ne from 'libneon/ne';
import { fail } from './runner.js';

/** The content of most uploads. */
const PLACEHOLDER = 'Some text,\nin three lines,\nto fill a file with.\n';

export class Client {
  constructor(
    readonly session: ne.ne_session,
    readonly warn: (text: string) => void,
  ) {}

  /** neon's message about the last request: the status and reason phrase of its response, or the problem. */
  get error(): string {
    return ne
      .ne_get_error(this.session)
      .trim()
      .replaceAll(/\s*\n\s*/g, ' ');
  }

  /** The status of the last request; 0 if neon's message does not begin with a status. */
  get status(): number {
    return Number.parseInt(this.error, 10) || 0;
  }

  /** Requires that the operation succeeded. */
  works(operation: string, result: number): void {
    if (result !== ne.NE_OK) fail(`${operation}: ${this.error}`);
  }

  /** Requires that the server rejected the operation; a failure to send it does not count. */
  refuses(operation: string, result: number): void {
    if (result === ne.NE_OK) fail(`${operation} was not rejected`);
    if (result !== ne.NE_ERROR) fail(`${operation}: ${this.error}`);
  }

  /** Warns unless the last response had this status. */
  should(status: number, operation: string): void {
    if (this.status !== status)
      this.warn(`${operation} should have the status ${status}; the response was: ${this.error}`);
  }

  /** Requires that the last response had this status. */
  must(status: number, operation: string): void {
    if (this.status !== status) fail(`${operation} must have the status ${status}; the response was: ${this.error}`);
  }

  /** Sends PUT. Returns an `NE_*` code. */
  put(target: string, content = PLACEHOLDER): number {
    return withFile((file) => {
      writeSync(file, content);
      return ne.ne_put(this.session, target, file);
    });
  }

  /** Sends PUT, which must succeed. */
  upload(target: string, content?: string): void {
    this.works(`PUT of ${target}`, this.put(target, content));
  }

  /** Sends MKCOL, which must succeed. */
  makeCollection(target: string): void {
    this.works(`MKCOL of ${target}`, ne.ne_mkcol(this.session, target));
  }

  /** Sends GET, which must succeed. */
  download(target: string): Buffer {
    return withFile((file) => {
      this.works(`GET of ${target}`, ne.ne_get(this.session, target, file));
      const content = Buffer.alloc(fstatSync(file).size);
      readSync(file, content, 0, content.length, 0);
      return content;
    });
  }

  /** Sends DELETE for resources that may be missing. */
  clear(...targets: readonly string[]): void {
    for (const target of targets) ne.ne_delete(this.session, target);
  }

  /** Sends DELETE for a resource that a test leaves behind. */
  tidyUp(target: string): void {
    if (ne.ne_delete(this.session, target) !== ne.NE_OK) this.warn(`DELETE of ${target}: ${this.error}`);
  }

  /**
   * Sends a request for which neon has no function, and returns its status. The test fails when there is no response.
   *
   * @param prepare adds further settings to the request
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

  /** The entity tag of a resource, or null if HEAD does not return one. */
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

/** Provides an empty file, and removes it afterwards. */
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

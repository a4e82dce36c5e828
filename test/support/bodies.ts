/** Bodies of responses, of any length. */

export const kib = 1024;

export const bodyOf = (length: number): Buffer => Buffer.alloc(length, '0123456789abcde\n');

/** The head of a response that announces `length` bytes. */
export const headFor = (length: number): string => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;

/** A whole response. */
export const withBody = (length: number): Buffer => Buffer.concat([Buffer.from(headFor(length)), bodyOf(length)]);

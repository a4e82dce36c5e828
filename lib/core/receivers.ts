/** Receivers: what the outcomes of operations go to, when no promise of the addon's waits for them. */

/** Receives the outcome of one operation. */
export interface Receiver {
  /** The operation has succeeded. */
  succeed(value: unknown): void;
  /** The operation has failed. */
  fail(reason: unknown): void;
}

/** A response that the addon has packed: its status, its head, its body, no stream, and no trailers. */
export type PackedResponse = [status: number, head: string, body: Buffer | null, stream: null, trailers: ''];

/**
 * The receivers of the operations that are not over, by the identities of the operations. The receivers stay alive
 * until they are settled.
 */
const receivers = new Map<number, Receiver>();

/** Makes `receiver` receive the outcome of an operation that was queued just now. */
export function receive(operation: number, receiver: Receiver): void {
  receivers.set(operation, receiver);
}

/** Called by the addon with the outcome of one operation. */
export function settle(operation: number, succeeded: boolean, value: unknown): void {
  const receiver = take(operation);
  if (succeeded) receiver?.succeed(value);
  else receiver?.fail(value);
}

/** The memory of the addon's outbox (binding/core/outbox.h): four numbers for each response, and their bytes. */
export const outboxTable = new Float64Array(4 * 128);
export const outboxBytes = Buffer.from(new ArrayBuffer(64 * 1024));

/** Called by the addon when the outbox contains `count` responses, whose bytes will soon be overwritten. */
export function deliver(count: number): void {
  let at = 0;
  let thrown: { readonly error: unknown } | undefined;
  for (let row = 0; row < 4 * count; row += 4) {
    const operation = outboxTable[row] as number;
    const status = outboxTable[row + 1] as number;
    const headEnd = at + (outboxTable[row + 2] as number);
    const end = headEnd + (outboxTable[row + 3] as number);
    const head = outboxBytes.toString('utf8', at, headEnd);
    at = end;
    try {
      take(operation)?.succeed([status, head, end > headEnd ? copyOf(headEnd, end) : null, null, '']);
    } catch (error) {
      thrown ??= { error };
    }
  }
  // The other responses have been received all the same.
  if (thrown) throw thrown.error;
}

function take(operation: number): Receiver | undefined {
  const receiver = receivers.get(operation);
  receivers.delete(operation);
  return receiver;
}

/** Copies bytes into memory of their own, not into Node's pool, which would belong to other buffers too. */
function copyOf(start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - start);
  outboxBytes.copy(copy, 0, start, end);
  return copy;
}

/** Interruptions of commands: by signals, and by a reader of the output that is gone. */
import { ClientError, exitCodes, type FailureKind } from './failure.js';
import type { Streams } from './output.js';

/** Aborts what is running when the user interrupts it. In the shell, that is the command, and not the shell. */
export class Interruption {
  readonly #running = [new AbortController()];

  /** Aborts what is running now. */
  get signal(): AbortSignal {
    return this.#last.signal;
  }

  /** Runs an action that can be interrupted alone. */
  async alone<T>(action: () => Promise<T>): Promise<T> {
    this.#running.push(new AbortController());
    try {
      return await action();
    } finally {
      this.#running.pop();
    }
  }

  /** Interrupts what is running. A second interruption ends the process. */
  interrupt(): void {
    this.#abort([this.#last], 'interrupted', 'interrupted');
  }

  /** Interrupts everything. */
  end(kind: FailureKind, message: string): void {
    this.#abort(this.#running, kind, message);
  }

  /** Begins to watch for signals and errors of the output. Returns a function that ends this. */
  watch({ stdout }: Streams): () => void {
    const onInterrupt = (): void => this.interrupt();
    const onTerminate = (): void => this.end('terminated', 'terminated by a signal');
    const onError = (error: NodeJS.ErrnoException): void => {
      if (error.code !== 'EPIPE') throw error;
      if (!this.signal.aborted) this.end('closedPipe', 'the reader of the output is gone');
    };
    process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate);
    stdout.on('error', onError);
    return () => {
      process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate);
    };
  }

  get #last(): AbortController {
    return this.#running.at(-1) as AbortController;
  }

  #abort(controllers: readonly AbortController[], kind: FailureKind, message: string): void {
    if (controllers.every(({ signal }) => signal.aborted)) process.exit(exitCodes[kind]);
    const reason = new ClientError(kind, kind.toUpperCase(), message);
    for (const controller of controllers) controller.abort(reason);
  }
}

/**
 * Provides the child's half of a test server. The child receives its options from the parent, reports when the server
 * is up, answers questions, and ends with its parent. All messages use the IPC channel, so the child also serves while
 * the parent blocks in a synchronous call.
 */

/** The service that a started server hands to {@link serveParent}. */
export interface Service<Started, Question = never, Answer = never> {
  /** Sent to the parent once: ports and similar values. */
  readonly started: Started;
  /** Answers one question of the parent. */
  answer?(question: Question): Answer | Promise<Answer>;
}

/** A function that runs at the end of the child; the function registered last runs first. */
export type Cleanup = () => void | Promise<void>;

/** Starts a server. It calls `atEnd` for each resource as soon as it opens the resource; the callback releases it. */
export type Start<Options, Started, Question, Answer> = (
  options: Options,
  atEnd: (cleanup: Cleanup) => void,
) => Promise<Service<Started, Question, Answer>>;

/** A question as it is sent to the child. */
export interface Asked<Question> {
  readonly id: number;
  readonly question: Question;
}

/** The messages that a child sends to its parent. */
export type Report<Started, Answer> =
  | { readonly kind: 'started'; readonly started: Started }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly kind: 'refused'; readonly id: number; readonly reason: string };

/**
 * Runs this process as a test server. The first message from the parent contains the options; every later message
 * contains a question.
 */
export function serveParent<Options, Started, Question = never, Answer = never>(
  start: Start<Options, Started, Question, Answer>,
): void {
  const cleanups: Cleanup[] = [];
  let ending = false;

  process.once('message', (options: Options) => void run(options));
  process.once('disconnect', () => void end(0));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0));

  async function run(options: Options): Promise<void> {
    try {
      const service = await start(options, (cleanup) => cleanups.push(cleanup));
      process.on('message', (asked: Asked<Question>) => void answer(service, asked));
      report({ kind: 'started', started: service.started });
    } catch (error) {
      report({ kind: 'failed', reason: textOf(error) });
      await end(1);
    }
  }

  async function answer(service: Service<Started, Question, Answer>, { id, question }: Asked<Question>): Promise<void> {
    try {
      if (!service.answer) throw new Error('this server answers no questions');
      report({ kind: 'answer', id, answer: await service.answer(question) });
    } catch (error) {
      report({ kind: 'refused', id, reason: textOf(error) });
    }
  }

  function report(message: Report<Started, Answer>): void {
    if (process.connected) process.send?.(message, () => {});
  }

  async function end(code: number): Promise<void> {
    if (ending) return;
    ending = true;
    for (const cleanup of cleanups.reverse()) await cleanup();
    if (code !== 0) await new Promise((resolve) => setTimeout(resolve, 20)); // until the last report has been sent
    process.exit(code);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

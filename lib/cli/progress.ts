/** The progress display of transfers: a bar with rate and time left, on a terminal only. */
import { Format, type Options, SingleBar } from 'cli-progress';

import { durationText, printable, sizeText } from './format.js';
import type { Output } from './output.js';

/** How far a transfer has come. */
export interface ProgressState {
  readonly bytes: number;
  /** Undefined if it is unknown. */
  readonly totalBytes: number | undefined;
  /** The files that are done, and all files. */
  readonly done?: number;
  readonly total?: number;
  /** What is being transferred. */
  readonly name: string;
}

/** The time over which the rate is measured, in milliseconds. */
const window = 5000;

/** A rate of bytes, measured over the last seconds. */
export class Rate {
  readonly #samples: { readonly time: number; readonly bytes: number }[] = [];

  /** Notes how many bytes have been transferred. Returns the rate in bytes per second; 0 if it is unknown. */
  note(bytes: number, time: number): number {
    const last = this.#samples.at(-1);
    if (!last || time - last.time >= 100) this.#samples.push({ time, bytes });
    while (this.#samples.length > 2 && time - (this.#samples[1]?.time ?? time) >= window) this.#samples.shift();
    const [first] = this.#samples;
    return first && time > first.time ? Math.max(((bytes - first.bytes) / (time - first.time)) * 1000, 0) : 0;
  }
}

/** The parts of a progress display that stand after the bar. */
function partsOf({ bytes, totalBytes, done, total }: ProgressState, rate: number): string[] {
  const parts = [totalBytes === undefined ? sizeText(bytes) : `${sizeText(bytes)}/${sizeText(totalBytes)}`];
  parts.push(`${sizeText(rate)}/s`);
  if (totalBytes !== undefined)
    parts.push(`${durationText(rate === 0 ? NaN : Math.max(totalBytes - bytes, 0) / rate)} left`);
  if (total !== undefined) parts.push(`${done}/${total} items`);
  return parts;
}

/**
 * The line of a progress display. It is shorter than the terminal is wide, because a line that wraps would not be
 * overwritten.
 */
export function progressLine(state: ProgressState, rate: number, columns: number, options: Options): string {
  const { bytes, totalBytes, name } = state;
  const share = totalBytes === undefined ? undefined : totalBytes === 0 ? 1 : Math.min(bytes / totalBytes, 1);
  const width = Math.max(Math.min(columns - 70, 30), 5);
  const bar =
    share === undefined
      ? ''
      : `${String(Math.floor(share * 100)).padStart(3)}% [${Format.BarFormat(share, { ...options, barsize: width })}]  `;
  const line = bar + partsOf(state, rate).join('  ');
  const room = columns - line.length - 3;
  const text = printable(name);
  const shown = text.length <= room ? text : `…${text.slice(text.length - room + 1)}`;
  return (room < 10 || name === '' ? line : `${line}  ${shown}`).slice(0, columns - 1);
}

/** A progress display. It does nothing if standard error is not a terminal. */
export class Progress {
  readonly #output: Output;
  readonly #bar: SingleBar | undefined;
  readonly #rate = new Rate();
  #state: ProgressState | undefined;

  /** @param isShown whether to show the display on a terminal */
  constructor(output: Output, isShown: boolean) {
    this.#output = output;
    const { stderr } = output.streams;
    if (!isShown || output.isJson || !stderr.isTTY) return;
    this.#bar = new SingleBar({
      stream: stderr,
      format: (options) => this.#line(stderr.columns || 80, options),
      barCompleteChar: '#',
      barIncompleteChar: '.',
      fps: 5,
      hideCursor: true,
      linewrap: null,
      clearOnComplete: false,
      forceRedraw: true,
      gracefulExit: false,
    });
  }

  update(state: ProgressState): void {
    this.#state = state;
    const bar = this.#bar;
    if (!bar) return;
    if (!bar.isActive) {
      this.#output.hold();
      bar.start(1, 0);
    }
  }

  /** Leaves the last line of the display where it is, and prints what was held back. */
  stop(): void {
    if (this.#state) this.#state = { ...this.#state, name: '' };
    this.#bar?.stop();
    this.#output.release();
  }

  #line(columns: number, options: Options): string {
    if (!this.#state) return '';
    return progressLine(this.#state, this.#rate.note(this.#state.bytes, performance.now()), columns, options);
  }
}

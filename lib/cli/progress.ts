/** The progress display of transfers: a bar with rate and time left, on a terminal only. */
import { SingleBar } from 'cli-progress';

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

/** The line of a progress display, without its bar. */
export function progressLine({ bytes, totalBytes, done, total, name }: ProgressState, rate: number): string[] {
  const share = totalBytes === undefined ? undefined : totalBytes === 0 ? 1 : Math.min(bytes / totalBytes, 1);
  const left = totalBytes === undefined || rate === 0 ? NaN : Math.max(totalBytes - bytes, 0) / rate;
  return [
    share === undefined ? '' : `${String(Math.floor(share * 100)).padStart(3)}%`,
    totalBytes === undefined ? sizeText(bytes) : `${sizeText(bytes)}/${sizeText(totalBytes)}`,
    `${sizeText(rate)}/s`,
    totalBytes === undefined ? '' : `${durationText(left)} left`,
    total === undefined ? '' : `${done}/${total} files`,
    printable(name),
  ].filter((part) => part !== '');
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
      format: (_options, { progress }) => this.#line(progress, stderr.columns || 80),
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
    const { bytes, totalBytes = 0 } = state;
    bar.setTotal(Math.max(totalBytes, bytes, 1));
    bar.update(totalBytes > 0 ? bytes : 0);
  }

  /** Leaves the last line of the display where it is, and prints what was held back. */
  stop(): void {
    this.#bar?.stop();
    this.#output.release();
  }

  #line(progress: number, columns: number): string {
    if (!this.#state) return '';
    const rate = this.#rate.note(this.#state.bytes, performance.now());
    const [share = '', ...parts] = progressLine(this.#state, rate);
    const rest = parts.join('  ');
    if (this.#state.totalBytes === undefined) return `${share}  ${rest}`.slice(0, columns - 1);
    const width = Math.max(Math.min(columns - 60, 30), 5);
    const filled = Math.round(Math.min(progress, 1) * width);
    const bar = `${'#'.repeat(filled)}${'.'.repeat(width - filled)}`;
    return `${share} [${bar}] ${rest}`.slice(0, columns - 1);
  }
}

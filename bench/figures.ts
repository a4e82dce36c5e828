/** Defines the figures that the benchmark reports for each peer in each scenario. */
import type { Measurement } from './peer.js';
import type { Scenario } from './scenario.js';

/** The names of the figures. */
export type Figure = 'rate' | 'duration' | 'cpu' | 'js' | 'stall' | 'memory';

/** A figure of a scenario: its unit, and how to compute it. */
export interface FigureDefinition {
  /** The heading of the column. */
  readonly title: string;
  /** The name in a sentence. */
  readonly name: string;
  readonly digits: number;
  readonly better: 'higher' | 'lower';
  /** Undefined if the turn could not measure the figure. */
  readonly of: (measurement: Measurement) => number | undefined;
}

/**
 * Defines the figures in the units of a scenario. In the scenario of starts, the figures of the process that starts the
 * others mean nothing.
 */
export function figuresOf({ mebibytes, connections, operation }: Scenario): Record<Figure, FigureDefinition> {
  const perGiB = mebibytes !== undefined;
  const perOperation = perGiB ? 1024 / mebibytes : 1e6;
  const unit = perGiB ? 's per GiB' : 'µs each';
  const own = operation !== 'start';
  const digits = perGiB ? 3 : 1;
  return {
    rate: {
      title: perGiB ? 'MiB per second' : 'per second',
      name: 'rate',
      digits: 0,
      better: 'higher',
      of: ({ count, seconds }) => (count / seconds) * (mebibytes ?? 1),
    },
    duration: {
      title: 'ms each',
      name: 'duration',
      digits: 3,
      better: 'lower',
      of: ({ count, seconds }) => (seconds * 1000 * connections) / count,
    },
    cpu: {
      title: `CPU, ${unit}`,
      name: 'processor time',
      digits,
      better: 'lower',
      of: ({ cpuSeconds, count }) => (cpuSeconds / count) * perOperation,
    },
    js: {
      title: `JS thread, ${unit}`,
      name: 'processor time of the JavaScript thread',
      digits,
      better: 'lower',
      of: ({ jsSeconds, count }) => (!own || jsSeconds === undefined ? undefined : (jsSeconds / count) * perOperation),
    },
    stall: {
      title: 'stall, ms',
      name: 'longest stall',
      digits: 1,
      better: 'lower',
      of: ({ stall }) => (own ? stall : undefined),
    },
    memory: {
      title: 'memory, MiB',
      name: 'memory',
      digits: 0,
      better: 'lower',
      of: ({ memory }) => (own ? memory : undefined),
    },
  };
}

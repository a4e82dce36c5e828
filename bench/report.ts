/** Condenses measurements to medians and ratios, and finds the figures in which a peer is ahead of this package. */
import { figuresOf, type Figure } from './figures.js';
import type { ListingResult } from './listing.js';
import { describeMachine, describeVersions } from './machine.js';
import type { Measurement, Peer, Times } from './peer.js';
import type { PeerResult, Result } from './rounds.js';
import type { Scenario } from './scenario.js';

/** The peers that all others are compared with. */
export const REFERENCES = ['C', 'undici', 'webdav'] as const;

/** The peers of this package; in each scenario, the first that takes part is compared with the other peers. */
export const OURS: readonly string[] = ['libneon', 'libneon/ne/promises', 'libneon/ne', 'libneon/webdav'];

/** Peers that are no HTTP clients for Node, but show a limit. They are not compared with this package. */
const LIMITS: readonly string[] = ['C', 'Node alone'];

/** A peer is ahead if its median is better by more than this factor; smaller differences are mostly noise. */
export const MARGIN = 1.05;

/** The figures of one peer in one scenario. */
export interface Line {
  readonly peer: string;
  readonly calls: string;
  /** The reason why the peer has no figures. */
  readonly problem?: string;
  /** The rate in each round. */
  readonly rates: readonly number[];
  /** The median of each figure over the rounds; a figure that could not be measured is missing. */
  readonly medians: Readonly<Partial<Record<Figure, number>>>;
  /**
   * For each reference: the median over the rounds of this peer's rate divided by the reference's rate in that round.
   */
  readonly ratios: Readonly<Record<string, number>>;
}

/** A peer that is ahead of this package in some figures, for one reason. */
export interface Lead {
  readonly peer: string;
  /** The peer of this package that it is ahead of. */
  readonly over: string;
  readonly figures: readonly Figure[];
  /** The reason, if the scenario states one. */
  readonly because?: string;
}

/** The results of one scenario. */
export interface ScenarioReport {
  readonly name: string;
  readonly about: string;
  readonly connections: number;
  readonly family?: string;
  /** The headings of the figures, with their units. */
  readonly titles: Readonly<Record<Figure, string>>;
  readonly digits: Readonly<Record<Figure, number>>;
  readonly lines: readonly Line[];
  readonly leads: readonly Lead[];
}

/** The whole report. */
export interface Report {
  readonly date: string;
  readonly machine: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  /** The peers that cannot run here, with the reasons. */
  readonly absent: Readonly<Record<string, string>>;
  readonly options: Times & { readonly rounds: number };
  readonly scenarios: readonly ScenarioReport[];
  readonly listings: readonly ListingResult[];
}

/** Condenses results. `loadBefore` is the machine's load before the first round, which should be near 0. */
export function reportOn(
  results: readonly Result[],
  listings: readonly ListingResult[],
  peers: readonly Peer[],
  options: Report['options'],
  loadBefore: number,
): Report {
  return {
    date: new Date().toISOString(),
    machine: describeMachine(loadBefore),
    versions: describeVersions(peers),
    absent: Object.fromEntries(
      peers.flatMap((peer) => {
        const found = peer.version();
        return typeof found === 'object' ? [[peer.name, found.without]] : [];
      }),
    ),
    options,
    scenarios: results.map(reportOnScenario),
    listings,
  };
}

/** The middle value; for an even number of values, the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

function reportOnScenario({ scenario, peerResults }: Result): ScenarioReport {
  const { name, about, connections, family } = scenario;
  const figures = figuresOf(scenario);
  const lines = peerResults.map((result) => lineFor(result, peerResults, scenario));
  return {
    ...{ name, about, connections },
    ...(family !== undefined && { family }),
    titles: mapFigures(figures, ({ title }) => title),
    digits: mapFigures(figures, ({ digits }) => digits),
    lines,
    leads: leadsIn(lines, scenario),
  };
}

function mapFigures<From, To>(from: Readonly<Record<Figure, From>>, to: (value: From) => To): Record<Figure, To> {
  return Object.fromEntries(Object.entries(from).map(([key, value]) => [key, to(value)])) as Record<Figure, To>;
}

function lineFor(result: PeerResult, all: readonly PeerResult[], scenario: Scenario): Line {
  const { peer, measurements, problem } = result;
  const calls = peer.calls[scenario.operation];
  const figures = figuresOf(scenario);
  const medians = Object.entries(figures).flatMap(([figure, { of }]) => {
    const values = measurements.map(of).filter((value) => value !== undefined);
    return values.length === 0 ? [] : [[figure, median(values)] as const];
  });
  const ratios = REFERENCES.map((name) => {
    const reference = all.find((other) => other.peer.name === name);
    return [name, ratioTo(result, reference)] as const;
  });
  return {
    peer: peer.name,
    calls: typeof calls === 'string' ? calls : '',
    ...(problem !== undefined && { problem }),
    rates: measurements.map((measurement) => figures.rate.of(measurement)!),
    medians: Object.fromEntries(medians),
    ratios: Object.fromEntries(ratios),
  };
}

function ratioTo(result: PeerResult, reference: PeerResult | undefined): number {
  const rounds = Math.min(result.measurements.length, reference?.measurements.length ?? 0);
  const rate = ({ count, seconds }: Measurement): number => count / seconds;
  return median(
    Array.from({ length: rounds }, (_, i) => rate(result.measurements[i]!) / rate(reference!.measurements[i]!)),
  );
}

/** Compares this package with the other clients for Node. */
function leadsIn(lines: readonly Line[], scenario: Scenario): Lead[] {
  const measured = lines.filter(({ problem }) => problem === undefined);
  const own = OURS.flatMap((name) => measured.find(({ peer }) => peer === name) ?? [])[0];
  if (!own) return [];
  const others = measured.filter(({ peer }) => !LIMITS.includes(peer) && !OURS.includes(peer));
  return others.flatMap((line) => leadsOf(line, own, scenario));
}

/** The figures in which a peer is ahead, grouped by reason. The duration is omitted, because it follows the rate. */
function leadsOf(line: Line, own: Line, scenario: Scenario): Lead[] {
  const grouped = new Map<string | undefined, Figure[]>();
  for (const [key, { better }] of Object.entries(figuresOf(scenario))) {
    const figure = key as Figure;
    const [theirs, ours] = [line.medians[figure], own.medians[figure]];
    if (figure === 'duration' || theirs === undefined || ours === undefined) continue;
    if ((better === 'higher' ? theirs / ours : ours / theirs) <= MARGIN) continue;
    const reason = scenario.reasons.find(
      ({ peers, figures }) => figures.includes(figure) && (peers?.includes(line.peer) ?? true),
    );
    grouped.set(reason?.because, [...(grouped.get(reason?.because) ?? []), figure]);
  }
  return Array.from(grouped, ([because, figures]) => ({
    ...{ peer: line.peer, over: own.peer, figures },
    ...(because !== undefined && { because }),
  }));
}

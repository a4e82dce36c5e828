/** Random numbers that a seed determines. Tests print the seed, so that a failure can be repeated. */

/** A source of random numbers. */
export interface Random {
  /** A number from 0 (inclusive) to 1 (exclusive). */
  (): number;
}

/** Numbers that are determined by a seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A seed for part `index` of the work of a seed. */
export function seedOf(seed: number, index: number): number {
  return Math.floor(randomFrom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index, 0x85ebca6b))() * 2 ** 32);
}

/** An integer from 0 to `end` (exclusive). */
export function below(random: Random, end: number): number {
  return Math.floor(random() * end);
}

/** One of the values of a list, which must not be empty. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[below(random, list.length)] as T;
}

import type { JsonObject } from './study/paths.js';

/** One row of the table of variants: all that the lab knows about a method. */
export interface Variant {
  /** What the command line calls it. */
  readonly name: string;
  /** What the method does, in one line. */
  readonly summary: string;
  /** Where it was published. */
  readonly source: string;
  /** Gradient evaluations per step, where they are known; those of refreshing masks and estimates do not count. */
  readonly gradients?: number | undefined;
  /** Options that `--rho` sets; empty where it means nothing. */
  readonly radii: readonly string[];
  /** What an arm of a study says to get it, over the base that all arms share; empty for the base alone. */
  readonly config: JsonObject;
}

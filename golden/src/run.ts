import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  describeMiss,
  followGolden,
  type Golden,
  type GoldenRun,
  readGolden,
} from '@tfjs-sam/testing/trajectories';

/** What came of a folder's trajectories. */
export interface Outcome {
  readonly matched: number;
  readonly total: number;
  /** Trajectories that show published defects: read, not followed. */
  readonly quirks: number;
  /** One line for each trajectory that missed, with where it left the file's. */
  readonly misses: readonly string[];
}

/**
 * Follows the trajectories of a folder on the current backend.
 *
 * @param folder - Holds one JSON file per trajectory.
 * @param table - How each variant is made.
 * @param only - Names to follow. Default all.
 * @throws RangeError when the folder has no trajectory to follow.
 */
export function followFolder(
  folder: string,
  table: Readonly<Record<string, GoldenRun>>,
  only = /(?:)/,
): Outcome {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json') && only.test(file));
  const goldens = files.sort().map((file) => readGolden(join(folder, file)));
  const main = goldens.filter(({ role }) => role !== 'quirk');
  if (main.length === 0) {
    throw new RangeError(`golden: expected trajectories in ${folder} with names like ${only}, got none`);
  }
  const misses = main.flatMap((golden) => missesOf(golden, table).map((miss) => `${golden.name}: ${miss}`));
  const missed = new Set(misses.map((miss) => miss.slice(0, miss.indexOf(':'))));
  return {
    matched: main.length - missed.size,
    total: main.length,
    quirks: goldens.length - main.length,
    misses,
  };
}

/** A trajectory's misses; what a variant throws, or an unknown one, is a miss as well. */
function missesOf(golden: Golden, table: Readonly<Record<string, GoldenRun>>): string[] {
  const run = table[golden.variant];
  if (run === undefined) return [`unknown variant "${golden.variant}"`];
  try {
    return followGolden(golden, run, true).map(describeMiss);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

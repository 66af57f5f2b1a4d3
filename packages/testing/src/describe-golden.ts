import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BackendName, backendNames, useBackend } from './backend.js';
import { describeMiss, followGolden, type GoldenRun } from './follow-golden.js';
import { type Golden, goldensOf } from './golden.js';

/** A variant's golden test. */
export interface GoldenSuite extends GoldenRun {
  /** The fixtures' first name part: 'sam', 'asam_eta', 'gsam'. */
  readonly variant: string;
  /** Folder of the files. Default: the trajectories of the project. */
  readonly folder?: string;
  /** Trajectories to run. Default all of the variant. */
  readonly only?: (golden: Golden) => boolean;
  /** Backends. Default all that the suites run on. */
  readonly backends?: readonly BackendName[];
}

/** Follows every published trajectory of a variant, step by step, on every backend. */
export function describeGolden(suite: GoldenSuite): void {
  const goldens = goldensOf(suite.variant, suite.folder).filter(suite.only ?? (() => true));
  describe.each([...(suite.backends ?? backendNames)])(
    `${suite.variant} follows the published code on %s`,
    (backend) => {
      beforeAll(() => useBackend(backend));
      afterAll(() => expect(tf.getBackend()).toBe(backend));
      it.each(goldens.map((golden) => [golden.name, golden] as const))('%s', (_name, golden) => {
        expect(followGolden(golden, suite).map(describeMiss)).toEqual([]);
      });
    },
  );
}

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  bootstrapMean,
  criticalDifference,
  detectableEffect,
  holm,
  interquartileMean,
  performanceProfile,
  probabilityOfImprovement,
  rangeQuantile,
  signedRankTest,
  summariseSeeds,
  tQuantile,
  tTest,
} from '../../src/statistics/index.js';

interface Sample {
  readonly values: number[];
  readonly interval: [number, number];
  readonly bca: [number, number] | null;
  readonly signedRank: [number, number];
  readonly tTest: [number, number];
}

/** From SciPy: see reference.py beside it. */
const reference = JSON.parse(
  readFileSync(new URL('../fixtures/statistics/reference.json', import.meta.url), 'utf8'),
) as {
  tQuantiles: Record<string, number>;
  rangeQuantiles: Record<string, number>;
  detectable: Record<string, number>;
  samples: Record<string, Sample>;
  holm: { p: number[]; adjusted: number[] };
  tasks: {
    arm: number[][];
    other: number[][];
    iqm: number;
    improvement: number;
    thresholds: number[];
    profile: number[];
  };
  ranks: { scores: number[][]; meanRanks: number[]; friedman: [number, number]; difference: number };
};

/** Relative, 1e-6 by default. */
function near(actual: number | undefined, expected: number, tolerance = 1e-6): void {
  expect(Math.abs(actual! - expected), `${actual} for ${expected}`).toBeLessThanOrEqual(
    tolerance * Math.max(1e-3, Math.abs(expected)),
  );
}

describe('against SciPy', () => {
  it('has the quantiles of t and of the studentized range', () => {
    for (const [df, value] of Object.entries(reference.tQuantiles))
      near(tQuantile(0.975, Number(df)), value, 1e-12);
    for (const [k, value] of Object.entries(reference.rangeQuantiles))
      near(rangeQuantile(0.95, Number(k)), value);
  });

  it('has the smallest effect that n pairs find with power 0.8', () => {
    for (const [n, effect] of Object.entries(reference.detectable)) near(detectableEffect(Number(n)), effect);
  });

  it.each(Object.entries(reference.samples))('has intervals and tests of %s', (_, sample) => {
    const { interval } = summariseSeeds(sample.values);
    near(interval?.low, sample.interval[0]);
    near(interval?.high, sample.interval[1]);
    const signedRank = signedRankTest(sample.values);
    near(signedRank?.statistic, sample.signedRank[0]);
    near(signedRank?.p, sample.signedRank[1]);
    const t = tTest(sample.values);
    near(t?.statistic, sample.tTest[0]);
    near(t?.p, sample.tTest[1]);
    if (!sample.bca) return;
    const bootstrap = bootstrapMean(sample.values);
    near(bootstrap?.low, sample.bca[0]);
    near(bootstrap?.high, sample.bca[1]);
  });

  it("has Holm's correction", () => {
    holm(reference.holm.p).forEach((p, i) => {
      near(p, reference.holm.adjusted[i]!);
    });
  });

  it('has the aggregates over tasks as rliable defines them', () => {
    const { arm, other, iqm, improvement, thresholds, profile } = reference.tasks;
    near(interquartileMean(arm.flat()), iqm);
    near(probabilityOfImprovement(arm, other), improvement);
    performanceProfile(arm, thresholds).forEach((share, i) => {
      near(share, profile[i]!);
    });
  });

  it("has Friedman's test and the critical difference", () => {
    const found = criticalDifference(reference.ranks.scores);
    found?.ranks.forEach((rank, arm) => {
      near(rank, reference.ranks.meanRanks[arm]!);
    });
    near(found?.friedman?.statistic, reference.ranks.friedman[0]);
    near(found?.friedman?.p, reference.ranks.friedman[1]);
    near(found?.difference, reference.ranks.difference);
  });
});

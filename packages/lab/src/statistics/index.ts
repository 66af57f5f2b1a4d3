/**
 * Statistics of a study: plain numbers in, plain numbers out, with a word wherever a number would mislead.
 */
export {
  bootstrapMean,
  type Interval,
  stratifiedInterval,
} from './bootstrap.js';
export { type BandPoint, bandOver, type Run, reachedAt } from './curves.js';
export { detectableEffect, rangeQuantile, tQuantile } from './distributions.js';
export {
  comparePaired,
  type Observed,
  type PairedDifference,
  type SeedSummary,
  summariseSeeds,
} from './seeds.js';
export {
  type CriticalDifference,
  criticalDifference,
  interquartileMean,
  performanceProfile,
  probabilityOfImprovement,
  type ScoresByTask,
} from './tasks.js';
export { holm, signedRankTest, type TestResult, tTest } from './tests.js';

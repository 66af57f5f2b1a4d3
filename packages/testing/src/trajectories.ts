/**
 * Published trajectories, and what follows them, without the test runner.
 *
 * @packageDocumentation
 */
export { type BackendName, backendNames, useBackend } from './backend.js';
export { describeMiss, followGolden, type GoldenMiss, type GoldenRun, goldenBase } from './follow-golden.js';
export {
  type Golden,
  type GoldenBase,
  type GoldenStep,
  goldenFolder,
  goldensOf,
  readGolden,
  type StoredTensor,
  type StoredVector,
  toleranceOf,
} from './golden.js';
export { buildGoldenModel, type GoldenModel } from './golden-model.js';

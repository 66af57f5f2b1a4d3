/**
 * The flatness of minima: spectra, sharpness in any metric, landscapes, robustness, calibration.
 *
 * @packageDocumentation
 */
export { type Cost, counting, type Releasing } from './cost.js';
export { type Density, type DensityOptions, spectralDensity } from './density.js';
export { type DiagonalEstimate, diagonal } from './diagonal.js';
export { landscapeCsv, landscapeHtml, landscapeSvg, parseLandscape } from './draw.js';
export {
  between,
  filterNormalised,
  type Landscape,
  type LandscapeOptions,
  landscape,
  type Trajectory,
  trajectory,
} from './landscape.js';
export { type MatrixName, matrixOf } from './matrix.js';
export { type Measurement, type MeasureOptions, measure, mSharpness, withOracle } from './measure.js';
export {
  attackOptions,
  averageOptions,
  restartsOption,
  spectrumOptions,
  worstCaseOptions,
} from './options.js';
export { type PowerOptions, powerIteration } from './power.js';
export {
  type AdversarialLoss,
  type AdversarialOptions,
  type AttackOptions,
  adversarialLoss,
  attack,
  type Calibration,
  calibration,
  calibrationOf,
  type RobustOptions,
  robustAccuracy,
  type Verdicts,
} from './robustness.js';
export {
  type AverageOptions,
  averageSharpness,
  gradientNorm,
  type WorstCase,
  type WorstCaseOptions,
  worstCaseSharpness,
} from './sharpness.js';
export { type Estimate, type Spectrum, type SpectrumOptions, spectrum } from './spectrum.js';
export {
  type Examined,
  type ExaminedOptions,
  examined,
  type LabelledData,
  logitsOf,
  type Measurable,
  type ModelLike,
  normalised,
  normaliseLogits,
  type Subject,
} from './subject.js';

/**
 * How flat a minimum is: spectra, sharpness in any metric, landscapes, robustness, calibration.
 *
 * @packageDocumentation
 */
export { type Cost, counting } from './cost.js';
export { landscapeCsv, landscapeHtml, landscapeSvg } from './draw.js';
export {
  between,
  filterNormalised,
  type Landscape,
  type LandscapeOptions,
  landscape,
  type Trajectory,
  trajectory,
} from './landscape.js';
export { type Measurement, type MeasureOptions, measure, mSharpness } from './measure.js';
export { type AttackOptions, attack, type Calibration, calibration, robustAccuracy } from './robustness.js';
export {
  averageSharpness,
  gradientNorm,
  type WorstCase,
  type WorstCaseOptions,
  worstCaseSharpness,
} from './sharpness.js';
export {
  type Density,
  type Estimate,
  matrixOf,
  type Spectrum,
  type SpectrumOptions,
  spectralDensity,
  spectrum,
} from './spectrum.js';
export {
  type LabelledData,
  type Measurable,
  type ModelLike,
  normaliseLogits,
  type Subject,
  subjectOf,
} from './subject.js';

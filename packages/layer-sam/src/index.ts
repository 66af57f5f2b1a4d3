/**
 * Perturbations of whole layers: layer-wise and sign ASAM, SAM-ON, layer-wise SAM, SL-SAM.
 *
 * @packageDocumentation
 */
export {
  eachVariable,
  type OnlyVariablesOptions,
  onlyVariables,
  type ScaledSignAscentOptions,
  scaledSignAscent,
} from './ascents.js';
export {
  type LayerSamOptions,
  type LayerwiseAsamOptions,
  layerSam,
  layerwiseAsam,
  type SamOnOptions,
  type SignAsamOptions,
  samOn,
  signAsam,
} from './layer-sam.js';
export { type LayerwiseMetricOptions, layerwiseMetric } from './layerwise-metric.js';
export { type SlSamOptions, slSam } from './sl-sam.js';

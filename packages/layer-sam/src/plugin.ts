/**
 * Layer-wise variants and their parts for the registry.
 *
 * @packageDocumentation
 */
import { type Plugin, pluginOf } from '@tfjs-sam/core/registry';
import {
  eachVariable,
  layerSam,
  layerwiseAsam,
  layerwiseMetric,
  onlyVariables,
  samOn,
  scaledSignAscent,
  signAsam,
} from './index.js';

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [
  layerwiseAsam,
  signAsam,
  samOn,
  layerSam,
  layerwiseMetric,
  scaledSignAscent,
  eachVariable,
  onlyVariables,
].map(({ part }) => pluginOf(part, '@tfjs-sam/layer-sam'));

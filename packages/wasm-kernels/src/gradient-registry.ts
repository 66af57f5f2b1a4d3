import { type GradConfig, getGradient, registerGradient, unregisterGradient } from '@tensorflow/tfjs-core';
import type { DerivedGradient } from './feature.js';

/** The gradients that were registered without us, by the name of their kernels. */
const upstream = new Map<string, GradConfig | undefined>();
const ours = new WeakSet<GradConfig>();

/** Registers a gradient for all backends, in place of the one that TensorFlow.js has. */
export function registerOurGradient(gradient: GradConfig | DerivedGradient): void {
  const { kernelName } = gradient;
  const current: GradConfig | undefined = getGradient(kernelName);
  if (!current || !ours.has(current)) upstream.set(kernelName, current);
  const config = 'derive' in gradient ? gradient.derive(upstream.get(kernelName)) : gradient;
  if (!config) return;
  ours.add(config);
  registerGradient(config);
}

/** Puts back the gradients that were registered before ours. */
export function restoreGradients(): void {
  for (const [kernelName, config] of upstream) {
    const current: GradConfig | undefined = getGradient(kernelName);
    if (!current || !ours.has(current)) continue;
    unregisterGradient(kernelName);
    if (config) registerGradient(config);
  }
  upstream.clear();
}

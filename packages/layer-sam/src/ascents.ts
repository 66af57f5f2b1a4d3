import * as tf from '@tensorflow/tfjs-core';
import {
  type AscentDirection,
  type AscentStep,
  type ConfigOf,
  definePart,
  elementwise,
  map,
  matcher,
  norm,
  type OptionsOf,
  type ParamVector,
  type PartFunction,
  scaleFinite,
  someVariables,
} from '@tfjs-sam/core';
import { isScaled, scaledOptions } from './layerwise-metric.js';

/** The options of `onlyVariables`. */
export const onlyOptions = {
  match: someVariables('The variables that climb', 'those of normalisation layers, by their names'),
};

/** sign g, and (|w| + η) sign g. The wasm backend's own Sign gives 0 for anything below 1e-7. */
const signs = elementwise<'g'>((o, { g }) => [o.divNoNan(g, o.abs(g))]);
const sizedSigns = elementwise<'g' | 'w' | 'eta'>((o, { g, w, eta }) => [
  o.mul(o.divNoNan(g, o.abs(g)), o.add(o.abs(w), eta)),
]);

/** Options of `scaledSignAscent`. */
export interface ScaledSignAscentOptions extends OptionsOf<typeof scaledOptions> {}
/** Options of `onlyVariables`. */
export interface OnlyVariablesOptions extends OptionsOf<typeof onlyOptions> {}

declare module '@tfjs-sam/core' {
  interface MetricConfigs {
    'scaled-sign': ConfigOf<typeof scaledOptions>;
    'each-variable': Record<never, never>;
  }
  interface AscentConfigs {
    'only-variables': ConfigOf<typeof onlyOptions>;
  }
}

const source = 'Müller et al. 2023, arXiv 2306.04226';

/**
 * The ascent step of adaptive SAM in the box: each weight moves by its own size, up or down. Goes where a metric goes.
 *
 *   δ = ρ T sign(g),   T = |θ| + η where the variable is scaled, else 1
 *
 * Zero where the gradient is zero or not finite.
 *
 * @throws RangeError when `eta` is negative or not finite.
 * @see Müller et al. 2023, https://arxiv.org/abs/2306.04226
 */
export const scaledSignAscent: PartFunction<ScaledSignAscentOptions, AscentStep, 'metric'> = definePart({
  kind: 'metric',
  name: 'scaled-sign',
  owner: 'scaledSignAscent',
  doc: 'An ascent step of each weight’s own size',
  use: 'Where every weight should move by the same share of its size',
  source,
  options: scaledOptions,
  create: ({ eta, scaled = isScaled }): AscentStep => {
    const scales = matcher('scaledSignAscent: expected scaled', scaled);
    return {
      name: 'scaled-sign',
      step: (gradient, rho, { variables }) =>
        tf.tidy(() => {
          // NaN where an entry is not finite: then the whole step is zero.
          const length = norm(gradient);
          const [large] = sizedSigns({ g: gradient, w: variables, eta });
          const [whole] = signs({ g: gradient });
          const chosen = variables.map((variable, i) => (scales(variable) ? large[i]! : whole[i]!));
          return scaleFinite(tf.mul(rho, tf.divNoNan(length, length)), chosen);
        }),
    };
  },
});

/**
 * An ascent step that is normalised variable by variable: each moves by ρ. Goes where a metric goes.
 *
 *   δ = ρ g / ‖g‖ of each variable by itself
 *
 * Zero where a variable's gradient is zero or not finite. ‖δ‖ = ρ √(number of variables).
 */
export const eachVariable: PartFunction<Record<never, never>, AscentStep, 'metric'> = definePart({
  kind: 'metric',
  name: 'each-variable',
  owner: 'eachVariable',
  doc: 'An ascent step that is normalised variable by variable',
  use: 'Where a few large layers would take the whole radius',
  options: {},
  create: (): AscentStep => ({
    name: 'each-variable',
    step: (gradient: ParamVector, rho: number) =>
      map(gradient, (tensor) => scaleFinite(tf.div(rho, norm([tensor])), [tensor])[0]!),
  }),
});

const isNormalisation = ({ name }: tf.Variable) =>
  /(^|[/_])(gamma|beta)(_\d+)?$/.test(name) || /(^|[/_])(bn|norm|normalization)([/_\d]|$)/i.test(name);

/**
 * Some of the variables alone climb; the radius is theirs, where a filter would shrink it.
 *
 * @throws Error at the step when no variable matches.
 * @see Müller et al. 2023, https://arxiv.org/abs/2306.04226
 */
export const onlyVariables: PartFunction<OnlyVariablesOptions, AscentDirection, 'ascent'> = definePart({
  kind: 'ascent',
  name: 'only-variables',
  owner: 'onlyVariables',
  doc: 'The gradient of some of the variables',
  source,
  options: onlyOptions,
  create: ({ match = isNormalisation }): AscentDirection => {
    const climbs = matcher('onlyVariables: expected match', match);
    return (gradient, { variables }) => {
      if (!variables.some(climbs)) {
        throw new Error(
          `onlyVariables: expected a variable that matches, got none among [${variables.map(({ name }) => name).join(', ')}]. Say which ones with match.`,
        );
      }
      return map(gradient, (tensor, i) => (climbs(variables[i]!) ? tf.clone(tensor) : tf.zerosLike(tensor)));
    };
  },
});

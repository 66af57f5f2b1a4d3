import type { Registry } from '@tfjs-sam/core/registry';
import type { Measured } from '../results.js';
import { canonical, isObject, type Json, type JsonObject } from '../study/paths.js';
import type { Measure, MeasureContext } from './measure.js';

/** The measures of a study. Where columns of two would have one name, they say by which options they differ. */
export function namedMeasures(registry: Registry, configs: readonly JsonObject[]): Measure[] {
  const different = [...new Map(configs.map((config) => [canonical(config), config])).values()];
  const measures = different.map((config) => ({ config, measure: registry.build('measure', config) }));
  return measures.map(({ config, measure }) => {
    const names = new Set(measure.columns.map(({ name }) => name));
    const others = measures
      .filter((each) => each.measure !== measure && each.measure.columns.some(({ name }) => names.has(name)))
      .map((each) => each.config);
    return others.length === 0 ? measure : renamed(measure, differing(config, others));
  });
}

/** The difference of a configuration from others: `metric monge, rho 0.1`. */
function differing(own: JsonObject, others: readonly JsonObject[]): string {
  const keys = [...new Set([own, ...others].flatMap((config) => Object.keys(config)))].sort();
  return keys
    .filter((key) => others.some((other) => canonical(other[key]) !== canonical(own[key])))
    .map(
      (key) =>
        `${key} ${valueText(
          own[key],
          others.map((other) => other[key]),
        )}`,
    )
    .join(', ');
}

/** A part by its name, where that says enough. */
function valueText(value: Json | undefined, others: readonly (Json | undefined)[]): string {
  if (value === undefined) return 'default';
  if (!isObject(value)) return String(value);
  const isAlone = others.every(
    (other) => !isObject(other) || other.name !== value.name || canonical(other) === canonical(value),
  );
  return isAlone && typeof value.name === 'string' ? value.name : JSON.stringify(value);
}

function renamed(measure: Measure, told: string): Measure {
  const nameOf = (name: string): string => `${name} (${told})`;
  return {
    columns: measure.columns.map(({ name, title, better }) => ({
      name: nameOf(name),
      title: `${title} (${told})`,
      better,
    })),
    async measure(context: MeasureContext): Promise<Readonly<Record<string, Measured>>> {
      const found = Object.entries(await measure.measure(context));
      return Object.fromEntries(found.map(([name, value]) => [nameOf(name), value]));
    },
  };
}

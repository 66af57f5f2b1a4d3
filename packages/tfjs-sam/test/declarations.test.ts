import type { AnyOption } from '@tfjs-sam/core';
import { describe, expect, it } from 'vitest';
import { defaultPlugins } from '../src/index.js';

/** The options within an option, by their paths. */
function within(path: string, option: AnyOption): [string, AnyOption][] {
  const inner = (): [string, AnyOption][] => {
    const fields = (all: Readonly<Record<string, AnyOption>>) =>
      Object.entries(all).flatMap(([name, each]) => within(`${path}.${name}`, each));
    if (option.type === 'list') return within(`${path}[]`, option.of);
    if (option.type === 'record') return fields(option.fields);
    if (option.type === 'tagged') return Object.values(option.cases).flatMap(fields);
    if (option.type === 'any-of') return option.of.flatMap((each, i) => within(`${path}|${i}`, each));
    return [];
  };
  return [[path, option], ...inner()];
}

const options = defaultPlugins().flatMap((plugin) =>
  Object.entries(plugin.options).flatMap(([name, option]) => within(`${plugin.name}.${name}`, option)),
);

describe('declared options', () => {
  it('say what they are for, at every depth', () => {
    expect(options.filter(([, { doc }]) => !doc?.trim()).map(([path]) => path)).toEqual([]);
    expect(options.length).toBeGreaterThan(1000);
  });

  it('have a default within their range, or say what holds without one', () => {
    for (const [path, option] of options) {
      const { need, default: value, otherwise } = option;
      if (need === 'optional') expect(otherwise, path).toMatch(/\S/);
      if (need === 'defaulted') expect(value, path).toBeDefined();
      if (need !== 'defaulted' || (option.type !== 'number' && option.type !== 'integer')) continue;
      const { min = -Infinity, above = -Infinity, max = Infinity, below = Infinity } = option;
      const number = value as number;
      expect(number >= min && number > above && number <= max && number < below, path).toBe(true);
    }
  });
});

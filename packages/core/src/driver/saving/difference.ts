/** A configuration in plain JSON. */
export type Config = Readonly<Record<string, unknown>>;

/** Options that a step does not depend on. */
const harmless = ['reportEvery'];

/**
 * Where a saved configuration differs from an optimizer's own, in words; undefined where it does not. Two
 * learning rates that are numbers do not differ: they are state, which callbacks change.
 */
export function firstDifference(saved: Config, own: Config, path = ''): string | undefined {
  for (const key of new Set([...Object.keys(saved), ...Object.keys(own)])) {
    if (harmless.includes(key)) continue;
    const [theirs, ours] = [saved[key], own[key]];
    if (key === 'learningRate' && typeof theirs === 'number' && typeof ours === 'number') continue;
    const where = `${path}${key}`;
    const difference =
      isConfig(theirs) && isConfig(ours)
        ? firstDifference(theirs, ours, `${where}.`)
        : JSON.stringify(theirs) !== JSON.stringify(ours) &&
          `${where} is ${show(theirs)} in the state and ${show(ours)} here`;
    if (difference) return difference;
  }
  return undefined;
}

function isConfig(value: unknown): value is Config {
  return typeof value === 'object' && value !== null;
}

function show(value: unknown): string {
  return value === undefined ? 'left out' : JSON.stringify(value);
}

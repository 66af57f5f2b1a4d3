/** Throws a TypeError unless `value` is undefined or a function. */
export function requireSampler(owner: string, name: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw new TypeError(
    `${owner}: expected ${name} to be a function (shapes, step, index) => vector, got ${JSON.stringify(value)}`,
  );
}

import { createRequire } from 'node:module';

/** The functions of cephes that are used here; its package names no types for ES modules. */
interface Cephes {
  stdtr(df: number, t: number): number;
  stdtri(df: number, p: number): number;
  ndtr(z: number): number;
  ndtri(p: number): number;
  chdtrc(df: number, x: number): number;
  fdtrc(df1: number, df2: number, x: number): number;
  lgam(x: number): number;
}

// In Node it is ready once loaded; to await that would keep `require` from loading this package.
const cephes = createRequire(import.meta.url)('cephes') as Cephes;

/** Quantile of Student's t, `0 < p < 1`, with `df` >= 1 whole degrees of freedom. */
export const tQuantile = (p: number, df: number): number => cephes.stdtri(df, p);

/** P(|T| >= |t|) of Student's t with `df` >= 1 whole degrees of freedom. */
export const tTwoSided = (t: number, df: number): number => Math.min(1, 2 * cephes.stdtr(df, -Math.abs(t)));

/** P(Z <= z) of the standard normal distribution. */
export const normalCdf = (z: number): number => cephes.ndtr(z);

/** Quantile of the standard normal distribution; ∓∞ at 0 and 1. */
export const normalQuantile = (p: number): number =>
  p <= 0 ? -Infinity : p >= 1 ? Infinity : cephes.ndtri(p);

/** P(X >= x) of χ² with `df` degrees of freedom. */
export const chiSquaredUpper = (x: number, df: number): number => (x <= 0 ? 1 : cephes.chdtrc(df, x));

/** Simpson's rule with `2 * pairs` intervals. */
function integrate(f: (x: number) => number, from: number, to: number, pairs: number): number {
  const step = (to - from) / (2 * pairs);
  let sum = f(from) + f(to);
  for (let i = 1; i < 2 * pairs; i++) sum += (i % 2 === 1 ? 4 : 2) * f(from + i * step);
  return (sum * step) / 3;
}

/** The zero of a function that rises from below zero at `low`; `high` doubles until it is above. */
function risingRoot(f: (x: number) => number, low: number, high: number): number {
  let [a, b] = [low, high];
  while (f(b) < 0) b *= 2;
  for (let i = 0; i < 60 && b - a > 1e-12 * Math.max(1, b); i++) {
    const middle = (a + b) / 2;
    if (f(middle) < 0) a = middle;
    else b = middle;
  }
  return (a + b) / 2;
}

const density = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

/** Quantile `p` of the range of `k` >= 2 independent standard normal numbers (the studentized range at df = ∞). */
export function rangeQuantile(p: number, k: number): number {
  const cdf = (q: number): number =>
    integrate((z) => k * density(z) * (normalCdf(z) - normalCdf(z - q)) ** (k - 1), -8, 8 + q, 400);
  return risingRoot((q) => cdf(q) - p, 0, 4);
}

/** Power of a two-sided t test at level `alpha` with noncentrality `delta` and `df` degrees of freedom. */
function powerOfT(delta: number, df: number, alpha: number): number {
  const critical = tQuantile(1 - alpha / 2, df);
  // Density of s = √(χ²/df), by which the statistic (Z + delta) / s is averaged.
  const logScale = Math.log(2) + (df / 2) * Math.log(df / 2) - cephes.lgam(df / 2);
  const weight = (s: number): number =>
    s <= 0
      ? df === 1
        ? Math.exp(logScale)
        : 0
      : Math.exp(logScale + (df - 1) * Math.log(s) - (df * s * s) / 2);
  const rejects = (s: number): number => normalCdf(delta - critical * s) + normalCdf(-delta - critical * s);
  return integrate((s) => weight(s) * rejects(s), 0, 1 + 9 / Math.sqrt(df), 300);
}

const effects = new Map<string, number>();

/** Effect in standard deviations of the differences that a paired t test of `n` >= 2 pairs finds with probability `power`. */
export function detectableEffect(n: number, alpha = 0.05, power = 0.8): number {
  // A report asks for the same few numbers of pairs again and again, and each answer is a search over integrals.
  const key = `${n} ${alpha} ${power}`;
  const known = effects.get(key);
  if (known !== undefined) return known;
  const effect = risingRoot((d) => powerOfT(d * Math.sqrt(n), n - 1, alpha) - power, 0, 1);
  effects.set(key, effect);
  return effect;
}

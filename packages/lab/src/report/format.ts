import type { TaskInfo } from '../results.js';
import type { Interval, SeedSummary } from '../statistics/index.js';

/** Stands where there is no number. */
export const none = '–';

const isNumber = (value: number | null | undefined): value is number =>
  typeof value === 'number' && Number.isFinite(value);

/** A number with so many significant digits, without a trailing exponent where it can be read without one. */
export function significant(value: number | null | undefined, digits = 3): string {
  if (!isNumber(value)) return none;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) return value.toExponential(digits - 1);
  return String(Number(value.toPrecision(digits)));
}

/** `0.012`, `< 0.001`, or a dash. */
export function pValue(p: number | undefined): string {
  if (!isNumber(p)) return none;
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

/** The notation of a metric: accuracies and errors in per cent, everything else as it is. */
export interface MetricFormat {
  /** `accuracy, %`. */
  readonly title: string;
  /** The unit of differences: `points`, or nothing. */
  readonly unit: string;
  readonly text: (value: number | null | undefined) => string;
  /** With its sign. */
  readonly signed: (value: number | null | undefined) => string;
}

/** True where a metric is a fraction that is read in per cent. */
export const inPercent = (metric: string): boolean => /accuracy|error ?rate/i.test(metric);

export function metricFormat({ metric }: TaskInfo): MetricFormat {
  const percent = inPercent(metric);
  const text = (value: number | null | undefined): string => {
    if (!isNumber(value)) return none;
    // A rounding error below zero is no "-0.00".
    return percent ? (100 * value).toFixed(2).replace(/^-(0\.0+)$/, '$1') : significant(value, 4);
  };
  const signed = (value: number | null | undefined): string =>
    isNumber(value) ? `${Number(text(value)) > 0 ? '+' : ''}${text(value)}`.replace(/^-/, '−') : none;
  return { title: percent ? `${metric}, %` : metric, unit: percent ? ' points' : '', text, signed };
}

/** `93.41 [92.90, 93.92]`: the mean and its interval. */
export function withInterval(
  center: number,
  interval: Interval | undefined,
  text: (value: number | null | undefined) => string,
): string {
  return interval ? `${text(center)} [${text(interval.low)}, ${text(interval.high)}]` : text(center);
}

/** Mean and interval over seeds. */
export const summaryText = (
  summary: SeedSummary | undefined,
  text: (value: number | null | undefined) => string,
): string => (summary ? withInterval(summary.mean, summary.interval, text) : none);

/** A value of an option as one reads it. */
export function optionText(value: unknown): string {
  if (value === undefined) return none;
  if (typeof value === 'number') return significant(value, 6);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Shortest ends of paths by which they are told apart: `rho`, `base.name`, `variant.name`. */
export function shortPaths(paths: readonly string[]): Map<string, string> {
  const short = new Map<string, string>();
  for (const path of paths) {
    const parts = path.split('.');
    const end = (length: number): string => parts.slice(-length).join('.');
    let length = 1;
    while (
      length < parts.length &&
      paths.some((other) => other !== path && `.${other}`.endsWith(`.${end(length)}`))
    )
      length++;
    short.set(path, end(length));
  }
  return short;
}

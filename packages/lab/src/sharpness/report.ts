import {
  type Calibration,
  type Cost,
  type Landscape,
  landscapeSvg,
  type Measurement,
  type Spectrum,
} from '@tfjs-sam/sharpness';
import { none, significant } from '../report/format.js';
import { Html, html } from '../report/html.js';
import { reportStyle } from '../report/style.js';

/** A number as it is shown. */
export interface Row {
  readonly name: string;
  readonly value: number;
  /** Its standard error, or the residual that an eigenvalue lies within. */
  readonly error?: number | undefined;
  readonly reliable: boolean;
  readonly reason?: string | undefined;
}

function rowsOfSpectrum(spectrum: Spectrum, of = ''): Row[] {
  const { eigenvalues, residuals, reliable, reason, matrix, trace, frobeniusSquared: squared } = spectrum;
  const about = `${matrix === 'hessian' ? 'Hessian' : 'Gauss–Newton'}${of}`;
  return [
    ...eigenvalues.map((value, k) => ({
      ...{ name: `${about}, λ${k + 1}`, value, error: residuals[k], reliable, reason },
    })),
    ...(trace ? [{ name: `${about}, trace`, ...trace, error: trace.standardError }] : []),
    ...(squared
      ? [
          {
            ...{ name: `${about}, ‖·‖F`, value: Math.sqrt(squared.value) },
            error: squared.standardError! / (2 * Math.sqrt(squared.value)),
            ...{ reliable: squared.reliable, reason: squared.reason },
          },
        ]
      : []),
  ];
}

/** The findings, one number a row. */
export function rowsOf(
  found: Measurement,
  scores: Calibration | undefined,
  { rho, steps, metric }: { readonly rho: number; readonly steps: number; readonly metric: string },
): Row[] {
  const { loss, gradientNorm, spectrum, groups = {}, worstCase, average } = found;
  const sure = (name: string, value: number, error?: number): Row => {
    const reliable = Number.isFinite(value);
    return { name, value, error, reliable, reason: reliable ? undefined : 'not finite' };
  };
  return [
    sure('loss', loss),
    sure('gradient norm', gradientNorm),
    ...(spectrum ? rowsOfSpectrum(spectrum) : []),
    ...Object.entries(groups).flatMap(([name, each]) => rowsOfSpectrum(each, ` of ${name}`)),
    ...(worstCase ? [{ name: `worst case, ρ ${rho}, ${metric}, ${steps} steps`, ...worstCase }] : []),
    ...(average ? [{ name: 'average case, σ 0.01', ...average, error: average.standardError }] : []),
    ...(scores
      ? [
          sure('accuracy', scores.accuracy, scores.standardErrors.accuracy),
          sure('negative log-likelihood', scores.nll, scores.standardErrors.nll),
          sure('Brier score', scores.brier, scores.standardErrors.brier),
          sure('calibration error', scores.ece),
        ]
      : []),
  ];
}

const errorText = ({ error }: Row): string => (error === undefined ? none : significant(error, 2));
const verdict = ({ reliable, reason }: Row): string => (reliable ? 'yes' : `NO: ${reason ?? 'not finite'}`);

/** A table for terminals. */
export function textOf(rows: readonly Row[]): string {
  const cells = [
    ['measure', 'value', '± error', 'reliable'],
    ...rows.map((row) => [row.name, significant(row.value, 4), errorText(row), verdict(row)]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    [row[0]!.padEnd(widths[0]!), row[1]!.padStart(widths[1]!), row[2]!.padStart(widths[2]!), row[3]].join(
      '  ',
    );
  return `${cells.map(line).join('\n')}\n`;
}

/** A page of its own: the table, and the landscape where there is one. */
export function sharpnessPage(
  summary: string,
  rows: readonly Row[],
  { gradients, values }: Cost,
  plane: Landscape | undefined,
): string {
  const body = rows.map(
    (row) =>
      html`<tr><th scope="row">${row.name}</th><td>${significant(row.value, 4)}</td><td>${errorText(row)}</td><td class="text">${verdict(row)}</td></tr>\n`,
  );
  const drawings = plane
    ? html`<section id="landscape"><h2>Landscape</h2><div class="figures">${(
        ['contour', 'surface'] as const
      ).map(
        (kind) => html`<figure>${new Html(landscapeSvg(plane, `Loss, ${kind}`, kind))}</figure>`,
      )}</div></section>`
    : undefined;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><meta name="color-scheme" content="light dark">
<title>How flat · tfjs-sam</title><style>${new Html(reportStyle)}</style></head><body>
<header><h1>How flat is it?</h1><p>${summary}</p></header><main>
<div class="wide" tabindex="0" role="region" aria-label="Measures"><table><caption><span><b>Measures.</b> The error is a standard error, or for an eigenvalue the residual ‖Av − λv‖ that it lies within. ${gradients} gradients and ${values} values of batches were evaluated.</span></caption>
<thead><tr><th scope="col">measure</th><th scope="col">value</th><th scope="col">error</th><th scope="col" class="text">reliable</th></tr></thead><tbody>${body}</tbody></table></div>
${drawings}</main></body></html>
`.text;
}

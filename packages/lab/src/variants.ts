import type { Variant } from './variant.js';

/** Every variant that the command line knows, in the order in which it lists them. */
export const variants: readonly Variant[] = [
  {
    name: 'sgd',
    summary: 'Stochastic gradient descent with momentum, the base of all others',
    source: 'Polyak 1964, doi 10.1016/0041-5553(64)90137-5',
    gradients: 1,
    radii: [],
    config: {},
  },
  {
    name: 'sam',
    summary: 'Sharpness-aware minimization: the gradient at the worst point of a Euclidean ball',
    source: 'Foret et al. 2021, arXiv 2010.01412',
    gradients: 2,
    radii: ['rho'],
    config: { variant: 'sam' },
  },
  {
    name: 'asam',
    summary: 'Adaptive SAM: a ball that stretches with the weights',
    source: 'Kwon et al. 2021, arXiv 2102.11600',
    gradients: 2,
    radii: ['rho'],
    config: { variant: 'asam' },
  },
  {
    name: 'msam',
    summary: 'Monge SAM: a ball in the metric that the loss surface induces on the weights',
    source: 'Jacobsen and Arvanitidis 2025, arXiv 2502.08448',
    gradients: 2,
    radii: ['rho'],
    config: { variant: 'msam' },
  },
  {
    name: 'fisher-sam',
    summary: 'Fisher SAM: a ball in the diagonal Fisher metric of the batch gradient',
    source: 'Kim et al. 2022, arXiv 2206.04920',
    gradients: 2,
    radii: ['rho'],
    config: { variant: 'fisher-sam' },
  },
  {
    name: 'hessian-sam',
    summary: "SAM in a ball measured by the Hessian's diagonal, estimated with random probes",
    source: 'ours; estimator of Yao et al. 2021, arXiv 2006.00719',
    gradients: 2,
    radii: ['rho'],
    config: { variant: 'hessian-sam' },
  },
  {
    name: 'bisam-tanh',
    summary: 'BiSAM: climbs a tanh lower bound of the 0-1 loss, descends the cross-entropy',
    source: 'Xie et al. 2024, arXiv 2407.12993',
    gradients: 2,
    radii: ['rho'],
    config: { variant: 'bisam', lowerBound: { kind: 'tanh' } },
  },
  {
    name: 'bisam-log',
    summary: 'BiSAM: climbs a logarithmic lower bound of the 0-1 loss, descends the cross-entropy',
    source: 'Xie et al. 2024, arXiv 2407.12993',
    gradients: 2,
    radii: ['rho'],
    config: { variant: 'bisam', lowerBound: { kind: 'log' } },
  },
  {
    name: 'gsam',
    summary:
      'Surrogate-gap guided SAM: also descends along the part of g that the perturbed loss does not see',
    source: 'Zhuang et al. 2022, arXiv 2203.08065',
    gradients: 2,
    radii: ['rho'],
    config: { variant: 'gsam' },
  },
  {
    name: 'sparse-sam-fisher',
    summary: 'Sparse SAM, SSAM-F: only the half of the weights with the largest Fisher information moves',
    source: 'Mi et al. 2022, arXiv 2210.05177',
    gradients: 2,
    radii: ['rho'],
    config: { variant: 'sparse-sam', mask: 'fisher' },
  },
  {
    name: 'sparse-sam-dynamic',
    summary: 'Sparse SAM, SSAM-D: half of the weights moves; a mask that drops and grows',
    source: 'Mi et al. 2022, arXiv 2210.05177',
    gradients: 2,
    radii: ['rho'],
    config: { variant: 'sparse-sam', mask: 'dynamic' },
  },
  {
    name: 'bilateral-sam',
    summary: 'Bilateral SAM: flattens towards the worst and towards the best point of the ball',
    source: 'Deng et al. 2024, arXiv 2409.13173',
    gradients: 3,
    radii: ['rhoMax', 'rhoMin'],
    config: { variant: 'bilateral-sam' },
  },
  {
    name: 'trace-sam',
    summary: "Trace-SAM: descends the loss and the Hessian's trace, from one random direction",
    source: 'Tahmasebi et al. 2024, arXiv 2406.03682',
    gradients: 2,
    radii: ['rho'],
    config: { variant: 'trace-sam' },
  },
  {
    name: 'det-sam',
    summary:
      "Det-SAM: descends the loss and a function of the Hessian's determinant, from one random direction",
    source: 'Tahmasebi et al. 2024, arXiv 2406.03682',
    gradients: 2,
    radii: ['rho'],
    config: { variant: 'det-sam' },
  },
  {
    name: 'frob-sam',
    summary: "Frob-SAM: descends the loss and the Hessian's Frobenius norm, from two random directions",
    source: 'Tahmasebi et al. 2024, arXiv 2406.03682',
    gradients: 3,
    radii: ['rho'],
    config: { variant: 'frob-sam' },
  },
  {
    name: 'sampa',
    summary: 'SAMPa: the perturbation comes from an auxiliary point, so that both gradients can run at once',
    source: 'Xie et al. 2024, arXiv 2410.10683',
    gradients: 2,
    radii: ['rho'],
    config: { variant: 'sampa' },
  },
  {
    name: 'wsam',
    summary: 'WSAM: the sharpness as a weighted regulariser, beside the base optimizer',
    source: 'Yue et al. 2023, arXiv 2305.15817',
    gradients: 2,
    radii: ['rho'],
    config: { variant: 'wsam' },
  },
  {
    name: 'friendly-sam',
    summary: 'Friendly SAM: perturbs along the noise of the batch gradient, without what all batches share',
    source: 'Li et al. 2024, arXiv 2403.12350',
    gradients: 2,
    radii: ['rho'],
    config: { variant: 'friendly-sam' },
  },
  {
    name: 'look-sam',
    summary: 'LookSAM: a SAM step every five steps, reused in those between',
    source: 'Liu et al. 2022, arXiv 2203.02714',
    gradients: 1.2,
    radii: ['rho'],
    config: { variant: 'look-sam' },
  },
  {
    name: 'bsam',
    summary: 'bSAM: SAM as a relaxation of variational Bayes, with a variance for every weight; no base',
    source: 'Möllenhoff and Khan 2023, arXiv 2210.01620',
    gradients: 2,
    radii: ['rho'],
    config: { variant: 'bsam' },
  },
];

/** The names of {@link variants}. */
export const variantNames: readonly string[] = variants.map(({ name }) => name);

/**
 * The row of one variant.
 *
 * @param known - Where to look; the built-in variants by default.
 * @throws RangeError when no variant has that name.
 */
export function variantNamed(name: string, known: readonly Variant[] = variants): Variant {
  const found = known.find((variant) => variant.name === name);
  if (!found)
    throw new RangeError(
      `lab: expected one of [${known.map((variant) => variant.name).join(', ')}], got "${name}"`,
    );
  return found;
}

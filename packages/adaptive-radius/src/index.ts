/**
 * Radii and step sizes that follow the loss: LE-SAM, LightSAM, SAM-Polyak.
 *
 * @packageDocumentation
 */
export { type LeSamOptions, leSam } from './le-sam.js';
export { type LightSamOptions, lightSam } from './light-sam.js';
export { type LossBudgetOptions, lossBudget } from './loss-budget.js';
export { type SamPolyakOptions, samPolyak } from './sam-polyak.js';

import { matching } from '../declare/matching.js';
import {
  anyOf,
  boolean,
  type Checked,
  code,
  integer,
  list,
  number,
  type OptionsOf,
  oneOf,
  record,
} from '../declare/option.js';
import type { StepListener } from '../oracle/report.js';

const groupOptions = {
  match: anyOf(matching, {
    doc: 'The variables: a regular expression of their names, or in code a predicate',
  }),
  rho: number({
    min: 0,
    default: 1,
    doc: 'Multiplier f of the radius ρ: the ball is stretched by f along these variables. 0 leaves them out of the perturbation, and ρ is spent on the others',
  }),
  weightDecay: number({
    min: 0,
    default: 0,
    doc: "Decoupled weight decay λ: θ ← θ − lr·λ·θ beside the base optimizer's update",
  }),
  learningRate: number({
    min: 0,
    default: 1,
    doc: "Factor of the base optimizer's whole update, exact for any base optimizer. 0 freezes",
  }),
};

/** Options of some of the variables. A variable belongs to the first group that matches it. */
export interface VariableGroup extends OptionsOf<typeof groupOptions> {}

/** A group whose options are complete. */
export type CheckedGroup = Checked<typeof groupOptions>;

const factors = (doc: string) =>
  list(number({ min: 0, doc: 'The factor of one run' }), { optional: 'all 1', doc });

const runOptions = {
  count: integer({ min: 1, doc: 'Number of runs that every variable holds along its first axis' }),
  rho: factors('Multipliers of the radius ρ, one per run'),
  learningRate: factors("Multipliers of the base optimizer's whole update, one per run"),
};

/** The options of the driver, which every variant has. */
export const driverOptions = {
  onNonFinite: oneOf(['pass', 'skip'], {
    default: 'pass',
    doc: 'Treatment of a direction that holds a NaN or an infinity: pass it on to the base optimizer, as TensorFlow.js does, or skip the update, leaving weights, base optimizer and rule as they were. Decided on the device; iterations advance either way',
  }),
  groups: list(record(groupOptions, { doc: 'A group of variables' }), {
    optional: 'none',
    doc: 'Options of some of the variables: radius, weight decay, learning rate',
  }),
  randomSeed: integer({
    optional: 'a seed of Math.random for every step',
    doc: 'Seed of the random numbers that the loss draws (unseeded dropout, noise layers), for runs that repeat. With or without one, every evaluation of a step draws the same, so that all passes see one mask; each micro-batch draws its own. A seeded dropout layer has one mask at all times',
  }),
  freshDraws: boolean({
    default: false,
    doc: 'Lets every pass draw afresh where there is no randomSeed, as the PyTorch implementations do. Differences of gradients (curvature) see one mask nevertheless',
  }),
  checkLoss: boolean({
    default: true,
    doc: 'Looks, in the first step, if the loss is the same function of the weights at every call, and warns where it is not. Costs two values where its first two evaluations do not run the same, else nothing',
  }),
  runs: record(runOptions, {
    optional: 'one run',
    doc: 'Independent runs that train at once: every variable holds them along its first axis, the loss returns one value per run, [runs], and norms, products and draws are each run’s own, as if it were alone. What does not compute run by run refuses',
  }),
  onStep: code<StepListener | readonly StepListener[]>()({
    run: true,
    accepts: (value) => [value].flat().every((entry) => typeof entry === 'function'),
    expected: 'a function (report) => void, or several',
    optional: 'none',
    doc: 'Hears of steps, without making them wait: gradient norm, perturbation norm, surrogate gap, cosine',
  }),
  reportEvery: integer({ min: 1, default: 1, unit: 'steps', doc: 'Steps from one report to the next' }),
};

/** Options of the driver, accepted by every variant beside its own. */
export interface DriverOptions extends OptionsOf<typeof driverOptions> {}

import * as tf from '@tensorflow/tfjs-core';
import { add, choose, norm, type ParamVector } from '../algebra/vector.js';
import type { VariableSnapshot } from '../engine/snapshot.js';
import { learningRateFor } from '../optimizers/base-view.js';
import { announceUpdate } from '../optimizers/skipping.js';
import type { NamedTensor } from '../oracle/slots.js';
import type { RuleStep } from '../rules/rule.js';
import type { VariableGroups } from './groups.js';

/** A direction for a variable by name; null where the loss does not reach it. */
export interface DirectionEntry {
  readonly name: string;
  readonly tensor: tf.Tensor | null;
}

/** An update of the base optimizer, and what goes beside it. */
export interface BaseUpdate {
  readonly base: tf.Optimizer;
  /** The directions of one update after the other, each of the same variables: at least one. */
  readonly updates: readonly (readonly DirectionEntry[])[];
  readonly groups: VariableGroups;
  readonly onNonFinite: 'pass' | 'skip';
  /** Added to the variables of the entries after the base optimizer's last update. */
  readonly correction?: RuleStep['correction'] | undefined;
  /** The values before the step. */
  readonly before: VariableSnapshot;
}

/**
 * The base optimizer's updates with the groups' factors and the rule's correction, skipped as a whole where asked for:
 * whatever else the step has assigned to is put back as well.
 *
 * @returns Whether it counted, a bool Scalar; undefined where every update counts.
 */
export function updateBase({ onNonFinite, before, ...update }: BaseUpdate): tf.Tensor | undefined {
  if (onNonFinite === 'pass') {
    apply(update);
    return undefined;
  }
  const { correction = [] } = update;
  const added = typeof correction === 'function' ? [] : correction;
  const whole = [...update.updates.flat().flatMap(({ tensor }) => tensor ?? []), ...added];
  const ok = tf.isFinite(norm(whole));
  // Zero in place of NaN, so that slots created by this very step start clean.
  const clean = (tensor: tf.Tensor) => choose(ok, [tensor], [tf.zerosLike(tensor)])[0]!;
  apply({
    ...update,
    updates: update.updates.map((entries) =>
      entries.map(({ name, tensor }) => ({ name, tensor: tensor && clean(tensor) })),
    ),
  });
  before.keepIf(ok);
  announceUpdate(ok);
  return ok;
}

function apply({ base, updates, groups, correction }: Omit<BaseUpdate, 'onNonFinite' | 'before'>): void {
  const registered = tf.engine().registeredVariables;
  const variables = updates[0]!.flatMap(({ name, tensor }) => (tensor && registered[name]) ?? []);
  groups.around(variables, learningRateFor(base, variables), () => {
    let first: ParamVector | undefined;
    for (const entries of updates) {
      // TensorFlow.js keys slots by position: every variable is passed, in one order, null where it has no gradient.
      base.applyGradients(entries as NamedTensor[]);
      if (updates.length > 1) first ??= variables.map((variable) => tf.clone(variable as tf.Tensor));
    }
    if (!correction) return;
    const added = typeof correction === 'function' ? correction(variables, first ?? variables) : correction;
    const moved = add(added, variables);
    for (const [i, variable] of variables.entries()) variable.assign(moved[i]!);
  });
}

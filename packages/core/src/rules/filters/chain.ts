import { type ConfigOf, list, part } from '../../declare/option.js';
import { type Declaring, declared, definePart } from '../../declare/part.js';
import { delegate } from '../../oracle/delegate.js';
import type { GradientOracle } from '../../oracle/oracle.js';
import type { RuleState } from '../../oracle/state.js';
import type { PerturbationFilter } from '../compose.js';

const options = {
  filters: list(part('filter', { doc: 'A filter' }), {
    default: [],
    doc: 'Filters, in the order in which they apply',
  }),
};

declare module '../../kinds.js' {
  interface FilterConfigs {
    chain: ConfigOf<typeof options>;
  }
}

const chain = definePart({
  kind: 'filter',
  name: 'chain',
  owner: 'chainFilters',
  doc: 'Filters one after the other: of masks, the coordinates that all of them let move',
  options,
  create: ({ filters }): PerturbationFilter => {
    for (const [i, filter] of filters.entries()) {
      if (typeof filter?.apply === 'function') continue;
      throw new TypeError(`chainFilters: expected filter ${i} to be an object with a method "apply"`);
    }
    // A filter may key by oracle what it keeps for a step: it meets one object throughout the step.
    const known = new WeakMap<GradientOracle, readonly GradientOracle[]>();
    const oraclesOf = (oracle: GradientOracle) => {
      const oracles = known.get(oracle) ?? filters.map((_, i) => withOwnState(oracle, `filter${i}.`));
      known.set(oracle, oracles);
      return oracles;
    };
    return {
      name: 'chain',
      apply: (perturbation, gradient, oracle) => {
        const oracles = oraclesOf(oracle);
        return filters.reduce((delta, filter, i) => filter.apply(delta, gradient, oracles[i]!), perturbation);
      },
    };
  },
});

/**
 * Filters one after the other, each with a memory of its own: of masks, the coordinates that all of them let move.
 *
 * @param filters - In the order in which they apply. Each sees the perturbation that the one before left; without any,
 *   everything moves.
 * @throws TypeError for what is no filter.
 * @example
 * sharpnessAware(base, { filter: chainFilters(structuredMask({ sparsity: 0.5 }), nmMask({ m: 4 })) });
 */
export const chainFilters: ((...filters: readonly PerturbationFilter[]) => PerturbationFilter) &
  Declaring<'filter'> = declared(chain.part, (...filters: readonly PerturbationFilter[]) =>
  chain({ filters }),
);

/** The oracle, with a state whose keys begin with `prefix`. */
function withOwnState(oracle: GradientOracle, prefix: string): GradientOracle {
  const state: RuleState = {
    get: (key) => oracle.state.get(prefix + key),
    getEach: (key) => oracle.state.getEach(prefix + key),
    recall: (key, fallback) => oracle.state.recall(prefix + key, fallback),
    committed: (key) => oracle.state.committed(prefix + key),
    set: (key, value, merge) => oracle.state.set(prefix + key, value, merge),
    delete: (key) => oracle.state.delete(prefix + key),
    getTensor: (key) => oracle.state.getTensor(prefix + key),
    recallTensor: (key, fallback) => oracle.state.recallTensor(prefix + key, fallback),
    setTensor: (key, value, merge) => oracle.state.setTensor(prefix + key, value, merge),
  };
  return delegate(oracle, { state });
}

import * as tf from '@tensorflow/tfjs-core';
import { notingKept } from './keeping.js';
import { LayerMemory } from './layer-memory.js';
import { layerPrototypes, type Method } from './layers.js';
import { VariableSnapshot } from './snapshot.js';

const methods = ['apply', 'call'] as const;

type Tape = NonNullable<ReturnType<typeof tf.engine>['state']['activeTape']>;
type TapeNode = Tape[number];

/** Where a loss fails. */
export interface Failure {
  /** The names of the layers around it, the outer ones first; none where it is outside of layers. */
  readonly layers: readonly string[];
  /** Whose gradient fails, and by which of its inputs where that is known; absent in the forward pass. */
  readonly gradient: { readonly node: TapeNode; readonly input?: string | undefined } | undefined;
}

/**
 * Runs a loss and its gradient, one of which has failed, once more, watching the layers and operations that it goes
 * through. Variables, and what it keeps, are put back and away; random numbers are drawn anew.
 *
 * @returns Where it fails; undefined where it does not, with this message.
 */
export function findFailure(loss: () => tf.Scalar, message: string): Failure | undefined {
  const variables = new VariableSnapshot();
  const memory = new LayerMemory();
  const watch = watchLayers();
  try {
    const { error, gradient } = memory.around(() => runOnce(loss));
    if (!(error instanceof Error) || error.message !== message) return undefined;
    const layers = gradient ? watch.around(gradient.index) : watch.failedIn(error);
    // A Sequential has a model of its own name inside.
    return { layers: layers.filter((name, i) => i === 0 || name !== `${layers[i - 1]}_model`), gradient };
  } finally {
    watch.end();
    memory.undo();
    variables.restore();
    variables.dispose();
  }
}

const tape = (): Tape => tf.engine().state.activeTape ?? [];

/** The error of a loss or its gradient, and the operation whose gradient it is, by its index on the tape. */
function runOnce(loss: () => tf.Scalar) {
  let error: unknown;
  const kept: tf.Tensor[] = [];
  let gradient: { index: number; node: TapeNode; input?: string | undefined } | undefined;
  const observed = () => {
    try {
      return loss();
    } finally {
      for (const [index, node] of tape().entries())
        observeGradient(node, (input) => {
          gradient = { index, node, input };
        });
    }
  };
  try {
    notingKept(kept, () => tf.tidy(() => void tf.variableGrads(observed)));
  } catch (caught) {
    error = caught;
  }
  // Those of the tape are among them: TensorFlow.js leaves them behind where it throws.
  tf.dispose(kept);
  return { error, gradient };
}

/** Tells when the gradient of an operation is asked for, and by which of its inputs. */
function observeGradient(node: TapeNode, begins: (input?: string) => void): void {
  const { gradient } = node;
  if (gradient === undefined) return;
  node.gradient = (dys) => {
    begins();
    const parts = Object.entries(gradient(dys)).map(([input, part]) => {
      const observed = () => {
        begins(input);
        return part();
      };
      return [input, observed] as const;
    });
    return Object.fromEntries(parts);
  };
}

/** Notes which layers run which operations, and which an error passes on its way out, until `end`. */
function watchLayers() {
  const active: string[] = [];
  const runs: { readonly layers: readonly string[]; readonly from: number; to: number }[] = [];
  let failed: { readonly error: unknown; readonly layers: readonly string[] } | undefined;
  const watched = (method: Method): Method =>
    function (...args) {
      const { name = '' } = this;
      // A subclass's method calls that of its parent.
      if (active.at(-1) === name) return method.apply(this, args);
      active.push(name);
      const run = { layers: [...active], from: tape().length, to: Number.POSITIVE_INFINITY };
      runs.push(run);
      try {
        return method.apply(this, args);
      } catch (error) {
        if (failed?.error !== error) failed = { error, layers: run.layers };
        throw error;
      } finally {
        run.to = tape().length;
        active.pop();
      }
    };
  const undo = layerPrototypes().flatMap((prototype) =>
    methods.flatMap((name) => {
      if (!Object.hasOwn(prototype, name)) return [];
      const method = prototype[name]!;
      prototype[name] = watched(method);
      return () => {
        prototype[name] = method;
      };
    }),
  );
  return {
    /** Puts the methods back in place. */
    end: () => {
      for (const put of undo) put();
    },
    failedIn: (error: Error): readonly string[] => (failed?.error === error ? failed.layers : []),
    /** The layers around an operation on the tape. */
    around: (index: number): readonly string[] =>
      runs.filter(({ from, to }) => from <= index && index < to).at(-1)?.layers ?? [],
  };
}

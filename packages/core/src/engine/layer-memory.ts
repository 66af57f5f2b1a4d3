import * as tf from '@tensorflow/tfjs-core';
import { choose } from '../algebra/vector.js';
import { layerPrototypes, type Method } from './layers.js';

/** The memory of TensorFlow.js's layers outside variables: a stateful RNN's states, the next seed of a random layer. */
interface Layer {
  states_?: tf.Tensor[] | null;
  /** States of former calls, which the layer frees when it is reset. */
  keptStates?: unknown[];
  randomGenerator?: { seed?: number };
}

/** A layer's memory at one moment. */
interface Remembered {
  readonly states: readonly tf.Tensor[] | undefined;
  readonly former: number;
  readonly seed: number | undefined;
}

const listeners = new Set<(layer: Layer) => void>();
/** Prototypes whose methods tell. */
const watched = new WeakSet<object>();
let classes = 0;

/**
 * The memory of the layers that one loss moves: it advances once a step, as running statistics do, and each evaluation
 * starts from where the step found it.
 */
export class LayerMemory {
  readonly #before = new Map<Layer, Remembered>();
  #after: Map<Layer, Remembered> | undefined;

  /** Runs an evaluation. The first one advances the layers, no later one does. */
  around<T>(evaluate: () => T): T {
    const first = this.#after === undefined;
    // Once a step: looking for new classes costs some microseconds.
    if (first) watchLayers();
    const note = (layer: Layer) => {
      if (!this.#before.has(layer)) this.#before.set(layer, recall(layer));
    };
    if (!first) for (const [layer, before] of this.#before) put(layer, before);
    listeners.add(note);
    try {
      const result = evaluate();
      if (first) this.#after = new Map([...this.#before.keys()].map((layer) => [layer, recall(layer)]));
      return result;
    } finally {
      listeners.delete(note);
      if (!first)
        for (const [layer, before] of this.#before)
          replaceStates(layer, this.#after!.get(layer) ?? before, before);
    }
  }

  /** True of a tensor that is a state of one of the layers. */
  holds(tensor: tf.Tensor): boolean {
    return [...(this.#after?.values() ?? [])].some(({ states }) => states?.includes(tensor));
  }

  /** Puts the layers back to where the step found them, and lets no evaluation to come advance them. */
  undo(): void {
    for (const [layer, before] of this.#before) replaceStates(layer, before, before);
    this.#after = new Map(this.#before);
  }

  /** As `undo` where `ok` is false: decided on the device. Seeds stay advanced. */
  keepIf(ok: tf.Tensor): void {
    for (const [layer, { states }] of this.#before) {
      const current = layer.states_;
      if (!states || !current || states.length !== current.length) continue;
      layer.states_ = tf.tidy(() => choose(ok, current, states).map((state) => tf.keep(tf.clone(state))));
      for (const state of current) if (!states.includes(state)) state.dispose();
    }
  }
}

function recall({ states_, keptStates, randomGenerator }: Layer): Remembered {
  return { states: states_?.slice(), former: keptStates?.length ?? 0, seed: randomGenerator?.seed };
}

function put(layer: Layer, { states, former, seed }: Remembered): void {
  if (states) layer.states_ = [...states];
  if (layer.keptStates) layer.keptStates.length = Math.min(former, layer.keptStates.length);
  if (layer.randomGenerator && seed !== undefined) layer.randomGenerator.seed = seed;
}

/** Puts a memory in place; the states there now go, unless they are needed. */
function replaceStates(layer: Layer, next: Remembered, before: Remembered): void {
  for (const state of layer.states_ ?? [])
    if (!next.states?.includes(state) && !before.states?.includes(state)) state.dispose();
  put(layer, next);
}

/** Makes layers tell when they are about to change what they remember. */
function watchLayers(): void {
  const { length } = Object.keys(tf.serialization.SerializationMap.getMap().classNameMap);
  if (length === classes) return;
  classes = length;
  for (const prototype of layerPrototypes()) {
    if (watched.has(prototype)) continue;
    watched.add(prototype);
    if (Object.hasOwn(prototype, 'resetStates')) tell(prototype, 'resetStates');
    if (isRandom(prototype) && Object.hasOwn(prototype, 'call')) tell(prototype, 'call');
  }
}

function isRandom(prototype: object): boolean {
  for (let at = prototype; at && at !== Object.prototype; at = Object.getPrototypeOf(at))
    if ((at.constructor as { className?: string }).className === 'BaseRandomLayer') return true;
  return false;
}

function tell(prototype: Record<string, Method>, name: string): void {
  const method = prototype[name]!;
  prototype[name] = function (...args) {
    for (const listener of listeners) listener(this as Layer);
    return method.apply(this, args);
  };
}

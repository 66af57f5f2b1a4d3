import * as tf from '@tensorflow/tfjs-core';

/** A method of a layer. */
export type Method = (this: { readonly name?: string }, ...args: unknown[]) => unknown;

/** Members that a layer's prototype owns; core knows tfjs-layers by these alone. */
export type LayerPrototype = Record<string, Method>;

/** The prototypes of all registered layers and of their ancestors. */
export function layerPrototypes(): LayerPrototype[] {
  const found = new Set<LayerPrototype>();
  for (const [type] of Object.values(tf.serialization.SerializationMap.getMap().classNameMap)) {
    const chain: LayerPrototype[] = [];
    for (let at: object = type.prototype; at && at !== Object.prototype; at = Object.getPrototypeOf(at))
      chain.push(at as LayerPrototype);
    // An initializer has `apply` as well, but no `call`.
    const isLayer = chain.some((prototype) =>
      ['apply', 'call'].every((name) => Object.hasOwn(prototype, name)),
    );
    if (isLayer) for (const prototype of chain) found.add(prototype);
  }
  return [...found];
}

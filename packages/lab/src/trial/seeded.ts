import { type Random, seededRandom } from '@tfjs-sam/datasets';

/** Streams of draws of one seed that must not meet: of the training, and of what its model learnt before. */
const streams = { training: 3, pretraining: 4 } as const;

/** Runs `f` with `Math.random` drawn from the seed and the step: dropout masks repeat when a trial does. */
export function seeded<T>(stream: keyof typeof streams, seed: number, step: number, f: () => T): T {
  const { random }: { readonly random: Random } = Math;
  Math.random = seededRandom(seed, streams[stream], step);
  try {
    return f();
  } finally {
    Math.random = random;
  }
}

/**
 * Words of the block through which threads hand work to one another. Words that several threads write lie on cache lines of
 * their own.
 */
export const words = {
  /**
   * The parts of a call that nobody has taken: `first << 16 | end`. The thread that asks takes from the front, the others from
   * the end, so that each finds in its cache what it worked on before.
   */
  parts: 0,
  /** Threads that sleep until there are parts. */
  sleepers: 16,
  /** Parts that other threads have done. */
  done: 32,
  /** True where the thread that asks sleeps until they are done. */
  asleep: 48,
  /** Threads that are ready. */
  ready: 64,
  /** Not 0: a part failed in another thread. */
  failed: 65,
  /** Not 0: the threads shall end. */
  stop: 66,
  /** The call: function, number of arguments, the argument that counts units, units, units of a part. */
  function: 80,
  arguments: 81,
  countAt: 82,
  units: 83,
  grain: 84,
  /** Number of arguments that move with the first unit, and of those that are memory of a thread's own. */
  moves: 85,
  owned: 86,
  /** The arguments that move, and those that are a thread's own. */
  moveAt: 96,
  ownedAt: 112,
} as const;

/** Floats behind the words: arguments, bytes by which arguments move for a unit, offsets in a thread's own memory. */
export const floats = {
  arguments: 64,
  moveBy: 96,
  ownedOffset: 112,
  /** Where each thread's own memory begins. */
  memory: 128,
} as const;

/** Most threads, the one that asks among them. */
export const MOST_THREADS = 64;

/** Bytes of the block. */
export const BLOCK_BYTES = 8 * (floats.memory + MOST_THREADS);

/** Multiplications with additions that one thread does in a microsecond, roughly. */
export const MULTIPLY_ADDS = 10_000;
/** Floats that one thread reads or writes in a microsecond, roughly. */
export const NUMBERS = 2_500;

/** From when threads pay. */
export const limits = {
  /** Microseconds that a call takes on one thread, from which on it is split. */
  least: 15,
  /** Microseconds of a part, the least. */
  part: 8,
  /** Microseconds of calls worth splitting after which the threads are started: a short process starts none. */
  start: 150_000,
  /** Milliseconds that a thread looks for work before it sleeps. */
  patience: 1,
  /** Turns that the thread that asks looks for the others' answer before it sleeps. */
  spins: 500,
  /** For tests: shares every call, whether or not that was faster. */
  always: false,
};

/** Times of calls of one shape, in milliseconds: running means, in which the last few count. */
interface Known {
  alone: number;
  shared: number;
  calls: number;
  /** When the other way is tried again, and the calls between. */
  retry: number;
  gap: number;
}

/** First calls, in which both ways take turns; the first two are not counted: their code is cold. */
const TRIALS = 6;
const COLD = 2;
/** Calls after which the way that was slower is tried again: more and more where it stays slower. */
const FIRST_GAP = 16;
const LONGEST_GAP = 256;
/** Shapes that are remembered at most. */
const MOST_SHAPES = 4096;

/** The share of the difference by which a new time moves the mean, and the most that it counts: others may have had the core. */
const WEIGHT = 1 / 4;
const LONGEST = 4;

const averaged = (mean: number, time: number): number =>
  mean === 0 ? time : mean + WEIGHT * (Math.min(time, LONGEST * mean) - mean);

/**
 * Decides if calls of a shape are shared between threads, by the times that both ways took. How much a second thread gives depends on
 * what nobody tells: whether it has a core of its own or half of one, what else runs there, in which cache the operands lie.
 */
export class Choice {
  readonly #shapes = new Map<number, Known>();

  #known(shape: number): Known {
    let known = this.#shapes.get(shape);
    if (!known) {
      if (this.#shapes.size >= MOST_SHAPES) this.#shapes.clear();
      known = { alone: 0, shared: 0, calls: 0, retry: TRIALS + FIRST_GAP, gap: FIRST_GAP };
      this.#shapes.set(shape, known);
    }
    return known;
  }

  /** Decides if the next call of a shape is shared. */
  shares(shape: number): boolean {
    const known = this.#known(shape);
    const better = known.shared < known.alone;
    const call = known.calls++;
    if (call < TRIALS) return call % 2 === 0;
    if (call < known.retry) return better;
    return !better;
  }

  /** Learns what the call took. */
  learn(shape: number, shared: boolean, time: number): void {
    const known = this.#known(shape);
    if (known.calls <= COLD) return;
    const before = known.shared < known.alone;
    if (shared) known.shared = averaged(known.shared, time);
    else known.alone = averaged(known.alone, time);
    if (known.calls <= known.retry) return;
    // The other way was tried: once more soon where it is the better one now.
    const changed = before !== known.shared < known.alone;
    known.gap = changed ? FIRST_GAP : Math.min(2 * known.gap, LONGEST_GAP);
    known.retry = known.calls + known.gap;
  }
}

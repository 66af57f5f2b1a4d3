/** Steps that say what a way takes: their median. */
const WINDOW = 7;
/** Steps of a trial; the first is not counted: a worker may have slept. */
const TRIAL = 4;
/** Steps between trials: more and more while the other way stays the slower one. */
const FIRST_GAP = 32;
const LONGEST_GAP = 512;
/** Steps before the first trial. */
const BEFORE_FIRST = 8;
/** The share by which the other way must be faster. */
const MARGIN = 0.95;

/**
 * Decides if workers do their part of a step, or this thread does it, by what the steps took. What a worker gives depends on what
 * nobody tells: whether it has a core to itself, what else runs there, how fast it wakes.
 */
export class Pace {
  /** The way that is the faster one as far as is known. */
  #shares = true;
  /** The last times of that way. */
  #times: number[] = [];
  /** Those of the trial under way. */
  #trial: number[] | undefined;
  /** The time of the other way, when it was last tried. */
  #other = Number.POSITIVE_INFINITY;
  #steps = 0;
  #gap = BEFORE_FIRST;

  /** True where the next step is to be shared. */
  get shares(): boolean {
    return this.#trial ? !this.#shares : this.#shares;
  }

  /** True where sharing is the slower way, trials aside. */
  get rests(): boolean {
    return !this.#shares;
  }

  /** Learns what the step took. @returns Whether the faster way is another one now. */
  learn(time: number): boolean {
    const steps = this.#steps++;
    if (!this.#trial) {
      if (steps > 0) this.#times = [...this.#times.slice(1 - WINDOW), time];
      const slower = this.#steps >= FIRST_GAP && median(this.#times) > this.#other;
      if (this.#steps >= this.#gap || slower) this.#begin([]);
      return false;
    }
    if (steps > 0) this.#trial.push(time);
    return this.#steps >= TRIAL && this.#decide();
  }

  #begin(trial: number[] | undefined): void {
    this.#trial = trial;
    this.#steps = 0;
  }

  /** Ends a trial. */
  #decide(): boolean {
    const [own, other] = [median(this.#times), median(this.#trial!)];
    const changes = other < MARGIN * own;
    this.#gap =
      changes || this.#other === Number.POSITIVE_INFINITY ? FIRST_GAP : Math.min(2 * this.#gap, LONGEST_GAP);
    this.#other = changes ? own : other;
    if (changes) {
      this.#times = this.#trial!;
      this.#shares = !this.#shares;
    }
    this.#begin(undefined);
    return changes;
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

import type { floats as Floats, words as Words } from './layout.js';

/** The data that a thread is given. */
export interface ThreadData {
  /** From 1; 0 is the thread that asks. */
  readonly number: number;
  readonly block: SharedArrayBuffer;
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly words: typeof Words;
  readonly floats: typeof Floats;
  /** Milliseconds that it looks for work before it sleeps. */
  readonly patience: number;
}

/**
 * The work of a thread: takes parts of calls and works on them, looks for more, and sleeps. Its source is what a thread is
 * started with: it refers to nothing outside itself.
 */
export function threadMain(given: ThreadData): void {
  const { number, memory, module, words, floats, patience } = given;
  const block = new Int32Array(given.block);
  const values = new Float64Array(given.block);
  const abort = (): never => {
    throw new Error('abort');
  };
  const { exports } = new WebAssembly.Instance(module, { env: { memory, abort } });
  const functions = Object.values(exports) as ((...args: number[]) => void)[];

  const run = (part: number): void => {
    const args: number[] = [];
    const count = block[words.arguments]!;
    for (let i = 0; i < count; i++) args.push(values[floats.arguments + i]!);
    const grain = block[words.grain]!;
    const first = part * grain;
    for (let i = 0; i < block[words.moves]!; i++)
      args[block[words.moveAt + i]!]! += first * values[floats.moveBy + i]!;
    const own = values[floats.memory + number]!;
    for (let i = 0; i < block[words.owned]!; i++)
      args[block[words.ownedAt + i]!] = own + values[floats.ownedOffset + i]!;
    args[block[words.countAt]!] = Math.min(grain, block[words.units]! - first);
    functions[block[words.function]!]!(...args);
  };

  /** Takes the last part that is left. */
  const take = (): number => {
    for (;;) {
      const parts = Atomics.load(block, words.parts);
      const end = parts & 0xffff;
      if (parts >>> 16 >= end) return -1;
      if (Atomics.compareExchange(block, words.parts, parts, parts - 1) === parts) return end - 1;
    }
  };

  /** Looks for a part, and leaves the core in between to the other thread that it may have: divisions wait for one another. */
  const lookForParts = (): number => {
    const until = performance.now() + patience;
    let x = 1;
    for (let turn = 1; turn & 31 || performance.now() < until; turn++) {
      const part = take();
      if (part >= 0) return part;
      for (let i = 0; i < 16; i++) x = 1 / (x + 0.5);
    }
    // Never: it keeps the divisions from being left out.
    if (x < 0) throw new Error('negative');
    return -1;
  };

  const sleep = (): void => {
    Atomics.add(block, words.sleepers, 1);
    const parts = Atomics.load(block, words.parts);
    if (parts >>> 16 >= (parts & 0xffff) && Atomics.load(block, words.stop) === 0)
      Atomics.wait(block, words.parts, parts);
    Atomics.sub(block, words.sleepers, 1);
  };

  Atomics.add(block, words.ready, 1);
  while (Atomics.load(block, words.stop) === 0) {
    const part = lookForParts();
    if (part < 0) {
      sleep();
      continue;
    }
    try {
      run(part);
    } catch {
      Atomics.store(block, words.failed, 1);
    }
    Atomics.add(block, words.done, 1);
    if (Atomics.load(block, words.asleep) !== 0) Atomics.notify(block, words.done);
  }
}

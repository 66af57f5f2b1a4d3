import type { SideExports } from '../generated/exports.js';
import type { WasmBackend } from '../wasm-backend.js';
import { BLOCK_BYTES, floats, words } from './layout.js';
import { limits } from './limits.js';
import { maySleep, spawn, type Thread } from './spawn.js';

/** The functions that may be split: those that answer by what they write. */
export type Splittable = {
  [F in keyof SideExports]: SideExports[F] extends (...args: never[]) => void
    ? ReturnType<SideExports[F]> extends number
      ? never
      : F
    : never;
}[keyof SideExports];

/** A call that is split into parts. */
export interface SplitCall {
  readonly name: Splittable;
  /** Index of the argument that counts the units. */
  readonly countAt: number;
  readonly units: number;
  /** Units of a part. */
  readonly grain: number;
  /** Arguments that move with the first unit, each with how far for a unit. */
  readonly moves: readonly (readonly [argument: number, by: number])[];
  /** Arguments that are scratch memory of a thread's own, each with its bytes. */
  readonly own: readonly (readonly [argument: number, bytes: number])[];
}

/** Seconds without an answer after which a thread is given up. */
const LONGEST_WAIT = 60;

/** Threads that work on one heap, each with its own instance of the side module. */
export class ThreadPool {
  readonly #words = new Int32Array(new SharedArrayBuffer(BLOCK_BYTES));
  readonly #floats = new Float64Array(this.#words.buffer);
  readonly #functions: Map<string, number>;
  readonly #maySleep = maySleep();
  #threads: Thread[] = [];
  /** Bytes of each thread's own memory. */
  #ownBytes = 0;
  /** Microseconds of calls until the threads are started. */
  #untilStart = limits.start;
  #started = false;
  #ended = false;
  /** Results of the divisions between two looks: kept, so that they are not left out. */
  #rested = 1;

  /** @param helpers - Threads beside this one. */
  constructor(
    readonly helpers: number,
    private readonly module: WebAssembly.Module,
    private readonly exports: SideExports,
    private readonly backend: WasmBackend,
  ) {
    this.#functions = new Map(Object.keys(exports).map((name, index) => [name, index]));
  }

  /** Threads that are ready beside this one. */
  get ready(): number {
    return this.#ended ? 0 : Atomics.load(this.#words, words.ready);
  }

  /** True where threads are there to help with a call of so many microseconds; starts them once there was work enough. */
  helps(work: number): boolean {
    if (this.#ended) return false;
    if (!this.#started) {
      this.#untilStart -= work;
      if (this.#untilStart > 0) return false;
      this.#start();
    }
    return this.ready > 0;
  }

  #start(): void {
    this.#started = true;
    const data = { module: this.module, memory: this.backend.wasm.asm.memory, words, floats };
    for (let number = 1; number <= this.helpers && !this.#ended; number++) {
      const given = { ...data, number, block: this.#words.buffer, patience: limits.patience };
      try {
        this.#threads.push(spawn(given, (why) => this.#lose(why)));
      } catch (error) {
        this.#lose(error instanceof Error ? error.message : String(error));
      }
    }
  }

  /** Goes on on one thread, and says so once. */
  #lose(why: string): void {
    if (this.#ended) return;
    this.end();
    console.warn(`wasm-kernels: a thread was lost: ${why}. The work goes on on one thread`);
  }

  /** Runs a call in parts, some of them on other threads. */
  run(call: SplitCall, args: readonly number[]): void {
    this.#describe(call, args);
    const parts = Math.ceil(call.units / call.grain);
    const block = this.#words;
    Atomics.store(block, words.done, 0);
    Atomics.store(block, words.parts, parts);
    if (Atomics.load(block, words.sleepers) > 0) Atomics.notify(block, words.parts);
    let mine = 0;
    try {
      for (let part = this.#take(); part >= 0; part = this.#take()) {
        mine++;
        this.#runPart(call, args, part);
      }
    } finally {
      // Where a part failed here, nobody takes another one.
      const left = Atomics.exchange(block, words.parts, 0);
      this.#await(parts - mine - Math.max(0, (left & 0xffff) - (left >>> 16)));
    }
    if (Atomics.load(block, words.failed) === 0) return;
    this.#lose('a part of a call failed in it');
    throw new Error(
      `wasm-kernels: expected a thread to run a part of ${call.name}, got an error inside of it. Train with threads: 1`,
    );
  }

  /** Writes a call down where the threads read it. */
  #describe({ name, countAt, units, grain, moves, own }: SplitCall, args: readonly number[]): void {
    this.#allocate(own.reduce((sum, [, bytes]) => sum + aligned(bytes), 0));
    const [block, values] = [this.#words, this.#floats];
    block[words.function] = this.#functions.get(name)!;
    block[words.arguments] = args.length;
    block[words.countAt] = countAt;
    block[words.units] = units;
    block[words.grain] = grain;
    block[words.moves] = moves.length;
    block[words.owned] = own.length;
    for (let i = 0; i < args.length; i++) values[floats.arguments + i] = args[i]!;
    for (let i = 0; i < moves.length; i++) {
      block[words.moveAt + i] = moves[i]![0];
      values[floats.moveBy + i] = moves[i]![1];
    }
    for (let i = 0, offset = 0; i < own.length; i++) {
      block[words.ownedAt + i] = own[i]![0];
      values[floats.ownedOffset + i] = offset;
      offset += aligned(own[i]![1]);
    }
  }

  /** Gives each thread so many bytes of its own. */
  #allocate(bytes: number): void {
    if (bytes <= this.#ownBytes) return;
    const { wasm } = this.backend;
    for (let number = 1; number <= this.helpers; number++) {
      const at = floats.memory + number;
      if (this.#ownBytes > 0) wasm._free(this.#floats[at]!);
      this.#floats[at] = wasm._malloc(bytes) >>> 0;
      if (this.#floats[at] === 0)
        throw new Error(`wasm-kernels: expected ${bytes} bytes of heap for a thread, got none: it is full`);
    }
    this.#ownBytes = bytes;
  }

  /** Takes the first part that is left; −1 where none is. */
  #take(): number {
    for (;;) {
      const parts = Atomics.load(this.#words, words.parts);
      const first = parts >>> 16;
      if (first >= (parts & 0xffff)) return -1;
      if (Atomics.compareExchange(this.#words, words.parts, parts, parts + 0x10000) === parts) return first;
    }
  }

  #runPart({ name, countAt, units, grain, moves }: SplitCall, args: readonly number[], part: number): void {
    const mine = [...args];
    const first = part * grain;
    for (const [argument, by] of moves) mine[argument]! += first * by;
    mine[countAt] = Math.min(grain, units - first);
    (this.exports[name] as (...args: number[]) => void)(...mine);
  }

  /** Waits until other threads have done so many parts. */
  #await(parts: number): void {
    const block = this.#words;
    for (let turn = 0; turn < limits.spins || !this.#maySleep; turn++) {
      if (Atomics.load(block, words.done) >= parts) return;
      this.#rested = rest(this.#rested);
    }
    Atomics.store(block, words.asleep, 1);
    for (let second = 0; ; second++) {
      const done = Atomics.load(block, words.done);
      if (done >= parts) break;
      if (second > LONGEST_WAIT + parts) this.#giveUp();
      if (Atomics.wait(block, words.done, done, 1000) !== 'timed-out') second--;
    }
    Atomics.store(block, words.asleep, 0);
  }

  #giveUp(): never {
    this.#lose(`it has not answered for ${LONGEST_WAIT} seconds`);
    throw new Error(
      `wasm-kernels: expected a thread to answer within ${LONGEST_WAIT} seconds, got nothing. Train with threads: 1`,
    );
  }

  /** Ends the threads: calls run on this one from now on. */
  end(): void {
    this.#ended = true;
    Atomics.store(this.#words, words.stop, 1);
    Atomics.notify(this.#words, words.parts);
    for (const thread of this.#threads) thread.terminate();
    this.#threads = [];
  }
}

/**
 * Does next to nothing for some hundred cycles: divisions that wait for one another. A thread that looks for something to change
 * leaves the core to the other thread that the core may have.
 */
function rest(x: number): number {
  for (let i = 0; i < 8; i++) x = 1 / (x + 0.5);
  return x;
}

const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64;

import type { Distribution } from './random.js';

/** Names numbers: a tensor's place in its vector, the step, the number of the draw within it. */
export interface Place {
  readonly seed: number;
  readonly step: number;
  readonly index: number;
  readonly tensor: number;
}

/** Rounds of the generator. */
const ROUNDS = 10;

/**
 * Philox4x32-10: four words that depend on a counter of four words and a key of two, and on nothing else.
 *
 * @param words - The counter going in, the random words coming out.
 * @see Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3"
 */
export function philox(words: Uint32Array, key0: number, key1: number): void {
  let a = words[0]! | 0;
  let b = words[1]! | 0;
  let c = words[2]! | 0;
  let d = words[3]! | 0;
  let k = key0 | 0;
  let l = key1 | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const first = high(0xd251, 0x1f53, a);
    const second = high(0xcd9e, 0x8d57, c);
    const low = Math.imul(0xd2511f53, a);
    const other = Math.imul(0xcd9e8d57, c);
    a = second ^ b ^ k;
    b = other;
    c = first ^ d ^ l;
    d = low;
    k = (k + 0x9e3779b9) | 0;
    l = (l + 0xbb67ae85) | 0;
  }
  words[0] = a;
  words[1] = b;
  words[2] = c;
  words[3] = d;
}

/** The upper 32 bits of the product of a word, given by its halves, and another. */
function high(x1: number, x0: number, y: number): number {
  const y0 = y & 0xffff;
  const y1 = y >>> 16;
  const middle = Math.imul(x1, y0) >>> 0;
  const carried = middle + (Math.imul(x0, y0) >>> 16);
  const rest = (carried & 0xffff) + (Math.imul(x0, y1) >>> 0);
  return (Math.imul(x1, y1) + (carried >>> 16) + (rest >>> 16)) | 0;
}

/** Numbers of four blocks of words: entry 4 j + l is made of word j of block l. */
const GROUP = 16;

/**
 * Fills `values` with the numbers of a place. Every operation rounds to float32, and none is a library's, so that the `SamDraw`
 * kernel of `@tfjs-sam/wasm-kernels` gives the same bits.
 */
export function fillPhilox(values: Float32Array, distribution: Distribution, place: Place): void {
  const { seed, step, index, tensor } = place;
  const [key0, key1] = [seed | 0, Math.floor(seed / 0x100000000) | 0];
  const words = new Uint32Array(4);
  const made = new Float32Array(4);
  const convert = converters[distribution];
  for (let start = 0; start < values.length; start += GROUP) {
    for (let lane = 0; lane < 4; lane++) {
      words[0] = start / 4 + lane;
      words[1] = tensor;
      words[2] = step;
      words[3] = index;
      philox(words, key0, key1);
      convert(words, made);
      // Entries past the end are dropped.
      for (let j = 0; j < 4; j++) values[start + 4 * j + lane] = made[j]!;
    }
  }
}

type Converter = (words: Uint32Array, out: Float32Array) => void;

const converters: Readonly<Record<Distribution, Converter>> = {
  gaussian: (words, out) => {
    normals(words, out, 0);
    normals(words, out, 2);
  },
  rademacher: (words, out) => {
    for (let j = 0; j < 4; j++) out[j] = words[j]! >= 0x80000000 ? 1 : -1;
  },
  uniform: (words, out) => {
    // 24 bits, so that rounding to float32 never gives 1.
    for (let j = 0; j < 4; j++) out[j] = (words[j]! >>> 8) / 0x1000000;
  },
};

const float = Math.fround;
const bits = new Int32Array(1);
const asFloat = new Float32Array(bits.buffer);
/** The bits of √½: a number is 2ᵉ times one in [√½, √2). */
const ROOT_HALF = 0x3f3504f3;
/** π/4 over 2³¹. */
const ANGLE = float(Math.PI / 4 / 0x80000000);

/** p x + c, rounded twice. */
const term = (p: number, x: number, c: number): number => float(float(p * x) + float(c));

/** Box and Muller's transform: two normals from two words. The polynomials are those of the Cephes library. */
function normals(words: Uint32Array, out: Float32Array, at: number): void {
  const second = words[at + 1]!;
  const radius = float(Math.sqrt(float(-2 * logOf((2 * (words[at]! >>> 9) + 1) / 0x1000000))));
  const angle = float(float(second << 2) * ANGLE);
  const z = float(angle * angle);
  const s = term(term(float(-1.9515295891e-4), z, 8.3321608736e-3), z, -1.6666654611e-1);
  const sine = float(float(float(s * z) * angle) + angle);
  const c = term(term(float(2.443315711809948e-5), z, -1.388731625493765e-3), z, 4.166664568298827e-2);
  const cosine = float(float(float(float(c * z) * z) - float(0.5 * z)) + 1);
  const quadrant = second >>> 30;
  const isSwapped = (quadrant & 1) === 1;
  const x = isSwapped ? sine : cosine;
  const y = isSwapped ? cosine : sine;
  out[at] = float(radius * ((quadrant + 1) & 2 ? -x : x));
  out[at + 1] = float(radius * (quadrant & 2 ? -y : y));
}

/** log u of a normal float32 number. */
function logOf(u: number): number {
  asFloat[0] = u;
  const offset = (bits[0]! - ROOT_HALF) | 0;
  const exponent = offset >> 23;
  bits[0] = (offset & 0x7fffff) + ROOT_HALF;
  const f = float(asFloat[0]! - 1);
  let p = float(7.0376836292e-2);
  p = term(p, f, -1.151461031e-1);
  p = term(p, f, 1.167699874e-1);
  p = term(p, f, -1.2420140846e-1);
  p = term(p, f, 1.4249322787e-1);
  p = term(p, f, -1.6668057665e-1);
  p = term(p, f, 2.0000714765e-1);
  p = term(p, f, -2.4999993993e-1);
  p = term(p, f, 3.3333331174e-1);
  const z = float(f * f);
  let rest = float(float(p * z) * f);
  rest = float(rest + float(exponent * float(-2.1219444e-4)));
  rest = float(rest - float(0.5 * z));
  return float(float(f + rest) + float(exponent * float(0.693359375)));
}

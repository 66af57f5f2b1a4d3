// Random numbers on addresses in the heap of TensorFlow.js's own wasm module.
// Every operation is that of core's algebra/philox.ts, in the same order and precision, four counters at once.

const ROUNDS = 10;
/** Bytes of a block, which stays in the cache. */
const BYTES: usize = 2048;
/** The bits of √½. */
const ROOT_HALF = 0x3f3504f3;

/** c p + k of every lane, rounded twice. */
function term(p: v128, x: v128, k: f32): v128 {
  return f32x4.add(f32x4.mul(p, x), f32x4.splat(k));
}

/** log u of normal numbers. */
function logOf(u: v128): v128 {
  const offset = i32x4.sub(u, i32x4.splat(ROOT_HALF));
  const exponent = f32x4.convert_i32x4_s(i32x4.shr_s(offset, 23));
  const m = i32x4.add(v128.and(offset, i32x4.splat(0x7fffff)), i32x4.splat(ROOT_HALF));
  const f = f32x4.sub(m, f32x4.splat(1));
  const z = f32x4.mul(f, f);
  let p = f32x4.splat(7.0376836292e-2);
  p = term(p, f, -1.151461031e-1);
  p = term(p, f, 1.167699874e-1);
  p = term(p, f, -1.2420140846e-1);
  p = term(p, f, 1.4249322787e-1);
  p = term(p, f, -1.6668057665e-1);
  p = term(p, f, 2.0000714765e-1);
  p = term(p, f, -2.4999993993e-1);
  p = term(p, f, 3.3333331174e-1);
  let rest = f32x4.mul(f32x4.mul(p, z), f);
  rest = f32x4.add(rest, f32x4.mul(exponent, f32x4.splat(-2.1219444e-4)));
  rest = f32x4.sub(rest, f32x4.mul(f32x4.splat(0.5), z));
  return f32x4.add(f32x4.add(f, rest), f32x4.mul(exponent, f32x4.splat(0.693359375)));
}

/** The distance from the origin of a pair of normals. */
function radius(word: v128): v128 {
  const odd = i32x4.add(i32x4.shl(i32x4.shr_u(word, 9), 1), i32x4.splat(1));
  const u = f32x4.mul(f32x4.convert_i32x4_s(odd), f32x4.splat(1.0 / 16777216));
  return f32x4.sqrt(f32x4.mul(f32x4.splat(-2), logOf(u)));
}

/** The sign bit where a bit of the quadrant says so. */
function sign(quadrant: v128): v128 {
  return i32x4.shl(v128.and(quadrant, i32x4.splat(2)), 30);
}

/** Turns eight words of a block, two of each pair, into eight normals. */
function normals(at: usize): void {
  const second = v128.load(at, 16);
  const length = radius(v128.load(at));
  const angle = f32x4.mul(
    f32x4.convert_i32x4_s(i32x4.shl(second, 2)),
    f32x4.splat(Mathf.PI / 4 / 2147483648),
  );
  const square = f32x4.mul(angle, angle);
  let s = f32x4.splat(-1.9515295891e-4);
  s = term(s, square, 8.3321608736e-3);
  s = term(s, square, -1.6666654611e-1);
  const sine = f32x4.add(f32x4.mul(f32x4.mul(s, square), angle), angle);
  let c = f32x4.splat(2.443315711809948e-5);
  c = term(c, square, -1.388731625493765e-3);
  c = term(c, square, 4.166664568298827e-2);
  const cosine = f32x4.add(
    f32x4.sub(f32x4.mul(f32x4.mul(c, square), square), f32x4.mul(f32x4.splat(0.5), square)),
    f32x4.splat(1),
  );
  const quadrant = i32x4.shr_u(second, 30);
  const swapped = i32x4.ne(v128.and(quadrant, i32x4.splat(1)), i32x4.splat(0));
  const x = v128.bitselect(sine, cosine, swapped);
  const y = v128.bitselect(cosine, sine, swapped);
  v128.store(at, f32x4.mul(length, v128.xor(x, sign(i32x4.add(quadrant, i32x4.splat(1))))));
  v128.store(at, f32x4.mul(length, v128.xor(y, sign(quadrant))), 16);
}

/** Writes the words of the counters from `first` on, `bytes` of them, a multiple of 64: Philox4x32-10. */
function words(
  out: usize,
  bytes: usize,
  first: i32,
  tensor: i32,
  step: i32,
  index: i32,
  key0: i32,
  key1: i32,
): void {
  const multiplier0 = i32x4.splat(0xd2511f53);
  const multiplier1 = i32x4.splat(0xcd9e8d57);
  let counter = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3));
  for (let o: usize = 0; o < bytes; o += 64) {
    let a = counter;
    let b = i32x4.splat(tensor);
    let c = i32x4.splat(step);
    let d = i32x4.splat(index);
    let k = i32x4.splat(key0);
    let l = i32x4.splat(key1);
    for (let round = 0; round < ROUNDS; round++) {
      // Products of two words: lower and upper words in turn.
      const p = i64x2.extmul_low_i32x4_u(a, multiplier0);
      const q = i64x2.extmul_high_i32x4_u(a, multiplier0);
      const r = i64x2.extmul_low_i32x4_u(c, multiplier1);
      const s = i64x2.extmul_high_i32x4_u(c, multiplier1);
      const upper = v128.shuffle<i32>(p, q, 1, 3, 5, 7);
      const second = v128.shuffle<i32>(r, s, 1, 3, 5, 7);
      const low = v128.shuffle<i32>(p, q, 0, 2, 4, 6);
      const other = v128.shuffle<i32>(r, s, 0, 2, 4, 6);
      a = v128.xor(v128.xor(second, b), k);
      c = v128.xor(v128.xor(upper, d), l);
      b = other;
      d = low;
      k = i32x4.add(k, i32x4.splat(0x9e3779b9));
      l = i32x4.add(l, i32x4.splat(0xbb67ae85));
    }
    v128.store(out + o, a);
    v128.store(out + o, b, 16);
    v128.store(out + o, c, 32);
    v128.store(out + o, d, 48);
    counter = i32x4.add(counter, i32x4.splat(4));
  }
}

/**
 * Fills `bytes`, a multiple of 64 and no more than stay in the cache, with the numbers of the counters from `first` on:
 * kind 0 is normal, 1 signs, 2 uniform. Words first, numbers then: short loops, several of whose turns the processor works on
 * at once.
 */
export function drawBlock(
  out: usize,
  bytes: usize,
  kind: i32,
  first: i32,
  tensor: i32,
  step: i32,
  index: i32,
  key0: i32,
  key1: i32,
): void {
  words(out, bytes, first, tensor, step, index, key0, key1);
  if (kind < 1) for (let o: usize = 0; o < bytes; o += 32) normals(out + o);
  else if (kind < 2) {
    const one = f32x4.splat(1);
    for (let o: usize = 0; o < bytes; o += 16) {
      const v = v128.load(out + o);
      v128.store(out + o, v128.xor(one, v128.andnot(i32x4.splat(i32.MIN_VALUE), v)));
    }
  } else {
    for (let o: usize = 0; o < bytes; o += 16) {
      const v = f32x4.convert_i32x4_s(i32x4.shr_u(v128.load(out + o), 8));
      v128.store(out + o, f32x4.mul(v, f32x4.splat(1.0 / 16777216)));
    }
  }
}

/** Fills n floats. `spare`: 64 bytes, for what is left at the end. Counter and key are those of Philox4x32-10. */
export function draw(
  out: usize,
  n: i32,
  spare: usize,
  kind: i32,
  tensor: i32,
  step: i32,
  index: i32,
  key0: i32,
  key1: i32,
): void {
  let o: usize = 0;
  const whole = ((n & ~15) as usize) << 2;
  while (o < whole) {
    const bytes = min<usize>(whole - o, BYTES);
    drawBlock(out + o, bytes, kind, (o >> 4) as i32, tensor, step, index, key0, key1);
    o += bytes;
  }
  const left = ((n & 15) as usize) << 2;
  if (left < 1) return;
  drawBlock(spare, 64, kind, (o >> 4) as i32, tensor, step, index, key0, key1);
  memory.copy(out + o, spare, left);
}

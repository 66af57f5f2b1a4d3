// Random numbers on addresses in the heap of TensorFlow.js's own wasm module.
// Every operation is that of core's algebra/philox.ts, in the same order and precision, four counters at once.

const ROUNDS = 10;
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

/** Stores the lanes that are left of `n`. */
function put(out: usize, i: i32, n: i32, v: v128): void {
  if (i + 4 <= n) {
    v128.store(out + (i as usize) * 4, v);
    return;
  }
  if (i < n) v128.store32_lane(out + (i as usize) * 4, v, 0);
  if (i + 1 < n) v128.store32_lane(out + (i as usize) * 4, v, 1, 4);
  if (i + 2 < n) v128.store32_lane(out + (i as usize) * 4, v, 2, 8);
}

/** Two vectors of normals from two of words. */
function putNormals(out: usize, i: i32, n: i32, first: v128, second: v128): void {
  const length = radius(first);
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
  put(out, i, n, f32x4.mul(length, v128.xor(x, sign(i32x4.add(quadrant, i32x4.splat(1))))));
  put(out, i + 4, n, f32x4.mul(length, v128.xor(y, sign(quadrant))));
}

/** Signs or uniforms of words. */
function putSimple(out: usize, i: i32, n: i32, word: v128, signs: bool): void {
  const one = f32x4.splat(1);
  const v = signs
    ? v128.xor(one, v128.andnot(i32x4.splat(i32.MIN_VALUE), word))
    : f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(word, 8)), f32x4.splat(1.0 / 16777216));
  put(out, i, n, v);
}

/** Fills n floats: kind 0 is normal, 1 signs, 2 uniform. Counter and key are those of Philox4x32-10. */
export function draw(
  out: usize,
  n: i32,
  kind: i32,
  tensor: i32,
  step: i32,
  index: i32,
  key0: i32,
  key1: i32,
): void {
  const multiplier0 = i32x4.splat(0xd2511f53);
  const multiplier1 = i32x4.splat(0xcd9e8d57);
  for (let i = 0; i < n; i += 16) {
    let a = i32x4.add(i32x4.splat(i / 4), i32x4(0, 1, 2, 3));
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
      const first = v128.shuffle<i32>(p, q, 1, 3, 5, 7);
      const second = v128.shuffle<i32>(r, s, 1, 3, 5, 7);
      const low = v128.shuffle<i32>(p, q, 0, 2, 4, 6);
      const other = v128.shuffle<i32>(r, s, 0, 2, 4, 6);
      a = v128.xor(v128.xor(second, b), k);
      c = v128.xor(v128.xor(first, d), l);
      b = other;
      d = low;
      k = i32x4.add(k, i32x4.splat(0x9e3779b9));
      l = i32x4.add(l, i32x4.splat(0xbb67ae85));
    }
    if (kind < 1) {
      putNormals(out, i, n, a, b);
      putNormals(out, i + 8, n, c, d);
    } else {
      const signs = kind < 2;
      putSimple(out, i, n, a, signs);
      putSimple(out, i + 4, n, b, signs);
      putSimple(out, i + 8, n, c, signs);
      putSimple(out, i + 12, n, d, signs);
    }
  }
}

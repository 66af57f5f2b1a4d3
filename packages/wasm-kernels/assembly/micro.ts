// The innermost loops of every product: one tile of C, held in registers while k runs. Twelve sums hide the latency of
// the additions; with eight they are only just hidden. The tile of four rows is for the last rows of a matrix.
//
// V8 keeps the sums in registers only while the loop is this plain. Measured, and slower or no faster: two steps of k at a
// time, a loop over panels around it, one test of `add` instead of six (all make V8 spill), b read in place.

/** Rows of a tall and of a low tile. */
export const TALL: usize = 6;
export const LOW: usize = 4;
/** Columns of a tile. */
export const NR: usize = 8;

/** a·b + c: fused in the relaxed-SIMD build, rounded twice in the plain one. */
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(c, f32x4.mul(a, b));
}

function storeRow(c: usize, left: v128, right: v128, add: bool): void {
  if (add) {
    v128.store(c, f32x4.add(left, v128.load(c)));
    v128.store(c, f32x4.add(right, v128.load(c, 16)), 16);
  } else {
    v128.store(c, left);
    v128.store(c, right, 16);
  }
}

/** c[6, 8] (+)= Σₖ a[k][6] ⊗ b[k][8] over packed panels a and b; `ldc` is the row stride of c in bytes. */
export function tall(k: usize, a: usize, b: usize, c: usize, ldc: usize, add: bool): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let c40 = c00;
  let c41 = c00;
  let c50 = c00;
  let c51 = c00;
  const end = b + k * NR * 4;
  while (b < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load_splat<f32>(a);
    c00 = madd(a0, b0, c00);
    c01 = madd(a0, b1, c01);
    const a1 = v128.load_splat<f32>(a, 4);
    c10 = madd(a1, b0, c10);
    c11 = madd(a1, b1, c11);
    const a2 = v128.load_splat<f32>(a, 8);
    c20 = madd(a2, b0, c20);
    c21 = madd(a2, b1, c21);
    const a3 = v128.load_splat<f32>(a, 12);
    c30 = madd(a3, b0, c30);
    c31 = madd(a3, b1, c31);
    const a4 = v128.load_splat<f32>(a, 16);
    c40 = madd(a4, b0, c40);
    c41 = madd(a4, b1, c41);
    const a5 = v128.load_splat<f32>(a, 20);
    c50 = madd(a5, b0, c50);
    c51 = madd(a5, b1, c51);
    a += TALL * 4;
    b += NR * 4;
  }
  storeRow(c, c00, c01, add);
  storeRow(c + ldc, c10, c11, add);
  storeRow(c + 2 * ldc, c20, c21, add);
  storeRow(c + 3 * ldc, c30, c31, add);
  storeRow(c + 4 * ldc, c40, c41, add);
  storeRow(c + 5 * ldc, c50, c51, add);
}

/**
 * The same for a tile of four rows. Written out again: one function with the rows as an argument is not inlined, and a
 * third slower.
 */
export function low(k: usize, a: usize, b: usize, c: usize, ldc: usize, add: bool): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  const end = b + k * NR * 4;
  while (b < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load_splat<f32>(a);
    c00 = madd(a0, b0, c00);
    c01 = madd(a0, b1, c01);
    const a1 = v128.load_splat<f32>(a, 4);
    c10 = madd(a1, b0, c10);
    c11 = madd(a1, b1, c11);
    const a2 = v128.load_splat<f32>(a, 8);
    c20 = madd(a2, b0, c20);
    c21 = madd(a2, b1, c21);
    const a3 = v128.load_splat<f32>(a, 12);
    c30 = madd(a3, b0, c30);
    c31 = madd(a3, b1, c31);
    a += LOW * 4;
    b += NR * 4;
  }
  storeRow(c, c00, c01, add);
  storeRow(c + ldc, c10, c11, add);
  storeRow(c + 2 * ldc, c20, c21, add);
  storeRow(c + 3 * ldc, c30, c31, add);
}

// One row times a matrix, whose rows are read where they are: to pack them would take longer than the product.
import { madd } from './micro';
import { axpy } from './vector';

/** c[n] += a[4] · B[4, n], n a multiple of four. */
function addFour(n: usize, a: usize, csA: usize, b: usize, rsB: usize, c: usize): void {
  const a0 = v128.load_splat<f32>(a);
  const a1 = v128.load_splat<f32>(a + csA);
  const a2 = v128.load_splat<f32>(a + 2 * csA);
  const a3 = v128.load_splat<f32>(a + 3 * csA);
  const end = c + n * 4;
  while (c < end) {
    const even = madd(a2, v128.load(b + 2 * rsB), f32x4.mul(a0, v128.load(b)));
    const odd = madd(a3, v128.load(b + 3 * rsB), f32x4.mul(a1, v128.load(b + rsB)));
    v128.store(c, f32x4.add(v128.load(c), f32x4.add(even, odd)));
    b += 16;
    c += 16;
  }
}

/** c[n] = a[k] · B[k, n], or with `add` c + a · B, n a multiple of four. The rows of B are contiguous, rsB bytes apart. */
export function rowTimesMatrix(
  n: usize,
  k: usize,
  a: usize,
  csA: usize,
  b: usize,
  rsB: usize,
  c: usize,
  add: bool,
): void {
  if (!add) memory.fill(c, 0, n * 4);
  let p: usize = 0;
  for (; p + 4 <= k; p += 4) addFour(n, a + p * csA, csA, b + p * rsB, rsB, c);
  for (; p < k; p++) axpy(load<f32>(a + p * csA), b + p * rsB, c, c, n);
}

/** Real and imaginary parts of complex numbers, in float64. */
interface Numbers {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

const numbers = (length: number): Numbers => ({ re: new Float64Array(length), im: new Float64Array(length) });

/** Exchanges the elements whose indices have mirrored bits. */
function mirrorBits({ re, im }: Numbers): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    [re[i], re[j]] = [re[j]!, re[i]!];
    [im[i], im[j]] = [im[j]!, im[i]!];
  }
}

/** Σⱼ xⱼ e^{∓2πijk/n} in place, for n a power of 2 (Cooley and Tukey 1965). */
function transformPowerOfTwo(x: Numbers, sign: 1 | -1): void {
  const { re, im } = x;
  const n = re.length;
  mirrorBits(x);
  for (let half = 1; half < n; half *= 2) {
    for (let k = 0; k < half; k++) {
      const angle = (sign * Math.PI * k) / half;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      for (let i = k; i < n; i += 2 * half) {
        const j = i + half;
        const [r, t] = [re[j]! * c - im[j]! * s, re[j]! * s + im[j]! * c];
        re[j] = re[i]! - r;
        im[j] = im[i]! - t;
        re[i]! += r;
        im[i]! += t;
      }
    }
  }
}

/** x ∘ y in place. */
function multiply(x: Numbers, y: Numbers): void {
  for (let i = 0; i < x.re.length; i++) {
    const [a, b] = [x.re[i]!, x.im[i]!];
    x.re[i] = a * y.re[i]! - b * y.im[i]!;
    x.im[i] = a * y.im[i]! + b * y.re[i]!;
  }
}

/** The same for any n, as a convolution with a chirp e^{±πij²/n} (Bluestein 1970). */
function transformAny(x: Numbers, sign: 1 | -1): void {
  const n = x.re.length;
  let length = 1;
  while (length < 2 * n - 1) length *= 2;
  const chirp = numbers(n);
  for (let j = 0; j < n; j++) {
    // j² modulo 2n: the angle stays small and exact.
    const angle = (sign * Math.PI * ((j * j) % (2 * n))) / n;
    chirp.re[j] = Math.cos(angle);
    chirp.im[j] = Math.sin(angle);
  }
  const [a, b] = [numbers(length), numbers(length)];
  multiply(x, chirp);
  a.re.set(x.re);
  a.im.set(x.im);
  for (let j = 0; j < n; j++) {
    const back = (length - j) % length;
    b.re[j] = b.re[back] = chirp.re[j]!;
    b.im[j] = b.im[back] = -chirp.im[j]!;
  }
  transformPowerOfTwo(a, -1);
  transformPowerOfTwo(b, -1);
  multiply(a, b);
  transformPowerOfTwo(a, 1);
  for (let j = 0; j < n; j++) {
    x.re[j] = a.re[j]! / length;
    x.im[j] = a.im[j]! / length;
  }
  multiply(x, chirp);
}

/**
 * The discrete Fourier transform of each row of complex numbers, Σⱼ xⱼ e^{−2πijk/n}, or its inverse, with + and divided
 * by n. In time n log n, computed in float64.
 *
 * @param from - Rows of n complex numbers, real and imaginary parts in turn. @param to - Where the answer goes.
 */
export function transformRows(from: Float32Array, to: Float32Array, n: number, inverse: boolean): void {
  const row = numbers(n);
  const sign = inverse ? 1 : -1;
  const transform = (n & (n - 1)) === 0 ? transformPowerOfTwo : transformAny;
  const scale = inverse ? 1 / n : 1;
  for (let start = 0; start < from.length; start += 2 * n) {
    for (let i = 0; i < n; i++) {
      row.re[i] = from[start + 2 * i]!;
      row.im[i] = from[start + 2 * i + 1]!;
    }
    transform(row, sign);
    for (let i = 0; i < n; i++) {
      to[start + 2 * i] = row.re[i]! * scale;
      to[start + 2 * i + 1] = row.im[i]! * scale;
    }
  }
}

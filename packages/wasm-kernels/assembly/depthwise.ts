// The depthwise convolution (NHWC) and its gradients. Filter [kh, kw, C, M], output [N, outH, outW, C·M].
import { madd } from './micro';

/** The first tap that lies inside of an axis, of a window that begins at `from`. */
function firstTap(from: i32, step: i32): i32 {
  return from >= 0 ? 0 : (step - 1 - from) / step;
}

/** The taps of a window up to the end of an axis. */
function tapsUntil(from: i32, step: i32, length: i32, taps: i32): i32 {
  return from >= length ? 0 : min(taps, (length - from + step - 1) / step);
}

/**
 * One output pixel: Σ over the taps of x ∘ filter, of which each row has `columns`. Strides in bytes: `xRow` and `xColumn` from tap to
 * tap of x, `fRow` of the filter.
 */
function convolvePixel(
  x: usize,
  filter: usize,
  out: usize,
  channels: usize,
  rows: i32,
  columns: i32,
  xRow: usize,
  xColumn: usize,
  fRow: usize,
): void {
  const pixel = channels * 4;
  let c: usize = 0;
  for (; c + 64 <= pixel; c += 64) {
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (let i = 0; i < rows; i++) {
      let p = x + (i as usize) * xRow + c;
      let f = filter + (i as usize) * fRow + c;
      for (let j = 0; j < columns; j++) {
        s0 = madd(v128.load(p), v128.load(f), s0);
        s1 = madd(v128.load(p, 16), v128.load(f, 16), s1);
        s2 = madd(v128.load(p, 32), v128.load(f, 32), s2);
        s3 = madd(v128.load(p, 48), v128.load(f, 48), s3);
        p += xColumn;
        f += pixel;
      }
    }
    v128.store(out + c, s0);
    v128.store(out + c, s1, 16);
    v128.store(out + c, s2, 32);
    v128.store(out + c, s3, 48);
  }
  if (c + 32 <= pixel) {
    let s0 = f32x4.splat(0);
    let s1 = s0;
    for (let i = 0; i < rows; i++) {
      let p = x + (i as usize) * xRow + c;
      let f = filter + (i as usize) * fRow + c;
      for (let j = 0; j < columns; j++) {
        s0 = madd(v128.load(p), v128.load(f), s0);
        s1 = madd(v128.load(p, 16), v128.load(f, 16), s1);
        p += xColumn;
        f += pixel;
      }
    }
    v128.store(out + c, s0);
    v128.store(out + c, s1, 16);
    c += 32;
  }
  while (c < pixel) {
    // The last four once more where fewer are left: the same sums.
    c = min(c, pixel - 16);
    let s0 = f32x4.splat(0);
    for (let i = 0; i < rows; i++) {
      let p = x + (i as usize) * xRow + c;
      let f = filter + (i as usize) * fRow + c;
      for (let j = 0; j < columns; j++) {
        s0 = madd(v128.load(p), v128.load(f), s0);
        p += xColumn;
        f += pixel;
      }
    }
    v128.store(out + c, s0);
    c += 16;
  }
}

/** The convolution with one filter for each of at least four channels: M = 1. */
export function depthwiseForward(
  x: usize,
  filter: usize,
  out: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: usize,
  outHeight: i32,
  outWidth: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  dh: i32,
  dw: i32,
  top: i32,
  left: i32,
): void {
  const pixel = channels * 4;
  const line = (width as usize) * pixel;
  for (let n = 0; n < batch; n++) {
    for (let row = 0; row < outHeight; row++) {
      const h = row * sh - top;
      const i = firstTap(h, dh);
      const rows = tapsUntil(h, dh, height, kh) - i;
      for (let column = 0; column < outWidth; column++) {
        const w = column * sw - left;
        const j = firstTap(w, dw);
        convolvePixel(
          x + ((h + i * dh) as usize) * line + ((w + j * dw) as usize) * pixel,
          filter + ((i * kw + j) as usize) * pixel,
          out,
          channels,
          rows,
          tapsUntil(w, dw, width, kw) - j,
          (dh as usize) * line,
          (dw as usize) * pixel,
          (kw as usize) * pixel,
        );
        out += pixel;
      }
    }
    x += (height as usize) * line;
  }
}

/** q[c] += Σₘ g[c·M + m] · f[c·M + m]. */
function addTap(q: usize, g: usize, f: usize, channels: usize, multiplier: usize): void {
  let c: usize = 0;
  if (multiplier === 1) {
    for (; c + 4 <= channels; c += 4) {
      const o = c * 4;
      v128.store(q + o, f32x4.add(v128.load(q + o), f32x4.mul(v128.load(g + o), v128.load(f + o))));
    }
  }
  for (; c < channels; c++) {
    let sum = load<f32>(q + c * 4);
    for (let m: usize = 0; m < multiplier; m++) {
      const o = (c * multiplier + m) * 4;
      sum += load<f32>(g + o) * load<f32>(f + o);
    }
    store<f32>(q + c * 4, sum);
  }
}

export function depthwiseInputGradient(
  dy: usize,
  filter: usize,
  dx: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: usize,
  multiplier: usize,
  outHeight: i32,
  outWidth: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  dh: i32,
  dw: i32,
  top: i32,
  left: i32,
): void {
  const pixel = channels * multiplier * 4;
  memory.fill(dx, 0, ((batch * height * width) as usize) * channels * 4);
  for (let n = 0; n < batch; n++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        for (let i = 0; i < kh; i++) {
          const h = row * sh - top + i * dh;
          if ((h as u32) >= (height as u32)) continue;
          for (let j = 0; j < kw; j++) {
            const w = column * sw - left + j * dw;
            if ((w as u32) >= (width as u32)) continue;
            const q = dx + (((n * height + h) * width + w) as usize) * channels * 4;
            addTap(q, dy, filter + ((i * kw + j) as usize) * pixel, channels, multiplier);
          }
        }
        dy += pixel;
      }
    }
  }
}

/** d[c·M + m] += x[c] · g[c·M + m]. */
function addOuter(d: usize, x: usize, g: usize, channels: usize, multiplier: usize): void {
  let c: usize = 0;
  if (multiplier === 1) {
    for (; c + 4 <= channels; c += 4) {
      const o = c * 4;
      v128.store(d + o, f32x4.add(v128.load(d + o), f32x4.mul(v128.load(x + o), v128.load(g + o))));
    }
  }
  for (; c < channels; c++) {
    const v = load<f32>(x + c * 4);
    for (let m: usize = 0; m < multiplier; m++) {
      const o = (c * multiplier + m) * 4;
      store<f32>(d + o, load<f32>(d + o) + v * load<f32>(g + o));
    }
  }
}

export function depthwiseFilterGradient(
  x: usize,
  dy: usize,
  df: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: usize,
  multiplier: usize,
  outHeight: i32,
  outWidth: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  dh: i32,
  dw: i32,
  top: i32,
  left: i32,
): void {
  const pixel = channels * multiplier * 4;
  memory.fill(df, 0, ((kh * kw) as usize) * pixel);
  for (let n = 0; n < batch; n++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        for (let i = 0; i < kh; i++) {
          const h = row * sh - top + i * dh;
          if ((h as u32) >= (height as u32)) continue;
          for (let j = 0; j < kw; j++) {
            const w = column * sw - left + j * dw;
            if ((w as u32) >= (width as u32)) continue;
            const p = x + (((n * height + h) * width + w) as usize) * channels * 4;
            addOuter(df + ((i * kw + j) as usize) * pixel, p, dy, channels, multiplier);
          }
        }
        dy += pixel;
      }
    }
  }
}

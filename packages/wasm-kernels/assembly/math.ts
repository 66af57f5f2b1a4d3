// Functions of many numbers at once: logistic function, its piecewise linear likeness, hyperbolic tangent, exponential. Results are
// within a few units in the last place.
import { madd } from './micro';

/** 1/(1 + e⁻ˣ). */
export const LOGISTIC: i32 = 0;
/** min(max(x/5 + 1/2, 0), 1). */
export const HARD: i32 = 1;
/** tanh x. */
export const TANH: i32 = 2;

/** eˣ. */
export const EXP: i32 = 3;

/** Four floats at p, or with `one` a single one and zeros: the end of a row. */
export function read(p: usize, one: bool): v128 {
  return one ? v128.load32_zero(p) : v128.load(p);
}

/** Stores what `read` read. */
export function write(p: usize, v: v128, one: bool): void {
  if (one) v128.store32_lane(p, v, 0);
  else v128.store(p, v);
}

/** 1.5·2²³: added to a small number and taken away again it leaves the nearest whole one. */
const WHOLE: f32 = 12582912;

/** eˣ, from 2ⁿ·eʳ with |r| ≤ ln 2 / 2 and a polynomial of eʳ; 0 below −87, and beyond 88 what it is there. */
export function exp4(x: v128): v128 {
  // The first operand stays where it is NaN; V8 has one instruction for these, and several for min and max.
  const bounded = f32x4.pmax(f32x4.pmin(x, f32x4.splat(88)), f32x4.splat(-87));
  const shifted = madd(bounded, f32x4.splat(Mathf.LOG2E), f32x4.splat(WHOLE));
  const n = f32x4.sub(shifted, f32x4.splat(WHOLE));
  // ln 2 in two parts: the product of n and the first is exact.
  const r = madd(n, f32x4.splat(2.121944400546906e-4), madd(n, f32x4.splat(-0.693359375), bounded));
  // Taylor's series to r⁷: the next term is below 2⁻²⁷ of the result.
  let p = f32x4.splat(1.0 / 5040);
  p = madd(p, r, f32x4.splat(1.0 / 720));
  p = madd(p, r, f32x4.splat(1.0 / 120));
  p = madd(p, r, f32x4.splat(1.0 / 24));
  p = madd(p, r, f32x4.splat(1.0 / 6));
  p = madd(p, r, f32x4.splat(0.5));
  const e = f32x4.add(f32x4.splat(1), madd(f32x4.mul(r, r), p, r));
  // n stands in the last bits of the shifted number: 2ⁿ is n more in the exponent.
  const power = i32x4.add(i32x4.shl(shifted, 23), i32x4.splat(127 << 23));
  return v128.andnot(f32x4.mul(e, power), f32x4.lt(x, f32x4.splat(-87)));
}

/** An odd polynomial of x that is tanh x near zero, where 1 − 2/(e²ˣ + 1) would cancel. */
function tanhNearZero(x: v128): v128 {
  const z = f32x4.mul(x, x);
  let p = f32x4.splat(-5.70498872745e-3);
  p = madd(p, z, f32x4.splat(2.06390887954e-2));
  p = madd(p, z, f32x4.splat(-5.37397155531e-2));
  p = madd(p, z, f32x4.splat(1.33314422036e-1));
  p = madd(p, z, f32x4.splat(-3.33332819422e-1));
  return madd(f32x4.mul(p, z), x, x);
}

/** x/5 + 1/2. */
export function line(x: v128): v128 {
  return f32x4.add(f32x4.mul(x, f32x4.splat(0.2)), f32x4.splat(0.5));
}

/** The value of a gate: of one that is piecewise linear `line` is kept, whose ends tell if it is at a bound. */
export function gateValue(kind: i32, open: v128): v128 {
  if (kind !== HARD) return open;
  return f32x4.min(f32x4.max(open, f32x4.splat(0)), f32x4.splat(1));
}

/** The derivative of a gate with respect to its input. */
export function gateSlope(kind: i32, open: v128): v128 {
  const unit = f32x4.splat(1);
  if (kind !== HARD) return f32x4.mul(open, f32x4.sub(unit, open));
  return v128.and(v128.and(f32x4.ge(open, f32x4.splat(0)), f32x4.le(open, unit)), f32x4.splat(0.2));
}

/** out = kind(x), which may be x itself. The exponential stands here once: it is long, and inlined. */
export function activate(kind: i32, x: usize, out: usize, n: usize): void {
  const unit = f32x4.splat(1);
  for (let i: usize = 0; i < n; ) {
    const one = n - i < 4;
    const v = read(x + i * 4, one);
    let y: v128;
    if (kind === HARD) y = f32x4.min(f32x4.max(line(v), f32x4.splat(0)), unit);
    else {
      const size = f32x4.abs(v);
      const e = exp4(kind === TANH ? f32x4.add(size, size) : kind === EXP ? v : f32x4.neg(v));
      const inverse = f32x4.div(unit, f32x4.add(unit, e));
      if (kind === EXP) y = e;
      else if (kind === TANH) {
        const far = f32x4.sub(unit, f32x4.add(inverse, inverse));
        const positive = v128.bitselect(tanhNearZero(size), far, f32x4.lt(size, f32x4.splat(0.625)));
        y = v128.or(positive, v128.and(v, f32x4.splat(-0.0)));
      } else y = inverse;
    }
    write(out + i * 4, y, one);
    i += one ? 1 : 4;
  }
}

/** out = min(max(x, low), high); NaN stays. */
export function clamp(x: usize, out: usize, n: usize, low: f32, high: f32): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  let i: usize = 0;
  for (; i + 4 <= n; i += 4) v128.store(out + i * 4, f32x4.min(f32x4.max(v128.load(x + i * 4), lows), highs));
  for (; i < n; i++) store<f32>(out + i * 4, min<f32>(max<f32>(load<f32>(x + i * 4), low), high));
}

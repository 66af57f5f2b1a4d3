// The elementwise part of an LSTM cell and its gradient. The gates' inputs are a + r + bias, [rows, 4·units] in the
// order input, forget, candidate, output: what the products with the input and with the last output gave.
import { activate, HARD, line, read, TANH, write } from './math';

/** z = a + r + bias. */
function addThree(a: usize, r: usize, bias: usize, z: usize, n: usize): void {
  for (let i: usize = 0; i < n; ) {
    const one = n - i < 4;
    const o = i * 4;
    write(z + o, f32x4.add(f32x4.add(read(a + o, one), read(r + o, one)), read(bias + o, one)), one);
    i += one ? 1 : 4;
  }
}

/** The four gates of one row, from their inputs z. */
function openGates(z: usize, gates: usize, units: usize, kind: i32): void {
  const width = units * 4;
  activate(kind, z, gates, 2 * units);
  activate(TANH, z + 2 * width, gates + 2 * width, units);
  activate(kind, z + 3 * width, gates + 3 * width, units);
}

/** c' = f·c + i·g. */
function nextState(gates: usize, c: usize, out: usize, units: usize): void {
  const width = units * 4;
  for (let u: usize = 0; u < units; ) {
    const one = units - u < 4;
    const o = u * 4;
    const kept = f32x4.mul(read(gates + width + o, one), read(c + o, one));
    write(out + o, f32x4.add(kept, f32x4.mul(read(gates + o, one), read(gates + 2 * width + o, one))), one);
    u += one ? 1 : 4;
  }
}

/** c' = f·c + i·g, h = o·tanh c'. `kind` is the gates' activation; `tmp` has room for 4·units floats. */
export function lstmCell(
  a: usize,
  r: usize,
  bias: usize,
  c: usize,
  rows: usize,
  units: usize,
  kind: i32,
  h: usize,
  cNew: usize,
  tmp: usize,
): void {
  const width = units * 4;
  for (let row: usize = 0; row < rows; row++) {
    addThree(a, r, bias, tmp, 4 * units);
    openGates(tmp, tmp, units, kind);
    nextState(tmp, c, cNew, units);
    activate(TANH, cNew, h, units);
    for (let u: usize = 0; u < units; ) {
      const one = units - u < 4;
      write(h + u * 4, f32x4.mul(read(h + u * 4, one), read(tmp + 3 * width + u * 4, one)), one);
      u += one ? 1 : 4;
    }
    a += 4 * width;
    r += 4 * width;
    c += width;
    h += width;
    cNew += width;
  }
}

/** Replaces the inputs z of gates by the derivatives of their activation, whose values are `gates`. */
function slopes(kind: i32, z: usize, gates: usize, n: usize): void {
  const unit = f32x4.splat(1);
  for (let i: usize = 0; i < n; ) {
    const one = n - i < 4;
    const s = read(gates + i * 4, one);
    let slope = f32x4.mul(s, f32x4.sub(unit, s));
    if (kind === HARD) {
      const v = line(read(z + i * 4, one));
      slope = v128.and(v128.and(f32x4.ge(v, f32x4.splat(0)), f32x4.le(v, unit)), f32x4.splat(0.2));
    }
    write(z + i * 4, slope, one);
    i += one ? 1 : 4;
  }
}

/**
 * Gradients with respect to the gates' inputs and to c; the gates are computed again. `tmp` has room for 9·units floats.
 */
export function lstmCellGradient(
  a: usize,
  r: usize,
  bias: usize,
  c: usize,
  dh: usize,
  dcNew: usize,
  rows: usize,
  units: usize,
  kind: i32,
  dz: usize,
  dc: usize,
  tmp: usize,
): void {
  const width = units * 4;
  const gates = tmp + 4 * width;
  const states = gates + 4 * width;
  const unit = f32x4.splat(1);
  for (let row: usize = 0; row < rows; row++) {
    addThree(a, r, bias, tmp, 4 * units);
    openGates(tmp, gates, units, kind);
    slopes(kind, tmp, gates, 2 * units);
    slopes(kind, tmp + 3 * width, gates + 3 * width, units);
    nextState(gates, c, states, units);
    activate(TANH, states, states, units);
    for (let u: usize = 0; u < units; ) {
      const one = units - u < 4;
      const p = u * 4;
      const i = read(gates + p, one);
      const f = read(gates + width + p, one);
      const g = read(gates + 2 * width + p, one);
      const o = read(gates + 3 * width + p, one);
      const t = read(states + p, one);
      const dOut = read(dh + p, one);
      const dTanh = f32x4.mul(f32x4.mul(dOut, o), f32x4.sub(unit, f32x4.mul(t, t)));
      const dState = f32x4.add(read(dcNew + p, one), dTanh);
      const di = read(tmp + p, one);
      const df = read(tmp + width + p, one);
      const dO = read(tmp + 3 * width + p, one);
      write(dz + p, f32x4.mul(f32x4.mul(dState, g), di), one);
      write(dz + width + p, f32x4.mul(f32x4.mul(dState, read(c + p, one)), df), one);
      write(dz + 2 * width + p, f32x4.mul(f32x4.mul(dState, i), f32x4.sub(unit, f32x4.mul(g, g))), one);
      write(dz + 3 * width + p, f32x4.mul(f32x4.mul(dOut, t), dO), one);
      write(dc + p, f32x4.mul(dState, f), one);
      u += one ? 1 : 4;
    }
    a += 4 * width;
    r += 4 * width;
    c += width;
    dh += width;
    dcNew += width;
    dz += 4 * width;
    dc += width;
  }
}

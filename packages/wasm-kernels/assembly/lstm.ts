// The elementwise part of a step of an LSTM and its gradient. The gates' inputs are a + z + bias, [rows, 4·units] in the
// order input, forget, candidate, output: what the products with the input and with the last output gave.
import { activate, gateSlope, gateValue, HARD, LOGISTIC, line, read, TANH, write } from './math';

/** z = a + z + bias. */
export function addThree(a: usize, z: usize, bias: usize, n: usize): void {
  for (let i: usize = 0; i < n; ) {
    const one = n - i < 4;
    const o = i * 4;
    write(z + o, f32x4.add(f32x4.add(read(a + o, one), read(z + o, one)), read(bias + o, one)), one);
    i += one ? 1 : 4;
  }
}

/** Replaces the inputs z of gates by what `gateValue` and `gateSlope` read. */
export function openGates(kind: i32, z: usize, n: usize): void {
  if (kind !== HARD) activate(LOGISTIC, z, z, n);
  else
    for (let i: usize = 0; i < n; ) {
      const one = n - i < 4;
      write(z + i * 4, line(read(z + i * 4, one)), one);
      i += one ? 1 : 4;
    }
}

/** c' = f·c + i·g, h = o·tanh c'. z becomes the gates, which the gradient reads. `kind` is their activation. */
export function lstmCell(
  a: usize,
  z: usize,
  bias: usize,
  c: usize,
  rows: usize,
  units: usize,
  kind: i32,
  h: usize,
  cNew: usize,
): void {
  const width = units * 4;
  for (let row: usize = 0; row < rows; row++) {
    addThree(a, z, bias, 4 * units);
    openGates(kind, z, 2 * units);
    activate(TANH, z + 2 * width, z + 2 * width, units);
    openGates(kind, z + 3 * width, units);
    for (let u: usize = 0; u < units; ) {
      const one = units - u < 4;
      const p = u * 4;
      const kept = f32x4.mul(gateValue(kind, read(z + width + p, one)), read(c + p, one));
      const added = f32x4.mul(gateValue(kind, read(z + p, one)), read(z + 2 * width + p, one));
      write(cNew + p, f32x4.add(kept, added), one);
      u += one ? 1 : 4;
    }
    activate(TANH, cNew, h, units);
    for (let u: usize = 0; u < units; ) {
      const one = units - u < 4;
      const p = u * 4;
      write(h + p, f32x4.mul(read(h + p, one), gateValue(kind, read(z + 3 * width + p, one))), one);
      u += one ? 1 : 4;
    }
    a += 4 * width;
    z += 4 * width;
    c += width;
    h += width;
    cNew += width;
  }
}

/**
 * Gradients with respect to the gates' inputs and to c, from the gates that `lstmCell` left in z. dc may be dcNew itself. `tmp` has room
 * for `units` floats.
 */
export function lstmCellGradient(
  z: usize,
  c: usize,
  cNew: usize,
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
  const unit = f32x4.splat(1);
  for (let row: usize = 0; row < rows; row++) {
    activate(TANH, cNew, tmp, units);
    for (let u: usize = 0; u < units; ) {
      const one = units - u < 4;
      const p = u * 4;
      const openI = read(z + p, one);
      const openF = read(z + width + p, one);
      const g = read(z + 2 * width + p, one);
      const openO = read(z + 3 * width + p, one);
      const t = read(tmp + p, one);
      const dOut = read(dh + p, one);
      const dTanh = f32x4.mul(f32x4.mul(dOut, gateValue(kind, openO)), f32x4.sub(unit, f32x4.mul(t, t)));
      const dState = f32x4.add(read(dcNew + p, one), dTanh);
      write(dz + p, f32x4.mul(f32x4.mul(dState, g), gateSlope(kind, openI)), one);
      write(dz + width + p, f32x4.mul(f32x4.mul(dState, read(c + p, one)), gateSlope(kind, openF)), one);
      const dG = f32x4.mul(dState, gateValue(kind, openI));
      write(dz + 2 * width + p, f32x4.mul(dG, f32x4.sub(unit, f32x4.mul(g, g))), one);
      write(dz + 3 * width + p, f32x4.mul(f32x4.mul(dOut, t), gateSlope(kind, openO)), one);
      write(dc + p, f32x4.mul(dState, gateValue(kind, openF)), one);
      u += one ? 1 : 4;
    }
    z += 4 * width;
    c += width;
    cNew += width;
    dh += width;
    dcNew += width;
    dz += 4 * width;
    dc += width;
  }
}

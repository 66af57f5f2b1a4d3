// The elementwise parts of a step of a GRU and their gradients. Matrices z [rows, 3·units] hold update gate, reset gate and candidate
// side by side: first the products with the last state, then the gates and the candidate, which the gradients read.
import { addThree, openGates } from './lstm';
import { activate, gateSlope, gateValue, read, TANH, write } from './math';

/** Opens both gates, of a + z + bias, and reset = r·h. */
export function gruGates(
  a: usize,
  z: usize,
  bias: usize,
  h: usize,
  rows: usize,
  units: usize,
  kind: i32,
  reset: usize,
): void {
  const width = units * 4;
  for (let row: usize = 0; row < rows; row++) {
    addThree(a, z, bias, 2 * units);
    openGates(kind, z, 2 * units);
    for (let u: usize = 0; u < units; ) {
      const one = units - u < 4;
      const p = u * 4;
      write(reset + p, f32x4.mul(gateValue(kind, read(z + width + p, one)), read(h + p, one)), one);
      u += one ? 1 : 4;
    }
    a += 3 * width;
    z += 3 * width;
    h += width;
    reset += width;
  }
}

/** The candidate g, the tanh of a + z + bias, and h' = u·h + (1 − u)·g. */
export function gruOutput(
  a: usize,
  z: usize,
  bias: usize,
  h: usize,
  rows: usize,
  units: usize,
  kind: i32,
  hNew: usize,
): void {
  const width = units * 4;
  const unit = f32x4.splat(1);
  for (let row: usize = 0; row < rows; row++) {
    const candidate = z + 2 * width;
    addThree(a + 2 * width, candidate, bias + 2 * width, units);
    activate(TANH, candidate, candidate, units);
    for (let u: usize = 0; u < units; ) {
      const one = units - u < 4;
      const p = u * 4;
      const update = gateValue(kind, read(z + p, one));
      const added = f32x4.mul(f32x4.sub(unit, update), read(candidate + p, one));
      write(hNew + p, f32x4.add(f32x4.mul(update, read(h + p, one)), added), one);
      u += one ? 1 : 4;
    }
    a += 3 * width;
    z += 3 * width;
    h += width;
    hNew += width;
  }
}

/** Gradients at the update gate and the candidate, and the part of dh that the update gate lets through. */
export function gruOutputGradient(
  z: usize,
  h: usize,
  dhNew: usize,
  rows: usize,
  units: usize,
  kind: i32,
  dz: usize,
  dh: usize,
): void {
  const width = units * 4;
  const unit = f32x4.splat(1);
  for (let row: usize = 0; row < rows; row++) {
    for (let u: usize = 0; u < units; ) {
      const one = units - u < 4;
      const p = u * 4;
      const d = read(dhNew + p, one);
      const open = read(z + p, one);
      const update = gateValue(kind, open);
      const g = read(z + 2 * width + p, one);
      const dUpdate = f32x4.mul(d, f32x4.sub(read(h + p, one), g));
      write(dz + p, f32x4.mul(dUpdate, gateSlope(kind, open)), one);
      const dG = f32x4.mul(d, f32x4.sub(unit, update));
      write(dz + 2 * width + p, f32x4.mul(dG, f32x4.sub(unit, f32x4.mul(g, g))), one);
      write(dh + p, f32x4.mul(d, update), one);
      u += one ? 1 : 4;
    }
    z += 3 * width;
    h += width;
    dhNew += width;
    dz += 3 * width;
    dh += width;
  }
}

/** The gradient at the reset gate, and dh with the part that it lets through, from the gradient at r·h. */
export function gruResetGradient(
  z: usize,
  h: usize,
  dReset: usize,
  rows: usize,
  units: usize,
  kind: i32,
  dz: usize,
  dh: usize,
): void {
  const width = units * 4;
  for (let row: usize = 0; row < rows; row++) {
    for (let u: usize = 0; u < units; ) {
      const one = units - u < 4;
      const p = u * 4;
      const d = read(dReset + p, one);
      const open = read(z + width + p, one);
      write(dz + width + p, f32x4.mul(f32x4.mul(d, read(h + p, one)), gateSlope(kind, open)), one);
      write(dh + p, f32x4.add(read(dh + p, one), f32x4.mul(d, gateValue(kind, open))), one);
      u += one ? 1 : 4;
    }
    z += 3 * width;
    h += width;
    dReset += width;
    dz += 3 * width;
    dh += width;
  }
}

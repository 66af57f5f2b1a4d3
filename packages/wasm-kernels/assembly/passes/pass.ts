// An elementwise formula over vectors, in one pass: its instructions run block by block, so that what lies between two of
// them stays in the cache. Each instruction rounds once, as the operation of TensorFlow.js's that it stands for.

/** Floats of a block: a multiple of 16. */
const BLOCK: i32 = 512;
/** Bytes of a block. */
const BYTES: usize = 2048;
/** Bytes of an instruction: operation, result and three operands. */
const INSTRUCTION: usize = 20;

/** The place of an operand in this block. */
function at(table: usize, instruction: usize, field: usize): usize {
  return load<u32>(table + ((load<u32>(instruction + 4 * field) as usize) << 2)) as usize;
}

/** Where b is 0: 0, else q. */
function unlessZero(q: v128, b: v128): v128 {
  return v128.andnot(q, f32x4.eq(b, f32x4.splat(0)));
}

/** v, 0 where it is not finite. */
function finite(v: v128): v128 {
  return v128.and(v, f32x4.lt(f32x4.abs(v), f32x4.splat(Infinity)));
}

/** One where a > b, else zero. */
function greater(a: v128, b: v128): v128 {
  return v128.and(f32x4.gt(a, b), f32x4.splat(1));
}

/** Runs an instruction over `bytes` of a block, a multiple of 64. The order of the cases is that of `operations`. */
function step(instruction: usize, table: usize, bytes: usize): void {
  const out = at(table, instruction, 1);
  const a = at(table, instruction, 2);
  const b = at(table, instruction, 3);
  const c = at(table, instruction, 4);
  switch (load<i32>(instruction)) {
    case 0:
      for (let o: usize = 0; o < bytes; o += 32) {
        v128.store(out + o, f32x4.add(v128.load(a + o), v128.load(b + o)));
        v128.store(out + o, f32x4.add(v128.load(a + o, 16), v128.load(b + o, 16)), 16);
      }
      return;
    case 1:
      for (let o: usize = 0; o < bytes; o += 32) {
        v128.store(out + o, f32x4.sub(v128.load(a + o), v128.load(b + o)));
        v128.store(out + o, f32x4.sub(v128.load(a + o, 16), v128.load(b + o, 16)), 16);
      }
      return;
    case 2:
      for (let o: usize = 0; o < bytes; o += 32) {
        v128.store(out + o, f32x4.mul(v128.load(a + o), v128.load(b + o)));
        v128.store(out + o, f32x4.mul(v128.load(a + o, 16), v128.load(b + o, 16)), 16);
      }
      return;
    case 3:
      for (let o: usize = 0; o < bytes; o += 16)
        v128.store(out + o, f32x4.div(v128.load(a + o), v128.load(b + o)));
      return;
    case 4:
      for (let o: usize = 0; o < bytes; o += 16) {
        const divisor = v128.load(b + o);
        v128.store(out + o, unlessZero(f32x4.div(v128.load(a + o), divisor), divisor));
      }
      return;
    case 5:
      for (let o: usize = 0; o < bytes; o += 16)
        v128.store(out + o, f32x4.min(v128.load(a + o), v128.load(b + o)));
      return;
    case 6:
      for (let o: usize = 0; o < bytes; o += 16)
        v128.store(out + o, f32x4.max(v128.load(a + o), v128.load(b + o)));
      return;
    case 7:
      for (let o: usize = 0; o < bytes; o += 16)
        v128.store(out + o, greater(v128.load(a + o), v128.load(b + o)));
      return;
    case 8:
      for (let o: usize = 0; o < bytes; o += 16) v128.store(out + o, f32x4.abs(v128.load(a + o)));
      return;
    case 9:
      for (let o: usize = 0; o < bytes; o += 16) v128.store(out + o, f32x4.sqrt(v128.load(a + o)));
      return;
    case 10:
      for (let o: usize = 0; o < bytes; o += 16) v128.store(out + o, finite(v128.load(a + o)));
      return;
    case 11:
      for (let o: usize = 0; o < bytes; o += 32) {
        v128.store(out + o, f32x4.add(f32x4.mul(v128.load(a + o), v128.load(b + o)), v128.load(c + o)));
        const product = f32x4.mul(v128.load(a + o, 16), v128.load(b + o, 16));
        v128.store(out + o, f32x4.add(product, v128.load(c + o, 16)), 16);
      }
      return;
    default:
      unreachable();
  }
}

/** Fills the block of a number. */
export function fill(block: usize, value: f32): void {
  const v = f32x4.splat(value);
  for (let o: usize = 0; o < BYTES; o += 16) v128.store(block + o, v);
}

/**
 * Runs the instructions from `code` to `end` over n floats of every stream.
 *
 * @param table - Addresses of the operands: inputs, outputs, then blocks of `BLOCK` floats. Those of the streams move on.
 * @param inputs - The number of streams that are read. @param streams - The number of all.
 * @param spare - A block for each stream, for what is left at the end, and four bytes for each.
 */
export function pass(
  table: usize,
  inputs: i32,
  streams: i32,
  code: usize,
  end: usize,
  spare: usize,
  n: i32,
): void {
  let left = n;
  for (; left >= BLOCK; left -= BLOCK) {
    for (let at = code; at < end; at += INSTRUCTION) step(at, table, BYTES);
    for (let k = 0; k < streams; k++) {
      const entry = table + ((k as usize) << 2);
      store<u32>(entry, load<u32>(entry) + (BYTES as u32));
    }
  }
  if (left < 1) return;
  // Whole vectors read and write past the end: not of the streams themselves.
  const bytes = (left as usize) << 2;
  const places = spare + (streams as usize) * BYTES;
  for (let k = 0; k < streams; k++) {
    const entry = table + ((k as usize) << 2);
    const block = spare + (k as usize) * BYTES;
    if (k < inputs) memory.copy(block, load<u32>(entry) as usize, bytes);
    else store<u32>(places + ((k as usize) << 2), load<u32>(entry));
    store<u32>(entry, block as u32);
  }
  for (let at = code; at < end; at += INSTRUCTION) step(at, table, (bytes + 63) & ~63);
  for (let k = inputs; k < streams; k++) {
    const block = spare + (k as usize) * BYTES;
    memory.copy(load<u32>(places + ((k as usize) << 2)) as usize, block, bytes);
  }
}

import { gzipSync } from 'node:zlib';
import { readIdx, seededRandom } from '@tfjs-sam/datasets';
import { expect, it } from 'vitest';

/** An IDX file of bytes: 3 images of 28×28 with numbers that can be known again. */
function file(): Buffer {
  const header = [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 28, 0, 0, 0, 28];
  return Buffer.from([...header, ...Array.from({ length: 3 * 28 * 28 }, (_, i) => (i * 7) % 251)]);
}

/** Bytes cut, added, changed, removed; headers that promise other lengths. */
const damages: Readonly<Record<string, (bytes: Buffer, draw: () => number) => Buffer>> = {
  truncated: (bytes, draw) => bytes.subarray(0, Math.floor(draw() * bytes.length)),
  oversized: (bytes, draw) => Buffer.concat([bytes, Buffer.alloc(1 + Math.floor(draw() * 5000))]),
  'a bit flipped': (bytes, draw) => {
    const changed = Buffer.from(bytes);
    const at = Math.floor(draw() * bytes.length);
    changed[at] = changed[at]! ^ (1 << Math.floor(draw() * 8));
    return changed;
  },
  'a header changed': (bytes, draw) => {
    const changed = Buffer.from(bytes);
    changed[Math.floor(draw() * 16)] = Math.floor(draw() * 256);
    return changed;
  },
  'bytes removed': (bytes, draw) => {
    const at = Math.floor(draw() * bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + Math.floor(draw() * 50))]);
  },
};

it('refuses 2,000 damaged files, packed and not, or gives what they hold', async () => {
  const draw = seededRandom(3);
  const failed: string[] = [];
  const kinds = Object.entries(damages);
  for (let i = 0; i < 2000; i++) {
    const [kind, damage] = kinds[i % kinds.length]!;
    const inside = i % 3 === 0;
    const packed = i % 3 === 1;
    const whole = file();
    const bytes = inside ? gzipSync(damage(whole, draw)) : damage(packed ? gzipSync(whole) : whole, draw);
    try {
      const { shape, data } = await readIdx(bytes);
      // A plain file has no checksum: what fits its header is what it holds. A packed one has.
      const fits = shape.reduce((product, length) => product * length, 1) === data.length;
      const same = Buffer.compare(
        Buffer.from(data.buffer, data.byteOffset, data.byteLength),
        whole.subarray(16),
      );
      if (!fits || (packed && same !== 0)) failed.push(`${kind}: shape [${shape}], ${data.length} numbers`);
    } catch (error) {
      const { message } = error as Error;
      const known = error instanceof TypeError || error instanceof RangeError;
      if (!known || !message.startsWith('readIdx: ')) failed.push(`${kind}: ${message}`);
    }
  }
  console.info(`IDX files: tried 2000, survived ${2000 - failed.length}, failed ${failed.length}`);
  expect(failed).toEqual([]);
});

it('stops unpacking where the header ends, and takes no memory for the rest', async () => {
  const header = Buffer.from([0, 0, 8, 1, 0, 0, 0, 100]);
  const bomb = Buffer.concat([
    gzipSync(Buffer.concat([header, Buffer.alloc(100)])),
    ...Array(1024).fill(gzipSync(Buffer.alloc(1 << 20))),
  ]);
  const before = process.memoryUsage().rss;
  const started = performance.now();
  await expect(readIdx(bomb)).rejects.toThrow('expected 108 bytes for shape [100], got more');
  const ms = performance.now() - started;
  const mb = (process.memoryUsage().rss - before) / 1e6;
  console.info(
    `${(bomb.length / 1e6).toFixed(1)} MB that unpack to 1 GB: ${ms.toFixed(0)} ms, ${mb.toFixed(0)} MB`,
  );
  expect(ms).toBeLessThan(1000);
  expect(mb).toBeLessThan(200);
});

it.each([
  [8, 1],
  [11, 2],
  [13, 4],
  [14, 8],
])('reads 200 MB of type %i', async (type, width) => {
  const bytes = Buffer.alloc(12 + 200e6);
  bytes.set([0, 0, type, 2]);
  bytes.writeUInt32BE(1000, 4);
  bytes.writeUInt32BE(200e3 / width, 8);
  const started = performance.now();
  const { data } = await readIdx(bytes);
  const ms = performance.now() - started;
  console.info(`200 MB of type ${type}: ${ms.toFixed(0)} ms`);
  expect(data.byteLength).toBe(200e6);
  // Two seconds, on a machine that may be busy.
  expect(ms).toBeLessThan(4000);
});

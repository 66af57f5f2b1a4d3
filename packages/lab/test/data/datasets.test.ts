import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Data } from '../../src/data/data.js';
import { loadRegistry } from '../../src/parts/load.js';
import type { JsonObject } from '../../src/study/paths.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tfjs-sam-data-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function put(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

async function load(config: JsonObject): Promise<Data> {
  const registry = await loadRegistry();
  return registry.build('dataset', config).load();
}

describe('mnist and fashion-mnist', () => {
  const idx = (shape: readonly number[], value: (i: number) => number): Uint8Array => {
    const head = Buffer.from([
      0,
      0,
      8,
      shape.length,
      ...shape.flatMap((axis) => [0, 0, axis >> 8, axis & 255]),
    ]);
    const count = shape.reduce((product, axis) => product * axis, 1);
    return Buffer.concat([head, Uint8Array.from({ length: count }, (_, i) => value(i))]);
  };
  const write = (name: string, count: number, prefix: string, packed: boolean): void => {
    const suffix = packed ? '.gz' : '';
    const pack = (bytes: Uint8Array): Uint8Array => (packed ? gzipSync(bytes) : bytes);
    put(`${name}/${prefix}-images-idx3-ubyte${suffix}`, pack(idx([count, 28, 28], (i) => (7 * i) % 256)));
    put(`${name}/${prefix}-labels-idx1-ubyte${suffix}`, pack(idx([count], (i) => i % 10)));
  };

  it.each(['mnist', 'fashion-mnist'])('%s is read from IDX files, compressed or not', async (name) => {
    write(name, 30, 'train', true);
    write(name, 20, 't10k', false);
    const data = await load({ name, folder: join(folder, name) });
    expect(data).toMatchObject({ shape: [28, 28, 1], scale: 255, classes: 10 });
    expect([data.train.size, data.test!.size]).toEqual([30, 20]);
    expect([...data.train.inputs.slice(0, 3)]).toEqual([0, 7, 14]);
    expect([...data.test!.targets.slice(8, 12)]).toEqual([8, 9, 0, 1]);
    const alone = await load({ name, folder: join(folder, name), use: 'test' });
    expect([alone.train.size, alone.test]).toEqual([20, undefined]);
  });

  it('names what is missing, where, and the remedy', async () => {
    await expect(load({ name: 'mnist', folder: join(folder, 'nowhere') })).rejects.toThrow(
      /expected "train-images-idx3-ubyte\.gz" in .*nowhere, .*Put the file there, or set TFJS_SAM_DATA/,
    );
  });

  it('refuses a bomb where its header ends, and labels without images', async () => {
    const bomb = gzipSync(new Uint8Array(50_000_000));
    put('bomb/t10k-images-idx3-ubyte.gz', bomb);
    await expect(load({ name: 'mnist', folder: join(folder, 'bomb'), use: 'test' })).rejects.toThrow(
      /readIdx: expected an element type/,
    );
    write('uneven', 20, 't10k', true);
    put('uneven/t10k-labels-idx1-ubyte.gz', gzipSync(idx([19], () => 0)));
    await expect(load({ name: 'mnist', folder: join(folder, 'uneven'), use: 'test' })).rejects.toThrow(
      /expected 19 images of 28×28/,
    );
  });
});

describe('cifar-10 and cifar-100', () => {
  /** Records whose red, green and blue planes are constants. */
  const records = (labels: readonly number[][]): Uint8Array =>
    Buffer.concat(
      labels.map((label, i) =>
        Buffer.from([...label, ...[i, 100 + i, 200 + i].flatMap((value) => Array(1024).fill(value))]),
      ),
    );
  /** A tar archive of some files. */
  const tar = (files: Readonly<Record<string, Uint8Array>>): Uint8Array =>
    Buffer.concat([
      ...Object.entries(files).flatMap(([name, bytes]) => {
        const head = Buffer.alloc(512);
        head.write(name);
        head.write(bytes.length.toString(8).padStart(11, '0'), 124);
        return [head, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
      }),
      Buffer.alloc(1024),
    ]);

  it('are read from unpacked files and from the published archive alike', async () => {
    const files = {
      ...Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`data_batch_${n}.bin`, records([[n], [9 - n]])])),
      'test_batch.bin': records([[3]]),
    };
    for (const [name, bytes] of Object.entries(files)) put(`cifar/${name}`, bytes as Uint8Array);
    const inside = Object.entries(files).map(([name, bytes]) => [`cifar-10-batches-bin/${name}`, bytes]);
    put('archive/cifar-10-binary.tar.gz', gzipSync(tar(Object.fromEntries(inside))));
    const unpacked = await load({ name: 'cifar-10', folder: join(folder, 'cifar') });
    expect(unpacked).toMatchObject({ shape: [32, 32, 3], scale: 255, classes: 10 });
    expect([...unpacked.train.targets]).toEqual([1, 8, 2, 7, 3, 6, 4, 5, 5, 4]);
    // Planes become pixels.
    expect([...unpacked.train.inputs.slice(3072, 3078)]).toEqual([1, 101, 201, 1, 101, 201]);
    expect(await load({ name: 'cifar-10', folder: join(folder, 'archive') })).toEqual(unpacked);
  });

  it('cifar-100 takes the fine label', async () => {
    put(
      'cifar-100/train.bin',
      records([
        [4, 77],
        [5, 99],
      ]),
    );
    put('cifar-100/test.bin', records([[1, 0]]));
    const data = await load({ name: 'cifar-100', folder: join(folder, 'cifar-100') });
    expect([data.classes, [...data.train.targets], [...data.test!.targets]]).toEqual([100, [77, 99], [0]]);
  });

  it('names a file that the archive lacks', async () => {
    put(
      'lacking/cifar-10-binary.tar.gz',
      gzipSync(tar({ 'cifar-10-batches-bin/readme.html': Buffer.from('x') })),
    );
    await expect(load({ name: 'cifar-10', folder: join(folder, 'lacking') })).rejects.toThrow(
      /expected cifar-10-batches-bin\/data_batch_1\.bin in cifar-10-binary\.tar\.gz, got \[cifar-10-batches-bin\/readme/,
    );
  });
});

describe('csv', () => {
  const csv = (text: string | Uint8Array, more: JsonObject = {}, name = 'table.csv'): Promise<Data> =>
    load({ name: 'csv', path: put(name, text), ...more });

  it('takes heads, names of classes, quotes, gaps between rows, a byte order mark and gzip', async () => {
    const text = '\ufeffa,b,kind\r\n1,2,"cat, small"\r\n\r\n3,-4e1,ant\r\n5,6,"cat, small"\r\n';
    const data = await csv(text);
    expect(data).toMatchObject({ shape: [2], classes: 2, train: { size: 3 } });
    expect([...data.train.inputs]).toEqual([1, 2, 3, -40, 5, 6]);
    expect([...data.train.targets]).toEqual([1, 0, 1]);
    expect(await csv(gzipSync(text), {}, 'table.csv.gz')).toEqual(data);
    const first = await csv(text.replaceAll('kind', 'c'), { target: 'a', kind: 'number' }).catch(String);
    expect(first).toMatch(/expected a number in .*table\.csv, line 2, got "cat, small"/);
  });

  it('takes a target by its number, numbers to predict, a shape, a scale and other delimiters', async () => {
    const text = '0.5;1;2;3;4\n1.5;5;6;7;8\n';
    const data = await csv(text, { target: 0, kind: 'number', shape: [2, 2, 1], scale: 2, delimiter: ';' });
    expect(data).toMatchObject({ shape: [2, 2, 1], outputs: 1, scale: 1 });
    expect([...data.train.inputs]).toEqual([0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]);
    expect([...data.train.targets]).toEqual([0.5, 1.5]);
  });

  it('numbers classes that are numbers in their order', async () => {
    expect([...(await csv('1,10\n2,9\n3,100\n')).train.targets]).toEqual([1, 0, 2]);
  });

  it.each([
    ['', {}, /expected target to be a column of .*\(it has none\)/],
    ['a,b\n1,2\n', { target: 'c' }, /\(a, b\), got c/],
    ['1,2\n3,4\n', { target: 5 }, /\(0 to 1\), got 5/],
    ['a,b\n1,x\n?,y\n', {}, /line 3, got "\?"/],
    ['a,b\n1,x\n2\n', {}, /expected rows of equal length in .*line 3/],
    ['a,b\n1,x\n2,\n', {}, /expected a class in .*line 3, got nothing/],
    ['a,b\n1,2\n2,?\n', { kind: 'number' }, /line 3, got "\?"/],
    ['1,2,3\n', { shape: [3] }, /expected shape to hold 2 numbers, got \[3\]/],
    [gzipSync('1,2\n').subarray(0, 15), {}, /to be a whole gzip file/],
  ])('refuses %j with %j', async (text, more, message) => {
    await expect(csv(text, more)).rejects.toThrow(message);
  });
});

describe('images in folders', () => {
  /** Left half one colour, right half another. */
  const pixels = (left: readonly number[], right: readonly number[], side: number): Buffer =>
    Buffer.from(
      Array.from({ length: side * side }, (_, i) => [...(i % side < side / 2 ? left : right), 255]).flat(),
    );
  const png = (left: readonly number[], right: readonly number[], side = 8): Buffer => {
    const image = new PNG({ width: side, height: side });
    image.data = pixels(left, right, side);
    return PNG.sync.write(image);
  };
  const [red, blue, white] = [
    [255, 0, 0],
    [0, 0, 255],
    [255, 255, 255],
  ];

  it('are brought to one size, from PNG and JPEG, in the order of their names', async () => {
    put('pictures/cats/1.png', png(red, blue));
    put('pictures/cats/notes.txt', 'no image');
    const photo = jpeg.encode({ width: 16, height: 16, data: pixels(white, white, 16) }, 100);
    put('pictures/dogs/2.JPG', photo.data);
    const data = await load({ name: 'images', folder: join(folder, 'pictures'), size: [2, 2] });
    expect(data).toMatchObject({ shape: [2, 2, 3], scale: 255, classes: 2, train: { size: 2 } });
    expect([...data.train.inputs.slice(0, 6)]).toEqual([...red, ...blue]);
    expect(Math.min(...data.train.inputs.slice(12))).toBeGreaterThan(250);
    expect([...data.train.targets]).toEqual([0, 1]);
    const grey = await load({ name: 'images', folder: join(folder, 'pictures'), size: [1, 2], channels: 1 });
    expect([...grey.train.inputs.slice(0, 2)]).toEqual([76, 29]);
    // Larger than the file: the nearest pixel.
    const larger = await load({ name: 'images', folder: join(folder, 'pictures'), size: [16, 16] });
    expect([...larger.train.inputs.slice(0, 3)]).toEqual(red);
  });

  it('have some in every folder but those of tools', async () => {
    for (const name of ['a', 'b', '.ipynb_checkpoints']) put(`tools/${name}/x.png`, png(red, red));
    const part = { name: 'images', folder: join(folder, 'tools'), size: [1, 1] };
    expect(await load(part)).toMatchObject({ classes: 2 });
    put('tools/c/x.webp', 'no such');
    await expect(load(part)).rejects.toThrow(/expected \.png or \.jpg files in .*tools\/c, got "x\.webp"/);
  });

  it('may come in train and test', async () => {
    for (const part of ['train', 'test'])
      for (const [name, colour] of Object.entries({ a: red, b: blue }))
        put(`parts/${part}/${name}/x.png`, png(colour, colour));
    const data = await load({ name: 'images', folder: join(folder, 'parts'), size: [1, 1] });
    expect([[...data.train.inputs], [...data.test!.inputs]]).toEqual([
      [...red, ...blue],
      [...red, ...blue],
    ]);
  });

  it('that are none are refused by name', async () => {
    put('broken/a/x.png', 'not an image');
    put('broken/b/x.png', png(red, red));
    await expect(load({ name: 'images', folder: join(folder, 'broken') })).rejects.toThrow(
      /images: expected .*x\.png to be an image/,
    );
    await expect(load({ name: 'images', folder: join(folder, 'broken/a') })).rejects.toThrow(
      /expected a folder per class in .*got \[\]/,
    );
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { location, oneOf } from '@tfjs-sam/core';
import { type CifarKind, digitPixels, type LabelledPixels, readCifar, readIdx } from '@tfjs-sam/datasets';
import type { Data, Examples } from './data.js';
import { defineDataset } from './dataset.js';
import { dataFolder, type PublishedFile, publishedFile, untar } from './download.js';
import { gunzipped } from './gunzip.js';

const examplesOf = ({ pixels, classes }: LabelledPixels): Examples => ({
  inputs: pixels,
  targets: Int32Array.from(classes),
  size: classes.length,
});

const digits = defineDataset({
  name: 'digits',
  doc: '1,797 handwritten digits of 8×8 pixels, embedded',
  source: 'Alpaydin & Kaynak 1998, CC BY 4.0',
  options: {},
  load(): Data {
    const pixels = digitPixels();
    return { shape: pixels.shape, scale: pixels.maximum, classes: 10, train: examplesOf(pixels) };
  },
});

const folder = location({
  optional: 'TFJS_SAM_DATA or ./data, and there the name of the set',
  doc: 'Folder of the files',
});

/** Published parts that are read. */
const use = oneOf(['both', 'train', 'test'], {
  default: 'both',
  doc: 'Published parts that are read; one alone is split like data in one part',
});

interface IdxSet {
  readonly name: string;
  readonly doc: string;
  readonly source: string;
  readonly url: string;
  /** Of training images and labels, test images and labels. */
  readonly md5: readonly [string, string, string, string];
}

const idxNames = [
  'train-images-idx3-ubyte.gz',
  'train-labels-idx1-ubyte.gz',
  't10k-images-idx3-ubyte.gz',
  't10k-labels-idx1-ubyte.gz',
] as const;

function idxSet({ name, doc, source, url, md5 }: IdxSet) {
  const read = async (where: string, at: number): Promise<Uint8Array> => {
    const file: PublishedFile = { name: idxNames[at]!, url: `${url}/${idxNames[at]}`, md5: md5[at]! };
    const array = await readIdx(await publishedFile(file, where));
    return array.data as Uint8Array;
  };
  const part = async (where: string, at: number): Promise<Examples> => {
    const [inputs, labels] = [await read(where, at), await read(where, at + 1)];
    if (inputs.length !== labels.length * 28 * 28) {
      throw new RangeError(
        `expected ${labels.length} images of 28×28 in ${where}, got ${inputs.length} bytes`,
      );
    }
    return { inputs, targets: Int32Array.from(labels), size: labels.length };
  };
  return defineDataset({
    name,
    doc,
    source,
    options: { folder, use },
    async load({ folder: given, use: parts }): Promise<Data> {
      const where = given ?? dataFolder(name);
      const common = { shape: [28, 28, 1], scale: 255, classes: 10 };
      if (parts !== 'both') return { ...common, train: await part(where, parts === 'train' ? 0 : 2) };
      return { ...common, train: await part(where, 0), test: await part(where, 2) };
    },
  });
}

const mnist = idxSet({
  name: 'mnist',
  doc: 'MNIST: 70,000 handwritten digits of 28×28 pixels',
  source: 'LeCun et al. 1998',
  url: 'https://ossci-datasets.s3.amazonaws.com/mnist',
  md5: [
    'f68b3c2dcbeaaa9fbdd348bbdeb94873',
    'd53e105ee54ea40749a09fcbcd1e9432',
    '9fb629c4189551a2d022fa330f9573f3',
    'ec29112dd5afa0611ce80d1b7f02629c',
  ],
});

const fashionMnist = idxSet({
  name: 'fashion-mnist',
  doc: 'Fashion-MNIST: 70,000 articles of clothing of 28×28 pixels',
  source: 'Xiao et al. 2017, arXiv 1708.07747',
  url: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com',
  md5: [
    '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
    '25c81989df183df01b3e8a0aad5dffbe',
    'bef4ecab320f06d8554ea6380940ec79',
    'bb300cfdad3c16e7a12a480ee83cd310',
  ],
});

interface CifarSet {
  readonly kind: CifarKind;
  readonly archive: PublishedFile;
  readonly inside: string;
  readonly train: readonly string[];
  readonly test: string;
}

function cifarSet({ kind, archive, inside, train, test }: CifarSet) {
  const classes = kind === 'cifar-10' ? 10 : 100;
  /** Unpacked files where they lie, in the folder or where the archive puts them; else the archive's. */
  const filesOf = async (where: string): Promise<(name: string) => Uint8Array> => {
    const place = [where, join(where, inside)].find((each) => existsSync(join(each, test)));
    if (place) return (name) => readFileSync(join(place, name));
    const files = untar(gunzipped(await publishedFile(archive, where), join(where, archive.name)));
    return (name) => {
      const file = files.get(`${inside}/${name}`);
      if (file) return file;
      throw new RangeError(`expected ${inside}/${name} in ${archive.name}, got [${[...files.keys()]}]`);
    };
  };
  return defineDataset({
    name: kind,
    doc: `CIFAR-${classes}: 60,000 colour images of 32×32 pixels in ${classes} classes`,
    source: 'Krizhevsky 2009',
    options: { folder, use },
    async load({ folder: given, use: parts }): Promise<Data> {
      const read = await filesOf(given ?? dataFolder(kind));
      const part = (names: readonly string[]): Examples =>
        examplesOf(readCifar(Buffer.concat(names.map(read)), kind));
      const common = { shape: [32, 32, 3], scale: 255, classes };
      if (parts !== 'both') return { ...common, train: part(parts === 'train' ? train : [test]) };
      return { ...common, train: part(train), test: part([test]) };
    },
  });
}

const cifarUrl = 'https://www.cs.toronto.edu/~kriz';
const cifar10 = cifarSet({
  kind: 'cifar-10',
  archive: {
    name: 'cifar-10-binary.tar.gz',
    url: `${cifarUrl}/cifar-10-binary.tar.gz`,
    md5: 'c32a1d4ab5d03f1284b67883e8d87530',
  },
  inside: 'cifar-10-batches-bin',
  train: [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`),
  test: 'test_batch.bin',
});
const cifar100 = cifarSet({
  kind: 'cifar-100',
  archive: {
    name: 'cifar-100-binary.tar.gz',
    url: `${cifarUrl}/cifar-100-binary.tar.gz`,
    md5: '03b5dce01913d631647c71ecec9e9cb8',
  },
  inside: 'cifar-100-binary',
  train: ['train.bin'],
  test: 'test.bin',
});

/** Data sets that are published, and the one that is embedded. */
export const publishedDatasets = [digits, mnist, fashionMnist, cifar10, cifar100];

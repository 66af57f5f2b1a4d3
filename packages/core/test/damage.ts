import { createHash } from 'node:crypto';
import type * as tf from '@tensorflow/tfjs-core';
import { checksumOf, type Header, type Spec } from '../src/driver/saving/format.js';

/** Draws numbers in [0, 1). */
export type Draw = () => number;

/** The files of a folder by name: a `model.json` and its weights. */
export type Files = Readonly<Record<string, Buffer>>;

/** A way to damage files; `other` is a folder of the same kind, of another training. */
export type Damage = (files: Files, other: Files, draw: Draw) => Files;

/** A seeded generator: mulberry32. */
export function drawing(seed: number): Draw {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const below = (draw: Draw, limit: number): number => Math.floor(draw() * limit);
export const oneOf = <T>(draw: Draw, list: readonly T[]): T => list[below(draw, list.length)]!;

const TOPOLOGY = 'model.json';
export const weightsName = (files: Files): string => Object.keys(files).find((name) => name !== TOPOLOGY)!;

/** Ways to damage bytes. */
export const ofBytes: Readonly<Record<string, (bytes: Buffer, draw: Draw) => Buffer>> = {
  'a flipped bit': (bytes, draw) => {
    const damaged = Buffer.from(bytes);
    damaged[below(draw, bytes.length)]! ^= 1 << below(draw, 8);
    return damaged;
  },
  'another byte': (bytes, draw) => {
    const damaged = Buffer.from(bytes);
    damaged[below(draw, bytes.length)]! += 1 + below(draw, 255);
    return damaged;
  },
  'two bytes exchanged': (bytes, draw) => {
    const damaged = Buffer.from(bytes);
    const at = below(draw, bytes.length - 1);
    [damaged[at], damaged[at + 1]] = [bytes[at + 1]!, bytes[at]!];
    return damaged;
  },
  truncated: (bytes, draw) => bytes.subarray(0, below(draw, bytes.length)),
  empty: () => Buffer.alloc(0),
  extended: (bytes, draw) =>
    Buffer.concat([bytes, Buffer.from(Array.from({ length: 1 + below(draw, 64) }, () => below(draw, 256)))]),
  'extended by blanks': (bytes, draw) =>
    Buffer.concat([bytes, Buffer.alloc(1 + below(draw, 9), oneOf(draw, [' ', '\n', '\0']))]),
  'a range of zeros': (bytes, draw) => {
    const [from, length] = [below(draw, bytes.length), 1 + below(draw, 64)];
    return Buffer.from(bytes).fill(0, from, Math.min(bytes.length, from + length));
  },
  'a range removed': (bytes, draw) => {
    const [from, length] = [below(draw, bytes.length), 1 + below(draw, 64)];
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + length)]);
  },
  'a range twice': (bytes, draw) => {
    const [from, length] = [below(draw, bytes.length), 1 + below(draw, 64)];
    return Buffer.concat([bytes.subarray(0, from + length), bytes.subarray(from)]);
  },
};

const damagingBytes: Readonly<Record<string, Damage>> = Object.fromEntries(
  Object.entries(ofBytes).flatMap(([name, damage]) => [
    [`model.json: ${name}`, (files, _other, draw) => change(files, TOPOLOGY, (b) => damage(b, draw))],
    [`weights: ${name}`, (files, _other, draw) => change(files, weightsName(files), (b) => damage(b, draw))],
  ]),
);

function change(files: Files, name: string, f: (bytes: Buffer) => Buffer): Files {
  return { ...files, [name]: f(files[name]!) };
}

const foreign = [
  '{}',
  '[]',
  'null',
  '3',
  '"text"',
  '{"modelTopology":{}}',
  '{"weightsManifest":3}',
  'text',
  '',
];
const outside = [
  '../weights.bin',
  '/etc/hostname',
  'a/../../weights.bin',
  '..\\weights.bin',
  'C:\\w.bin',
  '',
  3,
];

const exchanging: Readonly<Record<string, Damage>> = {
  'the weights of another training': (files, other) => ({
    ...files,
    [weightsName(files)]: other[weightsName(other)]!,
  }),
  'the model.json of another training': (files, other) => ({ ...files, [TOPOLOGY]: other[TOPOLOGY]! }),
  'the model.json of another training, its weights by their name': (files, other) => ({
    [TOPOLOGY]: other[TOPOLOGY]!,
    [weightsName(other)]: files[weightsName(files)]!,
  }),
  'the weights renamed': (files) => ({
    [TOPOLOGY]: files[TOPOLOGY]!,
    'weights.bin': files[weightsName(files)]!,
  }),
  'the weights missing': (files) => ({ [TOPOLOGY]: files[TOPOLOGY]! }),
  'the model.json missing': (files) => ({ [weightsName(files)]: files[weightsName(files)]! }),
  'a foreign file for the model.json': (files, _other, draw) => ({
    ...files,
    [TOPOLOGY]: Buffer.from(oneOf(draw, foreign)),
  }),
};

type Edited = {
  modelTopology: Record<string, unknown>;
  weightsManifest: { paths: unknown[]; weights: { name: unknown; shape: unknown[]; dtype: unknown }[] }[];
  checksum?: string;
  [key: string]: unknown;
};
type Edit = (topology: Edited, draw: Draw) => void;

const entry = ({ weightsManifest }: Edited, draw: Draw) => oneOf(draw, weightsManifest[0]!.weights);

/** What a writer may get wrong, under checksums that are right. */
const edits: Readonly<Record<string, Edit>> = {
  'a path of weights that leaves the folder': (topology, draw) => {
    topology.weightsManifest[0]!.paths = [oneOf<unknown>(draw, outside)];
  },
  'a negative shape': (topology, draw) => {
    const { shape } = entry(topology, draw);
    shape[0] = -1 - below(draw, 9);
  },
  'a shape that is none': (topology, draw) => {
    entry(topology, draw).shape = oneOf<unknown>(draw, [null, 3, '2,2', [0.5], ['2'], [1e300]]) as unknown[];
  },
  'a larger shape': (topology, draw) => void entry(topology, draw).shape.push(2 + below(draw, 9)),
  'an unknown type': (topology, draw) => {
    entry(topology, draw).dtype = oneOf<unknown>(draw, ['float64', 'toString', null, undefined, 4]);
  },
  'a name that is none': (topology, draw) => {
    entry(topology, draw).name = oneOf<unknown>(draw, [null, 3, undefined]);
  },
  'a tensor twice': (topology) => {
    const { weights } = topology.weightsManifest[0]!;
    weights.push({ ...weights[1]! });
  },
  'a tensor that the bytes do not have': ({ weightsManifest: [group] }, draw) =>
    void group!.weights.splice(below(draw, group!.weights.length), 1),
  'no list of weights': (topology, draw) => {
    topology.weightsManifest = oneOf<unknown>(draw, [
      3,
      'x',
      [3],
      [{}],
      [{ paths: 3, weights: [] }],
    ]) as never;
  },
  'no topology': (topology, draw) => {
    topology.modelTopology = oneOf<unknown>(draw, [null, undefined, 'x', []]) as never;
  },
};

/** The same for states, which say more of themselves. */
const stateEdits: Readonly<Record<string, Edit>> = {
  'another prefix': (topology) => {
    for (const one of topology.weightsManifest[0]!.weights) one.name = `x${String(one.name)}`;
  },
  'a slot of an unknown kind': (topology) => {
    const one = topology.weightsManifest[0]!.weights.at(-1)!;
    one.name = String(one.name).replace(/^((wrapper|rule|base)\/)*/, '$&strange');
  },
  'another version': ({ modelTopology }, draw) => {
    modelTopology.version = oneOf<unknown>(draw, [0, 1, 3, '2', null]);
  },
  'another format': ({ modelTopology }) => {
    modelTopology.format = 'layers-model';
  },
  'no configuration': ({ modelTopology }) => delete modelTopology.config,
  'another class': ({ modelTopology }) => {
    modelTopology.className = 'Adamax';
  },
  'another learning rate that is none': ({ modelTopology }) => {
    modelTopology.config = { ...(modelTopology.config as object), learningRate: 'x' };
  },
  'no step count': (topology) => {
    topology.weightsManifest[0]!.weights[0]!.name = 'base/iter';
  },
};

function edited(edit: Edit, isState: boolean): Damage {
  return (files, _other, draw) => {
    const { checksum: _, ...topology } = JSON.parse(files[TOPOLOGY]!.toString()) as Edited;
    edit(topology as Edited, draw);
    if (isState) sealState(topology as Edited, files[weightsName(files)]!);
    const body = JSON.stringify(topology);
    const checksum = createHash('sha256').update(body).digest('hex');
    return { ...files, [TOPOLOGY]: Buffer.from(`${body.slice(0, -1)},"checksum":"${checksum}"}`) };
  };
}

/** Gives an edited state the checksum that it would have been saved with. */
function sealState({ modelTopology, weightsManifest }: Edited, data: Uint8Array): void {
  if (typeof modelTopology !== 'object' || modelTopology === null) return;
  const { checksum: _, ...header } = modelTopology;
  const specs = Array.isArray(weightsManifest) ? (weightsManifest[0]?.weights ?? []) : [];
  modelTopology.checksum = checksumOf(header as never, specs as never, data);
}

const editing = (list: Readonly<Record<string, Edit>>, isState: boolean): Readonly<Record<string, Damage>> =>
  Object.fromEntries(
    Object.entries(list).map(([name, edit]) => [`written with ${name}`, edited(edit, isState)]),
  );

/** Ways to damage the folder of a model. */
export const ofModels: Readonly<Record<string, Damage>> = {
  ...damagingBytes,
  ...exchanging,
  ...editing(edits, false),
};

/** Ways to damage the folder of a state. */
export const ofStates: Readonly<Record<string, Damage>> = {
  ...damagingBytes,
  ...exchanging,
  ...editing({ ...edits, ...stateEdits }, true),
};

/** Ways to damage what a handler of one's own gives back. */
export const ofArtifacts: Readonly<
  Record<string, (artifacts: tf.io.ModelArtifacts, draw: Draw) => tf.io.ModelArtifacts>
> = {
  ...Object.fromEntries(
    Object.entries(ofBytes).map(([name, damage]) => [
      `data: ${name}`,
      (artifacts: tf.io.ModelArtifacts, draw: Draw) => {
        const damaged = damage(Buffer.from(artifacts.weightData as ArrayBuffer), draw);
        return { ...artifacts, weightData: new Uint8Array(damaged).buffer };
      },
    ]),
  ),
  'a value of the header': (artifacts, draw) => {
    const header = structuredClone(artifacts.modelTopology) as unknown as Header;
    spoil(header as unknown as Record<string, unknown>, draw);
    return { ...artifacts, modelTopology: header as object };
  },
  'a value of a spec': (artifacts, draw) => {
    const weightSpecs = structuredClone(artifacts.weightSpecs) as unknown as Spec[];
    spoil(oneOf(draw, weightSpecs) as unknown as Record<string, unknown>, draw);
    return { ...artifacts, weightSpecs: weightSpecs as never };
  },
  'another order of the specs': (artifacts) => ({
    ...artifacts,
    weightSpecs: [...artifacts.weightSpecs!].reverse(),
  }),
  'no specs': (artifacts) => ({ ...artifacts, weightSpecs: undefined as never }),
  'no data': (artifacts) => ({ ...artifacts, weightData: undefined as never }),
  'no header': (artifacts) => ({ ...artifacts, modelTopology: undefined as never }),
  nothing: () => undefined as never,
};

/** Changes one value somewhere in a tree. */
function spoil(tree: Record<string, unknown>, draw: Draw): void {
  const key = oneOf(draw, Object.keys(tree));
  const value = tree[key];
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0 && draw() < 0.8)
    spoil(value as Record<string, unknown>, draw);
  else if (typeof value === 'number')
    tree[key] = oneOf(draw, [value + 1, -value - 1, value + 0.5, null, 'x']);
  else if (typeof value === 'string') tree[key] = draw() < 0.5 ? `${value}x` : value.slice(0, -1);
  else tree[key] = draw() < 0.5 ? 3 : 'x';
}

import type { BenchModel } from './bench-model.js';
import { cnn, leNet, lstm, mlp } from './layers.js';
import type { AnyModelName } from './names.js';
import { resNet } from './res-net.js';
import { vit } from './vit.js';

export type { BenchModel } from './bench-model.js';

/** The models that tables share, by name. */
export const models: Readonly<Record<AnyModelName, () => BenchModel>> = {
  'MLP b128': () => mlp(128),
  'MLP b8': () => mlp(8),
  'LeNet b64': () => leNet(64),
  'CNN b128': () => cnn(128),
  'ResNet-20-like b32': () => resNet(32),
  'LSTM b32': () => lstm(32),
  'ViT b32': () => vit(32),
};

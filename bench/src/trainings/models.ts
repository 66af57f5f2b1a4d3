/** Examples that a training has at scale 1: seconds for three epochs. */
export const examplesOf = {
  'MLP b128': 5_000,
  'LeNet b64': 5_000,
  'ResNet-20-like b32': 500,
  'LSTM b32': 2_000,
} as const;

/** The name of a model that the table `training` has. */
export type TrainedModel = keyof typeof examplesOf;

/** All of them. */
export const trainedModels = Object.keys(examplesOf) as TrainedModel[];

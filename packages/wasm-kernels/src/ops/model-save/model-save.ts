import { io, type Optimizer, scalar, type Tensor, tidy, Variable } from '@tensorflow/tfjs-core';
import { registeredClass } from '../../layers.js';
import type { Patch } from '../../patches.js';

/** The members of a model that saving reads. */
interface Model {
  readonly optimizer: Optimizer | undefined;
  getTrainingConfig(): io.TrainingConfig;
}

type Save = (
  this: Model,
  handlerOrURL: io.IOHandler | string,
  config?: io.SaveConfig,
) => Promise<io.SaveResult>;

/** Saves model and optimizer, and frees what the optimizer made for it: its numbers, which TensorFlow.js forgets. */
export const modelSave: Patch = {
  owner: () => registeredClass('Model'),
  method: 'save',
  wrap: (original: Save): Save =>
    function (handlerOrURL, config) {
      const handler = handlerOf(handlerOrURL);
      if (!config?.includeOptimizer || !this.optimizer || typeof handler?.save !== 'function')
        return original.call(this, handlerOrURL, config);
      const save = async (artifacts: io.ModelArtifacts) =>
        handler.save!(await withOptimizer(artifacts, this, this.optimizer!));
      return original.call(this, { save }, { ...config, includeOptimizer: false });
    },
};

/** The handler of a URL; undefined where TensorFlow.js has an error for it. */
function handlerOf(handlerOrURL: io.IOHandler | string): io.IOHandler | undefined {
  if (typeof handlerOrURL !== 'string') return handlerOrURL;
  const handlers = io.getSaveHandlers(handlerOrURL);
  return handlers.length === 1 ? (handlers[0] as io.IOHandler) : undefined;
}

/** Adds to a model's artifacts how it is trained, and what its optimizer remembers. */
async function withOptimizer(
  artifacts: io.ModelArtifacts,
  model: Model,
  optimizer: Optimizer,
): Promise<io.ModelArtifacts> {
  const trainingConfig = model.getTrainingConfig();
  const newest = tidy(() => scalar(0).id);
  const weights = await optimizer.getWeights();
  const { data, specs } = await io.encodeWeights(weights, 'optimizer');
  for (const { tensor } of weights) if (isMadeAfter(newest, tensor)) tensor.dispose();
  return {
    ...artifacts,
    trainingConfig,
    weightSpecs: [...artifacts.weightSpecs!, ...specs],
    weightData: io.concatenateArrayBuffers([artifacts.weightData as ArrayBuffer, data]),
  };
}

/** True of a number that was made for the one who asked; all else is the optimizer's own. */
const isMadeAfter = (newest: number, tensor: Tensor): boolean =>
  tensor.id > newest && !(tensor instanceof Variable) && !tensor.isDisposed;

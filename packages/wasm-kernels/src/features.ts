import type { Feature } from './feature.js';
import { arithmeticFeature } from './ops/arithmetic/index.js';
import { attentionFeature } from './ops/attention/index.js';
import { avgPoolFeature } from './ops/avg-pool/index.js';
import { batchNormFeature } from './ops/batch-norm/index.js';
import { bincountFeature } from './ops/bincount/index.js';
import { booleansFeature } from './ops/booleans/index.js';
import { castFeature } from './ops/cast/index.js';
import { channelsFirstFeature } from './ops/channels-first/index.js';
import { complexFeature } from './ops/complex/index.js';
import { concatSplitFeature } from './ops/concat-split/index.js';
import { conv1dFeature } from './ops/conv1d/index.js';
import { conv2dFeature } from './ops/conv2d/index.js';
import { conv3dFeature } from './ops/conv3d/index.js';
import { denseFeature } from './ops/dense/index.js';
import { depthwiseFeature } from './ops/depthwise/index.js';
import { dilationFeature } from './ops/dilation/index.js';
import { drawsFeature } from './ops/draws/index.js';
import { einsumFeature } from './ops/einsum/index.js';
import { elementwiseFeature } from './ops/elementwise/index.js';
import { fusedBiasFeature } from './ops/fused-bias/index.js';
import { gatherFeature } from './ops/gather/index.js';
import { gruFeature } from './ops/gru/index.js';
import { indexingFeature } from './ops/indexing/index.js';
import { layerNormFeature } from './ops/layer-norm/index.js';
import { lstmFeature } from './ops/lstm/index.js';
import { matmulFeature } from './ops/matmul/index.js';
import { maxPoolFeature } from './ops/max-pool/index.js';
import { modelSaveFeature } from './ops/model-save/index.js';
import { oneHotFeature } from './ops/one-hot/index.js';
import { optimizersFeature } from './ops/optimizers/index.js';
import { padFeature } from './ops/pad/index.js';
import { passesFeature } from './ops/passes/index.js';
import { permuteFeature } from './ops/permute/index.js';
import { preluFeature } from './ops/prelu/index.js';
import { raggedFeature } from './ops/ragged/index.js';
import { rearrangingFeature } from './ops/rearranging/index.js';
import { reductionsFeature } from './ops/reductions/index.js';
import { resizingFeature } from './ops/resizing/index.js';
import { scansFeature } from './ops/scans/index.js';
import { secondDerivativesFeature } from './ops/second-derivatives/index.js';
import { segmentsFeature } from './ops/segments/index.js';
import { selectFeature } from './ops/select/index.js';
import { softmaxFeature } from './ops/softmax/index.js';
import { stringsFeature } from './ops/strings/index.js';
import { tileFeature } from './ops/tile/index.js';
import { windowPaddingFeature } from './ops/window-padding/index.js';

/**
 * All that the package changes. Of several parts of one kernel those that look for special inputs come first: types,
 * layouts, ranks.
 */
export const features: readonly Feature[] = [
  complexFeature,
  stringsFeature,
  raggedFeature,
  channelsFirstFeature,
  fusedBiasFeature,
  arithmeticFeature,
  attentionFeature,
  avgPoolFeature,
  batchNormFeature,
  bincountFeature,
  booleansFeature,
  castFeature,
  concatSplitFeature,
  conv2dFeature,
  conv3dFeature,
  denseFeature,
  depthwiseFeature,
  dilationFeature,
  drawsFeature,
  einsumFeature,
  elementwiseFeature,
  gatherFeature,
  gruFeature,
  layerNormFeature,
  lstmFeature,
  matmulFeature,
  maxPoolFeature,
  modelSaveFeature,
  oneHotFeature,
  optimizersFeature,
  padFeature,
  passesFeature,
  permuteFeature,
  preluFeature,
  reductionsFeature,
  secondDerivativesFeature,
  segmentsFeature,
  selectFeature,
  softmaxFeature,
  tileFeature,
  windowPaddingFeature,
  scansFeature,
  indexingFeature,
  resizingFeature,
  rearrangingFeature,
  conv1dFeature,
];

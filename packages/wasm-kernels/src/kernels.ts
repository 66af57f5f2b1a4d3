import * as composedConvolutions from './composed/convolutions.js';
import { einsum } from './composed/einsum.js';
import * as composedPooling from './composed/pooling.js';
import * as composedProducts from './composed/products.js';
import * as composedSegments from './composed/segments.js';
import { tile } from './composed/tile.js';
import type { TrainingKernel } from './kernel.js';
import { channelsFirstKernels } from './ops/channels-first/index.js';
import { complexKernels } from './ops/complex/index.js';
import { fusedBiasKernels } from './ops/fused-bias/index.js';
import { raggedKernels } from './ops/ragged/index.js';
import { stringKernels } from './ops/strings/index.js';
import { bincountOfAll } from './repairs/bincount.js';
import { reverseBooleans, stridedSliceOfTypes } from './repairs/bytes.js';
import { castOfTypes } from './repairs/cast.js';
import * as clip from './repairs/clip.js';
import { conv3dFilterGradient, conv3dInputGradient } from './repairs/conv3d.js';
import { dilation2d, dilationFilterGradient, dilationInputGradient } from './repairs/dilation.js';
import { paddedAvgPool, paddedConv2d, paddedDepthwise, paddedMaxPool } from './repairs/explicit-padding.js';
import { activatedAfter } from './repairs/fused-activation.js';
import { gatherInBatches } from './repairs/gather.js';
import { identity } from './repairs/identity.js';
import { integerMatMul } from './repairs/integer-products.js';
import { manyAxes } from './repairs/many-axes.js';
import { maxPool3dGradient } from './repairs/max-pool-3d.js';
import { maxPool3d, maxPoolWithArgmax } from './repairs/max-windows.js';
import { modByZero } from './repairs/mod.js';
import { oneHotOfTypes } from './repairs/one-hot.js';
import { broadcastPrelu } from './repairs/prelu.js';
import { selectOfTypes } from './repairs/select.js';
import { sliceInside } from './repairs/slice.js';
import { emptyMean, emptyReductions, emptySum } from './repairs/sum.js';
import { emptyTranspose } from './repairs/transpose.js';
import { unary } from './repairs/unary.js';
import { conv2dFilterGradient } from './side/conv-filter.js';
import { conv2d } from './side/conv-forward.js';
import { conv2dInputGradient } from './side/conv-input.js';
import { dense } from './side/dense.js';
import * as depthwise from './side/depthwise.js';
import * as elementwise from './side/elementwise.js';
import * as gru from './side/gru.js';
import * as joints from './side/joints.js';
import * as layerNorm from './side/layer-norm.js';
import * as lstm from './side/lstm.js';
import * as normalize from './side/normalize.js';
import * as permute from './side/permute.js';
import * as pooling from './side/pooling.js';
import * as products from './side/products.js';
import * as rows from './side/rows.js';
import * as softmax from './side/softmax.js';
import * as vectors from './side/vectors.js';

/** Every kernel that the package registers. Several entries of one name are tried in turn. */
export const trainingKernels: readonly TrainingKernel[] = [
  ...complexKernels,
  ...stringKernels,
  ...raggedKernels,
  ...channelsFirstKernels,
  ...fusedBiasKernels,
  {
    name: 'BatchMatMul',
    side: products.batchMatMul,
    composed: (call) => integerMatMul(call) ?? composedProducts.batchMatMul(call),
  },
  { name: '_FusedMatMul', side: products.fusedMatMul, composed: composedProducts.fusedMatMul },
  {
    name: 'Conv2DBackpropFilter',
    side: conv2dFilterGradient,
    composed: composedConvolutions.conv2dFilterGradient,
  },
  {
    name: 'Conv2DBackpropInput',
    side: conv2dInputGradient,
    composed: composedConvolutions.conv2dInputGradient,
  },
  {
    name: 'DepthwiseConv2dNativeBackpropFilter',
    side: depthwise.depthwiseFilterGradient,
    composed: composedConvolutions.depthwiseFilterGradient,
  },
  {
    name: 'DepthwiseConv2dNativeBackpropInput',
    side: depthwise.depthwiseInputGradient,
    composed: composedConvolutions.depthwiseInputGradient,
  },
  { name: 'MaxPoolGrad', side: pooling.maxPoolGradient, composed: composedPooling.maxPoolGradient },
  { name: 'AvgPoolGrad', side: pooling.avgPoolGradient },
  { name: 'Sum', side: rows.sum, composed: emptySum },
  { name: 'Mean', composed: emptyMean },
  { name: 'Tile', side: rows.tile, composed: tile },
  { name: 'Transpose', side: permute.transpose, composed: emptyTranspose },
  { name: 'Slice', side: permute.slice, composed: sliceInside },
  { name: 'Unpack', side: joints.unpack },
  { name: 'SplitV', side: joints.splitV },
  { name: 'Concat', side: joints.concat },
  { name: 'Pack', side: joints.pack },
  {
    name: 'UnsortedSegmentSum',
    side: rows.unsortedSegmentSum,
    composed: composedSegments.unsortedSegmentSum,
  },
  { name: 'Einsum', composed: einsum },
  { name: 'Conv2D', side: conv2d, composed: paddedConv2d },
  { name: 'FusedConv2D', side: conv2d, composed: activatedAfter(paddedConv2d) },
  { name: 'DepthwiseConv2dNative', composed: paddedDepthwise },
  { name: 'FusedDepthwiseConv2D', composed: activatedAfter(paddedDepthwise) },
  { name: 'MaxPool', composed: paddedMaxPool },
  { name: 'AvgPool', composed: paddedAvgPool },
  { name: 'MaxPool3D', composed: maxPool3d },
  { name: 'MaxPoolWithArgmax', composed: maxPoolWithArgmax },
  { name: 'MaxPool3DGrad', composed: maxPool3dGradient },
  { name: 'Conv3DBackpropFilterV2', composed: conv3dFilterGradient },
  { name: 'Conv3DBackpropInputV2', composed: conv3dInputGradient },
  { name: 'Select', composed: selectOfTypes },
  { name: 'Dilation2D', composed: dilation2d },
  { name: 'Dilation2DBackpropInput', composed: dilationInputGradient },
  { name: 'Dilation2DBackpropFilter', composed: dilationFilterGradient },
  { name: 'Mod', composed: modByZero },
  { name: 'GatherV2', composed: gatherInBatches },
  { name: 'OneHot', composed: oneHotOfTypes },
  { name: 'Prelu', composed: broadcastPrelu },
  { name: 'Reverse', composed: reverseBooleans },
  { name: 'StridedSlice', composed: stridedSliceOfTypes },
  { name: 'Bincount', composed: bincountOfAll },
  { name: 'Identity', composed: identity },
  { name: 'Cast', composed: castOfTypes },
  { name: 'SamBatchNorm', side: normalize.batchNorm },
  { name: 'SamBatchNormGrad', side: normalize.batchNormGradient },
  { name: 'SamMovingAverages', side: normalize.movingAverages },
  { name: 'SamLayerNorm', side: layerNorm.layerNorm },
  { name: 'SamLayerNormGrad', side: layerNorm.layerNormGradient },
  { name: 'SamDense', side: dense },
  { name: 'SamConv2D', side: conv2d },
  { name: 'SamReluGrad', side: normalize.reluGradient },
  { name: 'Tanh', side: elementwise.tanh },
  ...unary,
  ...manyAxes,
  ...emptyReductions,
  { name: 'Sign', composed: clip.sign },
  { name: 'Relu', side: elementwise.relu, composed: clip.relu },
  { name: 'Relu6', side: elementwise.relu6, composed: clip.relu6 },
  { name: 'ClipByValue', side: elementwise.clipByValue, composed: clip.clipByValue },
  { name: 'SamLstmCell', side: lstm.lstmCell },
  { name: 'SamLstmCellGrad', side: lstm.lstmCellGradient },
  { name: 'SamGruCell', side: gru.gruCell },
  { name: 'SamGruCellGrad', side: gru.gruCellGradient },
  { name: 'SamSoftmaxCrossEntropy', side: softmax.softmaxCrossEntropy },
  { name: 'SamSoftmaxCrossEntropyGrad', side: softmax.softmaxCrossEntropyGradient },
  { name: 'SamNorm', side: vectors.norm },
  { name: 'SamDot', side: vectors.dot },
  { name: 'SamScale', side: vectors.scale },
  { name: 'SamAscentScale', side: vectors.ascentScale },
  { name: 'SamAxpy', side: vectors.axpy },
  { name: 'SamChoose', side: vectors.choose },
  { name: 'SamSgd', side: vectors.sgd },
  { name: 'SamAdamW', side: vectors.adamw },
];

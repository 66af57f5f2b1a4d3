/** The packages of the project, one line for each. Written by `npm run generate`. */
import * as adaptiveRadius from '@tfjs-sam/adaptive-radius';
import * as aeSam from '@tfjs-sam/ae-sam';
import * as bilateralSam from '@tfjs-sam/bilateral-sam';
import * as bisam from '@tfjs-sam/bisam';
import * as bsam from '@tfjs-sam/bsam';
import * as eigenSam from '@tfjs-sam/eigen-sam';
import * as entropySgd from '@tfjs-sam/entropy-sgd';
import * as esam from '@tfjs-sam/esam';
import * as fisherSam from '@tfjs-sam/fisher-sam';
import * as friendlySam from '@tfjs-sam/friendly-sam';
import * as gsam from '@tfjs-sam/gsam';
import * as guidedSam from '@tfjs-sam/guided-sam';
import * as hessianSam from '@tfjs-sam/hessian-sam';
import * as layerSam from '@tfjs-sam/layer-sam';
import * as lookSam from '@tfjs-sam/look-sam';
import * as momentumSam from '@tfjs-sam/momentum-sam';
import * as msam from '@tfjs-sam/msam';
import * as multistepSam from '@tfjs-sam/multistep-sam';
import * as pgn from '@tfjs-sam/pgn';
import * as rwp from '@tfjs-sam/rwp';
import * as sam from '@tfjs-sam/sam';
import * as sampa from '@tfjs-sam/sampa';
import * as sassha from '@tfjs-sam/sassha';
import * as sparseSam from '@tfjs-sam/sparse-sam';
import * as stableSam from '@tfjs-sam/stable-sam';
import * as universalSam from '@tfjs-sam/universal-sam';
import * as vasso from '@tfjs-sam/vasso';
import * as wsam from '@tfjs-sam/wsam';
import * as xsam from '@tfjs-sam/xsam';
import * as zsharp from '@tfjs-sam/zsharp';

/** The exports of each package, by its name. */
export const packages: Readonly<Record<string, object>> = {
  '@tfjs-sam/adaptive-radius': adaptiveRadius,
  '@tfjs-sam/ae-sam': aeSam,
  '@tfjs-sam/bilateral-sam': bilateralSam,
  '@tfjs-sam/bisam': bisam,
  '@tfjs-sam/bsam': bsam,
  '@tfjs-sam/eigen-sam': eigenSam,
  '@tfjs-sam/entropy-sgd': entropySgd,
  '@tfjs-sam/esam': esam,
  '@tfjs-sam/fisher-sam': fisherSam,
  '@tfjs-sam/friendly-sam': friendlySam,
  '@tfjs-sam/gsam': gsam,
  '@tfjs-sam/guided-sam': guidedSam,
  '@tfjs-sam/hessian-sam': hessianSam,
  '@tfjs-sam/layer-sam': layerSam,
  '@tfjs-sam/look-sam': lookSam,
  '@tfjs-sam/momentum-sam': momentumSam,
  '@tfjs-sam/msam': msam,
  '@tfjs-sam/multistep-sam': multistepSam,
  '@tfjs-sam/pgn': pgn,
  '@tfjs-sam/rwp': rwp,
  '@tfjs-sam/sam': sam,
  '@tfjs-sam/sampa': sampa,
  '@tfjs-sam/sassha': sassha,
  '@tfjs-sam/sparse-sam': sparseSam,
  '@tfjs-sam/stable-sam': stableSam,
  '@tfjs-sam/universal-sam': universalSam,
  '@tfjs-sam/vasso': vasso,
  '@tfjs-sam/wsam': wsam,
  '@tfjs-sam/xsam': xsam,
  '@tfjs-sam/zsharp': zsharp,
};

import { type Plugin, pluginOf } from '@tfjs-sam/core/registry';
import { csv } from '../data/csv.js';
import { images } from '../data/images.js';
import { publishedDatasets } from '../data/published.js';
import { exporterParts } from '../export/exporter.js';
import { adversarial } from '../measures/adversarial.js';
import { classifierMeasures } from '../measures/classifier.js';
import { sharpnessMeasures } from '../measures/sharpness.js';
import { plainModels } from '../models/plain.js';
import { pretrained } from '../models/pretrained.js';
import { resnet } from '../models/resnet.js';
import { vit } from '../models/vit.js';
import { alignment } from '../trial/alignment.js';
import { supervised } from '../trial/supervised.js';
import { surface } from '../trial/surface.js';

const functions = [
  ...[supervised, alignment, surface],
  ...[...publishedDatasets, csv, images],
  ...[...plainModels, resnet, vit, pretrained],
  ...[...classifierMeasures, ...sharpnessMeasures, adversarial],
  ...exporterParts,
];

/** The parts that the lab brings. */
export const builtInParts: readonly Plugin[] = functions.map(({ part }) => pluginOf(part, '@tfjs-sam/lab'));

import { describeVariant } from '@tfjs-sam/testing';
import { suites } from './suites.js';

for (const suite of suites) describeVariant(suite);

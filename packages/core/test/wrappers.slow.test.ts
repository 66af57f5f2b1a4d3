import { describeWrapper } from './wrapper-suite.js';
import { wrappers } from './wrappers.js';

wrappers.forEach(describeWrapper);

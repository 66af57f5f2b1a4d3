import { describeResume, someCases } from './describe-resume.js';

describeResume(someCases);

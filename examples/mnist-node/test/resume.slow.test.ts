import { describeResume, everyCase } from './describe-resume.js';

describeResume(everyCase);

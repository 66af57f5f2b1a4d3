import { describeResume, oneCaseEach } from './describe-resume.js';

describeResume(oneCaseEach);

import { describeTrajectories } from './describe-trajectories.js';

describeTrajectories('cpu');

import { gpu } from './gpu/table.js';
import { gradient } from './gradient/table.js';
import { memory } from './memory/table.js';
import { overhead } from './overhead/table.js';
import { parallel } from './parallel/table.js';
import type { Table } from './results.js';
import { scaling } from './scaling/table.js';
import type { Settings } from './settings.js';
import { studies } from './studies/table.js';
import { threads } from './threads/table.js';
import { training } from './trainings/table.js';
import { variants } from './variants/table.js';

/** The tables by name, in the order of RESULTS.md. */
export const tables = {
  gradient,
  threads,
  parallel,
  training,
  overhead,
  variants,
  memory,
  scaling,
  studies,
  gpu,
} as const satisfies Record<string, (settings: Settings) => Promise<Table>>;

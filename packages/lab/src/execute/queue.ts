import type { Executor } from './executor.js';
// biome-ignore lint/complexity/noStaticOnlyClass: an executor follows
export class QueueExecutor {
  static async connect(_url: string, _folder: string): Promise<Executor> {
    throw new Error('not yet');
  }
}

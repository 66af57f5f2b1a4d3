import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
// @ts-expect-error: a script.
import { installNodes } from '../../scripts/check-packages/nodes.mjs';

interface Answer {
  readonly node: string;
  readonly how: string;
  readonly digests: Readonly<Record<string, string>>;
}

const program = fileURLToPath(new URL('./digest/train.mjs', import.meta.url));
/** Other versions of Node, `TFJS_SAM_NODES=20.19,22,24,26`. By default one, and two numbers of threads. */
const asked = process.env.TFJS_SAM_NODES;
const versions = (asked ?? '24').split(',');
const threads = asked ? [1, 2, 4] : [1, 2];

const folder = mkdtempSync(join(tmpdir(), 'digest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }), 120_000);
let nodes: string[] = [];
beforeAll(() => {
  nodes = [
    process.execPath,
    ...installNodes(['--nodes', versions.join()], folder, (command: string, ...args: string[]) =>
      execFileSync(command, args, { stdio: 'ignore' }),
    ),
  ];
}, 600_000);

async function answerOf(node: string, count: number): Promise<Answer> {
  const { stdout } = await promisify(execFile)(node, [program, String(count)], { maxBuffer: 2 ** 24 });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Answer;
}

it('every variant and base optimizer ends with the same bits on any version of Node and any number of threads', async () => {
  const want = await answerOf(nodes[0]!, 1);
  expect(Object.keys(want.digests).length).toBeGreaterThan(140);
  for (const node of nodes)
    for (const count of threads) {
      const answer = await answerOf(node, count);
      console.log(`Node ${answer.node}, ${answer.how}: ${Object.keys(answer.digests).length} trainings`);
      expect(answer.how).toBe(`plain, ${count} threads`);
      expect(answer.digests, `Node ${answer.node}, ${count} threads`).toEqual(want.digests);
    }
});

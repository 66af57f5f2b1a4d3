import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { seededRandom } from '@tfjs-sam/datasets';
import { main, runStudy } from '@tfjs-sam/lab';

type Draw = () => number;
const below = (draw: Draw, limit: number): number => Math.floor(draw() * limit);

/** Ways to damage a file, given all that a folder holds by path. */
const damages: Readonly<
  Record<string, (draw: Draw, bytes: Buffer, others: readonly Buffer[]) => Buffer | undefined>
> = {
  'a bit flipped': (draw, bytes) => {
    const changed = Buffer.from(bytes);
    const at = below(draw, bytes.length);
    changed[at] = changed[at]! ^ (1 << below(draw, 8));
    return changed;
  },
  'a digit changed': (draw, bytes) => {
    const digits = [...bytes.keys()].filter((at) => bytes[at]! >= 48 && bytes[at]! <= 57);
    const changed = Buffer.from(bytes);
    const at = digits[below(draw, digits.length)]!;
    changed[at] = 48 + ((changed[at]! - 48 + 1 + below(draw, 9)) % 10);
    return changed;
  },
  'cut short': (draw, bytes) => bytes.subarray(0, below(draw, bytes.length)),
  extended: (draw, bytes) => Buffer.concat([bytes, bytes.subarray(0, 1 + below(draw, bytes.length))]),
  'bytes removed': (draw, bytes) => {
    const at = below(draw, bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(draw, 40))]);
  },
  zeros: (_, bytes) => Buffer.alloc(bytes.length),
  'something else': (draw) =>
    Buffer.from(['', '{}', 'null', '[]', '3', '{"state":"done"}', '{"a":'][below(draw, 7)]!),
  exchanged: (draw, _, others) => others[below(draw, others.length)],
  gone: () => undefined,
};

class Recorder extends Writable {
  text = '';
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function command(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const [stdout, stderr] = [new Recorder(), new Recorder()];
  return { code: await main(args, { stdout, stderr }), stdout: stdout.text, stderr: stderr.text };
}

const study = {
  study: 'damaged',
  task: {
    dataset: { name: 'digits', train: 64 },
    model: { name: 'mlp', hidden: [4] },
    epochs: 3,
    validation: 0.25,
  },
  optimizer: { base: { name: 'sgd', learningRate: 0.1 } },
  arms: { sgd: null, sam: { variant: 'sam', rho: { grid: [0.05, 0.1] } } },
  seeds: 2,
  choose: { seeds: 1, stopping: { name: 'asha', from: 1, reduction: 2 } },
} as const;

/** Faults of what `status` says of a damaged folder: a line of the table is as it was, or its trial is not done. */
function faultsOf(
  { code, stdout, stderr }: Awaited<ReturnType<typeof command>>,
  lines: ReadonlySet<string>,
): string[] {
  if (code === 2) return stdout === '' && stderr.trimEnd().split('\n').length === 1 ? [] : ['not one line'];
  if (code !== 0) return [`exit code ${code}: ${stderr.slice(0, 300)}`];
  const wrong = stdout
    .split('\n')
    .filter((line) => !lines.has(line) && !/"state":"(queued|stopped)"/.test(line));
  return wrong.map((line) => `accepted: ${line.slice(0, 300)}`);
}

/** Damages files of a study's folder, one at a time, and looks at what is made of it. */
export async function damagedStudies(
  count: number,
  seed: number,
): Promise<{ tried: number; failed: readonly string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'tfjs-sam-damaged-'));
  const path = join(folder, 'study');
  const draw = seededRandom(seed);
  const failed: string[] = [];
  try {
    await runStudy(study, { folder: path });
    const whole = await command('status', path, '--canonical');
    const lines = new Set(whole.stdout.split('\n'));
    const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.jsonl?$/.test(name),
    );
    const files = new Map(names.map((name) => [name, readFileSync(join(path, name))]));
    for (let i = 0; i < count; i++) {
      const [kind, damage] = Object.entries(damages)[i % Object.keys(damages).length]!;
      const name = names[below(draw, names.length)]!;
      const bytes = files.get(name)!;
      const kin = names.filter((each) => each !== name && each.endsWith(name.slice(name.lastIndexOf('/'))));
      const damaged = damage(draw, bytes, kin.length > 0 ? kin.map((each) => files.get(each)!) : [bytes]);
      if (damaged) writeFileSync(join(path, name), damaged);
      else rmSync(join(path, name));
      const faults = faultsOf(await command('status', path, '--canonical'), lines);
      // What is done again becomes what it was.
      if (i % 100 === 99 && name !== 'study.json') {
        await runStudy(study, { folder: path });
        const { stdout } = await command('status', path, '--canonical');
        if (stdout !== whole.stdout) faults.push('it was not mended by going on');
      }
      failed.push(...faults.map((fault) => `${name}, ${kind}: ${fault}`));
      writeFileSync(join(path, name), bytes);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return { tried: count, failed };
}

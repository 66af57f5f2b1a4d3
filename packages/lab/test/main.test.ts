import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { loadRegistry, main, type Output, variantsOf } from '@tfjs-sam/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultsIn } from '../src/store/read-results.js';

let out: string;
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'tfjs-sam-lab-'));
});
afterAll(() => rmSync(out, { recursive: true }));

/** A stream that remembers its text. */
class Recorder extends Writable {
  text = '';
  constructor(readonly isTTY = false) {
    super();
  }
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const [stdout, stderr] = [new Recorder(), new Recorder()];
  const code = await main(args, { stdout, stderr });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

// Processes need the built code: these tests train in their own, once for one epoch or for two.
const tiniest = ['--models', 'mlp', '--epochs', '1', '--seeds', '1', '--batch-size', '300', '--workers', '0'];
const tiny = ['--epochs', '2', '--seeds', '2', '--batch-size', '300', '--workers', '0'];

/** The folder that a comparison of this name made. */
const folderOf = (name: string): string =>
  join(out, readdirSync(out).find((each) => each.endsWith(`-${name}`))!);

describe('compare', () => {
  it('chooses radii on the validation split, and shows a table per model and the path of a report', async () => {
    const { code, stdout, stderr } = await run('compare', ...tiny, '--out', out, '--name', 'tiny');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n');
    // Per model: SGD, and three radii of SAM and of Monge SAM, from two seeds.
    expect(
      lines.filter((line) => /^\[\d+\/28\] (cnn|mlp) .*: test accuracy 0\.\d{4}/.test(line)),
    ).toHaveLength(28);
    for (const name of ['sgd', 'sam', 'msam']) {
      expect(lines.filter((line) => line.startsWith(`│ ${name} `) && line.includes('±'))).toHaveLength(2);
    }
    expect(lines.filter((line) => /│ m?sam +│ rho 0\.\d+ +│ +2 │/.test(line))).toHaveLength(4);
    const report = /^Report: (.+report\.html)$/m.exec(stdout)![1]!;
    expect(report).toBe(join(folderOf('tiny'), 'report.html'));
    expect(readFileSync(report, 'utf8')).toContain('<svg');
    // The same is a study, which the other commands read.
    const status = await run('status', folderOf('tiny'));
    expect(status.stdout).toMatch(/^tiny: .*\d+ (done|chance)/);
  });

  it('draws a bar per trial on a terminal', async () => {
    const stdout: Output = new Recorder(true);
    const args = ['compare', ...tiny, '--variants', 'sgd', '--models', 'mlp', '--out', out];
    expect(await main(args, { stdout, stderr: new Recorder() })).toBe(0);
    expect((stdout as Recorder).text).toContain('mlp sgd seed 0');
    expect((stdout as Recorder).text).not.toContain('[1/2]');
  });

  it('takes every option', async () => {
    const { code } = await run(
      ...['compare', '--variants', 'asam', '--models', 'mlp', '--seeds', '1', '--epochs', '1'],
      ...['--batch-size', '200', '--learning-rate', '0.1', '--momentum', '0.5', '--rho', 'asam=0.25'],
      ...['--backend', 'cpu', '--workers', '0', '--out', out, '--name', 'all'],
    );
    expect(code).toBe(0);
    const { study, backend } = JSON.parse(readFileSync(join(folderOf('all'), 'study.json'), 'utf8'));
    expect(backend.name).toBe('cpu');
    expect(study).toMatchObject({
      task: { batchSize: 200, epochs: 1 },
      optimizer: { base: { learningRate: { name: 'cosine', from: 0.1 }, momentum: 0.5 } },
      arms: { asam: { variant: 'asam', rho: 0.25 } },
      seeds: 1,
    });
  });

  it('trains a variant by its name as by a configuration that names it', async () => {
    const config = join(out, 'fisher.json');
    writeFileSync(config, '{ "mine": { "variant": "fisher-sam" } }');
    // Folders of their own: else the second would take the first one's trials over.
    const trained = async (name: string, ...flags: string[]) => {
      const folder = join(out, `case-x-${name}`);
      const given = ['--variants', name, ...flags, '--rho', '0.05', '--out', folder];
      const { code, stderr } = await run('compare', ...tiniest, ...given);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const { trials } = resultsIn(join(folder, readdirSync(folder)[0]!));
      return trials.map(({ id, last }) => ({ id, last }));
    };
    const byName = await trained('fisher-sam');
    expect(byName).toHaveLength(1);
    expect(byName[0]!.last!.test.loss).toBeGreaterThan(0);
    expect(await trained('mine', '--config', config)).toEqual(byName);
  });

  it('gives groups of variables options of their own', async () => {
    const groups = ['--group', '(bias|gamma)$:rho=0', '--group', 'kernel:rho=0.5,weightDecay=0.001'];
    const { code, stderr } = await run(
      ...[
        'compare',
        ...tiniest,
        ...groups,
        '--variants',
        'sam',
        '--rho',
        '0.05',
        '--out',
        out,
        '--name',
        'groups',
      ],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { study } = JSON.parse(readFileSync(join(folderOf('groups'), 'study.json'), 'utf8'));
    expect(study.arms.sam.groups).toEqual([
      { match: '(bias|gamma)$', rho: 0 },
      { match: 'kernel', rho: 0.5, weightDecay: 0.001 },
    ]);
  });

  it('is deterministic where asked', async () => {
    const args = [
      '--variants',
      'sam',
      '--models',
      'mlp',
      '--rho',
      '0.1',
      ...tiny,
      '--out',
      out,
      '--name',
      'bits',
    ];
    expect((await run('compare', ...args, '--deterministic')).code).toBe(0);
    const { backend } = JSON.parse(readFileSync(join(folderOf('bits'), 'study.json'), 'utf8'));
    expect(backend).toEqual({ name: 'wasm', deterministic: true });
  });

  it.each([
    ['an unknown variant', ['--variants', 'sgd,sma'], /^compare: .*got "sma"\. Did you mean "sam"/],
    [
      'a number that is none',
      ['--epochs', 'ten'],
      /^compare: expected --epochs to be an integer >= 1, got "ten"/,
    ],
    ['an unknown option', ['--epohcs', '2'], /^error: unknown option '--epohcs' \(Did you mean --epochs\?\)/],
    ['an option without its value', ['--epochs'], /^error: option '--epochs <n>' argument missing/],
    ['a stray argument', ['extra'], /^error: too many arguments/],
    [
      'two wishes that exclude each other',
      ['--deterministic', '--backend', 'cpu'],
      /auto or wasm with --det/,
    ],
    ['a group without options', ['--group', 'bias$'], /^compare: expected --group to be .*got "bias\$"/],
    [
      'a group with an unknown option',
      ['--variants', 'sam', '--group', 'bias:roh=0'],
      /groups\.0\.roh: expected an option of .*\(match, rho, weightDecay, learningRate\).* Did you mean "rho"/,
    ],
    [
      'a group that the base alone cannot have',
      ['--group', 'bias:weightDecay=1'],
      /^compare: expected --group to set rho alone beside "sgd".*got "weightDecay"/,
    ],
    ['an unknown backend', ['--backend', 'abacus'], /backend: expected one of \[.*wasm.*\], got "abacus"/],
    [
      'too large a batch',
      ['--batch-size', '2000', '--out', 'OUT'],
      /task.*at most 718, the training examples, got 2000/,
    ],
  ])('answers %s with one line and exit code 2', async (_, args, message) => {
    const known = args.map((arg) => (arg === 'OUT' ? out : arg));
    const { code, stderr } = await run('compare', ...known);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain('\n');
  });
});

describe('variants', async () => {
  const variants = variantsOf(await loadRegistry());

  it('prints one line for each, with its source', async () => {
    const { code, stdout } = await run('variants');
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(variants.length);
    variants.forEach(({ name, summary, source }, i) => {
      expect(lines[i]!.startsWith(`${name} `)).toBe(true);
      expect(lines[i]).toContain(summary);
      expect(lines[i]).toContain(source);
    });
  });
});

describe('doctor', () => {
  const names = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'webgl', 'wasm', 'cpu'];
  /** The lines about each backend, the first one with its state. */
  const sections = (lines: readonly string[]): string[][] =>
    names.map((name) => {
      const start = lines.findIndex((line) => /^[+-] /.test(line) && line.slice(2).startsWith(`${name}: `));
      const length = lines.slice(start + 1).findIndex((line) => !line.startsWith('    '));
      return lines.slice(start, start + 1 + length);
    });

  it('tells of machine, Node and every backend: state or remedy, missing kernels and speeds', async () => {
    // As if TensorFlow.js had none of these for cpu.
    const kernel = tf.getKernel('EluGrad', 'cpu');
    tf.unregisterKernel('EluGrad', 'cpu');
    const { code, stdout, stderr } = await run('doctor', '--seconds', '0.1').finally(() =>
      tf.registerKernel(kernel),
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^machine: .+, \d+ cores, \d+ GiB, /);
    expect(lines[1]).toBe(`runtime: Node ${process.versions.node}, TensorFlow.js ${tf.version_core}`);
    expect(lines.at(-1)).toMatch(/^taken by default: [a-z-]+$/);
    const told = sections(lines);
    expect(told.flat()).toEqual(lines.slice(2, -1));
    const speeds = [
      expect.stringMatching(/^ {4}MLP .*: [\d.]+ ms per gradient$/),
      expect.stringMatching(/^ {4}CNN .*: [\d.]+ ms per gradient$/),
    ];
    const remedy =
      /^- [a-z-]+: .*(npm install @|npm install "webgpu@|Use Node 20|Force it|it needs|Install the|works in a browser only)/;
    for (const [state, ...more] of told) {
      if (state!.startsWith('- ')) expect(state).toMatch(remedy);
      else expect(more.filter((line) => !line.includes('lacks'))).toEqual(speeds);
    }
    expect(told[4]![0]).toMatch(/^\+ wasm: WebAssembly SIMD with \d+ training kernels, /);
    expect(told[5]![0]).toMatch(/^\+ cpu: plain JavaScript, .* times slower/);
    expect(told[5]![1]).toBe(
      '    lacks for training: EluGrad. A model that needs them trains with TFJS_SAM_BACKEND=wasm',
    );
  });

  it('leaves out the speed test when it may take no time', async () => {
    const { code, stdout } = await run('doctor', '--seconds', '0');
    expect(code).toBe(0);
    expect(stdout).toContain('+ wasm: ');
    expect(stdout).not.toContain('per gradient');
  });

  it.each(['-1', 'ten', 'Infinity'])(
    'answers --seconds %s with one line and exit code 2',
    async (seconds) => {
      const { code, stderr } = await run('doctor', '--seconds', seconds);
      expect(code).toBe(2);
      expect(stderr).toBe(`doctor: expected --seconds to be a number >= 0, got "${seconds}"\n`);
    },
  );
});

describe('plugins and configurations', () => {
  const plugin = fileURLToPath(new URL('./fixtures/plugin', import.meta.url));
  const config = (): string => join(out, 'configs.json');
  beforeAll(() =>
    writeFileSync(config(), '{ "mine": { "variant": "sam", "metric": { "name": "flat", "factor": 4 } } }'),
  );

  it('are compared by name', async () => {
    const extension = ['--plugin', plugin, '--config', config()];
    const args = ['--variants', 'sgd,mine', '--models', 'mlp', ...tiny, '--out', out, '--name', 'own'];
    const { code, stdout, stderr } = await run('compare', ...extension, ...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/│ mine .*│ rho /m);
    const { study } = JSON.parse(readFileSync(join(folderOf('own'), 'study.json'), 'utf8'));
    expect(study.arms.mine).toMatchObject({ variant: 'sam', metric: { name: 'flat', factor: 4 } });
  });

  it('are listed and described', async () => {
    const list = await run('variants', '--plugin', plugin, '--config', config());
    expect(list.stdout.trimEnd().split('\n').at(-1)).toMatch(/^mine .*"factor":4.*configs\.json\)$/);
    const { stdout } = await run('describe', 'flat', '--plugin', plugin);
    expect(stdout).toMatch(/^metric flat \(lab-test-plugin\): G = factor · I\n/);
    expect(stdout).toMatch(/│ factor +│ number +│ > 0 +│ 1 +│ What G multiplies by +│/);
    expect((await run('describe', 'msam')).stdout).toMatch(/^variant msam .*\nWhen to use it: \w/);
    expect((await run('describe', 'bisam-tanh')).stdout).toMatch(/│ lowerBound .*│ \{"kind":"tanh"\} │/);
    // A variant and a combiner have this name.
    expect((await run('describe', 'gsam')).stdout).toMatch(/^variant gsam /);
    expect((await run('describe', 'gsam', '--kind', 'combiner')).stdout).toMatch(/^combiner gsam /);
    const combiners = (await run('list', '--kind', 'combiner')).stdout.trimEnd().split('\n');
    expect(combiners).toContainEqual(expect.stringMatching(/^combiner +gsam /));
    expect(combiners.every((line) => line.startsWith('combiner '))).toBe(true);
    expect((await run('list', 'combiner')).stdout.trimEnd().split('\n')).toEqual(combiners);
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect(await run('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([
    [['describe', 'msam', '--kind', 'metrik'], /^describe: .*got "metrik". Did you mean "metric"/],
    [['list', '--kind', 'combinner'], /^list: .*got "combinner". Did you mean "combiner"/],
    [['describe', 'masm'], /^describe: .*got "masm"\. Did you mean "msam"/],
    [
      ['describe', 'm-sam'],
      /^describe: .*got "m-sam"\. Did you mean .*"momentum-sam" or "msam" or "multistep-sam"/,
    ],
    [['compare', '--plugin', 'no-such-package'], /^--plugin: .*got "no-such-package"/],
    [['variants', '--config', 'no-such-file.json'], /^--config: .*got "no-such-file\.json"/],
  ])('answer %j with one line and exit code 2', async (args, message) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain('\n');
  });
});

describe('the program', () => {
  it('helps with exit code 0, and answers an unknown command with 2', async () => {
    const help = await run('compare', '--help');
    expect(help.code).toBe(0);
    expect(help.stdout).toContain('--variants <names>');
    expect(help.stdout).toContain('(default: "sgd,sam,msam")');
    const unknown = await run('compaer');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(/^error: unknown command 'compaer' \(Did you mean compare\?\)\n$/);
  });

  it('shows help and exit code 2 when no command is given', async () => {
    const { code, stderr } = await run();
    expect(code).toBe(2);
    expect(stderr).toContain('Commands:');
  });

  it('tells of a folder that cannot be in one line, with exit code 2', async () => {
    const { code, stderr } = await run('compare', ...tiny, '--out', '/dev/null/nowhere');
    expect(code).toBe(2);
    expect(stderr).toContain('/dev/null');
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('says where an unexpected failure came from, with exit code 1', async () => {
    let stderr = '';
    const full = () => {
      throw new Error('the disk is full');
    };
    const outputs = { stdout: { write: full }, stderr: { write: (text: string) => (stderr += text) } };
    expect(await main(['variants'], outputs as never)).toBe(1);
    expect(stderr).toMatch(/Error: the disk is full\n\s+at /);
  });
});

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { seededRandom } from '@tfjs-sam/datasets';
import { main } from '@tfjs-sam/lab';
import { smallStudy } from './fixtures/cli.js';

type Draw = () => number;
/** A wrong call: files to put into the folder where it is made, and the arguments. */
interface Call {
  readonly args: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
}
type Maker = (draw: Draw) => Call;

const below = (draw: Draw, limit: number): number => Math.floor(draw() * limit);
const oneOf = <T>(draw: Draw, list: readonly T[]): T => list[below(draw, list.length)]!;

/** Text that nobody means: controls, line ends, other directions, markup, a megabyte of it. */
const odd: readonly ((draw: Draw) => string)[] = [
  () => '',
  () => ' ',
  () => '\u001b[2J\u001b]0;title\u0007',
  () => 'a\nb\r\nc',
  () => 'a\u0000b',
  () => '\u202egnirts\u2066',
  () => '__proto__',
  () => 'constructor',
  () => '<img src=x onerror=alert(1)>',
  () => '../'.repeat(40),
  () => 'x'.repeat(1_000_000),
  () => 'é'.repeat(300),
  () => '-1',
  () => 'NaN',
  () => '1e999',
  () => '0x10zz',
  () => '$(touch pwned)',
  (draw) => String.fromCharCode(...Array.from({ length: 1 + below(draw, 40) }, () => below(draw, 0xd7ff))),
];
const oddText = (draw: Draw): string => oneOf(draw, odd)(draw);

const commands = [
  ...['compare', 'variants', 'describe', 'doctor', 'run', 'status', 'worker'],
  ...['merge', 'report', 'export', 'diagnose', 'list'],
];
const numeric = ['--seeds', '--epochs', '--batch-size', '--learning-rate', '--momentum', '--rho'];

/** Wrong values of options that hold a number. */
const notNumbers = [
  '',
  ' ',
  'x',
  '-1',
  '1e999',
  'NaN',
  'Infinity',
  '1,2',
  '0x',
  '१',
  '--',
  '1 2',
  '\n1x',
  '1n',
];

/** A file of configurations that is none. */
const badConfig = (draw: Draw): string =>
  oneOf(draw, [
    () => '',
    () => 'null',
    () => '[]',
    () => '3',
    () => '{"a":',
    () => '{"a":3}',
    () => '{"a":{}}',
    () => '{"a":{"variant":"nobody"}}',
    () => '{"a":{"variant":"sam","rho":-1}}',
    () => '{"a":{"variant":"sam","rho":"x"}}',
    () => '{"a":{"variant":"sam","nothing":1}}',
    () => '{"a b":{"variant":"sam"}}',
    () => '{"sam":{"variant":"sam"}}',
    () => '{"__proto__":{"variant":"sam"}}',
    () => '{"a":{"variant":"__proto__"}}',
    () => '{"a":{"variant":"sam","__proto__":{"rho":1}}}',
    () => '{"a":{"variant":"sam","metric":{"name":"__proto__"}}}',
    () => '['.repeat(50_000),
    () => `{"a":${'{"variant":'.repeat(5_000)}1${'}'.repeat(5_000)}}`,
    () => `{"a":"${'x'.repeat(5_000_000)}"}`,
    () => '\u0000\u0001\u0002',
    (d: Draw) => JSON.stringify({ [oddText(d)]: 3 }),
    (d: Draw) => JSON.stringify({ a: { variant: `${oddText(d)} ` } }),
  ])(draw);

/** A module that is no plugin. */
const badPlugin = (draw: Draw): string =>
  oneOf(draw, [
    'throw new Error("broken\\nplugin \\u001b[31m")',
    'throw null',
    'throw { get message() { throw 1 } }',
    'export const plugins = 3',
    'export const plugins = [null]',
    'export const plugins = [3, {}]',
    'export const plugins = [{ name: "x" }]',
    'export default 3',
    'not javascript {',
    'import "nowhere-to-be-found"',
    'export const plugins = [{ kind: "variant", name: "a,b", package: "p", description: "d", create() {} }]',
    'export const plugins = [{ get name() { throw new Error("no") } }]',
  ]);

/** Changes one value of a study so that it is none. */
function badStudy(draw: Draw): string {
  const study = structuredClone(smallStudy) as unknown as Record<string, unknown>;
  const wrong = oneOf<unknown>(draw, [
    -1,
    'x y\n\u001b[0m',
    [],
    null,
    { nothing: 1 },
    0.5,
    '__proto__',
    [[]],
    true,
  ]);
  return oneOf(draw, [
    () =>
      JSON.stringify({
        ...study,
        [oneOf(draw, ['seeds', 'arms', 'retries', 'choose', 'study', 'task'])]: oneOf(draw, [
          -1,
          0.5,
          true,
          [[]],
          [-2],
        ]),
      }),
    () => JSON.stringify({ ...study, [`nothing${below(draw, 99)}`]: wrong }),
    () => JSON.stringify({ ...study, arms: { [`${oddText(draw)},`]: null } }),
    () =>
      JSON.stringify({
        ...study,
        arms: { a: { variant: oneOf<unknown>(draw, [-1, 'nobody', [], '__proto__']) } },
      }),
    () =>
      JSON.stringify({
        ...study,
        task: { ...(study.task as object), epochs: oneOf<unknown>(draw, [-1, 'x', 0.5, []]) },
      }),
    () => JSON.stringify({ ...study, task: { ...(study.task as object), dataset: { name: oddText(draw) } } }),
    () =>
      JSON.stringify({ ...study, task: { ...(study.task as object), model: { name: `${oddText(draw)}?` } } }),
    () => JSON.stringify(study).slice(0, -1 - below(draw, 200)),
    () => badConfig(draw),
    () => `study: [${'a,'.repeat(below(draw, 2_000))}`,
    () => `study: &a [${'*a,'.repeat(9)}]`,
    () => `\tstudy: x\n- 3: ${oddText(draw)}`,
  ])();
}

/** A comparison that would be over soon. */
const quickCompare = ['compare', '--variants', 'sgd', '--models', 'mlp', '--seeds', '1', '--epochs', '1'];

/** The kinds of wrong calls. */
const makers: Readonly<Record<string, Maker>> = {
  'an unknown command': (draw) => ({ args: [`${oddText(draw)}?`] }),
  'an unknown option': (draw) => ({ args: [oneOf(draw, commands), `--x${oddText(draw)}`] }),
  'an option without a value': (draw) => ({
    args: ['compare', oneOf(draw, [...numeric, '--out', '--config'])],
  }),
  'a number that is none': (draw) => ({
    args: ['compare', `${oneOf(draw, numeric.slice(0, 5))}=${oneOf(draw, notNumbers)}`],
  }),
  'a radius that is none': (draw) => ({
    args: [
      'compare',
      `--rho=${oneOf(draw, ['x', '-1', 'sam=', 'sam=x', '=1', 'nobody=1', '1,2', 'sam=1=2', '__proto__=1'])}`,
    ],
  }),
  'names that nobody has': (draw) => ({
    args: ['compare', oneOf(draw, ['--variants', '--models']), `${oddText(draw)},${oddText(draw)}?`],
  }),
  'a name of the folder that is none': (draw) => ({ args: ['compare', '--name', `${oddText(draw)}/?`] }),
  'a backend that nobody has': (draw) => ({
    args: ['compare', '--seeds', '0', '--backend', `${oddText(draw)}?`],
  }),
  'a file of configurations that is none': (draw) => ({
    args: [oneOf(draw, ['compare', 'variants']), '--config', 'config.json'],
    files: { 'config.json': badConfig(draw) },
  }),
  'a path of configurations that leads nowhere': (draw) => ({
    args: [
      oneOf(draw, ['compare', 'variants']),
      '--config',
      oneOf(draw, ['.', '/dev/null/x', `no/${oddText(draw)}`, 'x'.repeat(5_000)]),
    ],
  }),
  'a plugin that is none': (draw) => {
    const name = `plugin-${below(draw, 1e9)}.mjs`;
    const args = oneOf(draw, [['compare'], ['variants'], ['describe', 'sam']]);
    return { args: [...args, '--plugin', `./${name}`], files: { [name]: badPlugin(draw) } };
  },
  'a plugin that is nowhere': (draw) => ({ args: ['variants', '--plugin', `${oddText(draw)}-nowhere`] }),
  'a part that nobody has': (draw) => ({ args: ['describe', `${oddText(draw)}?`] }),
  'seconds that are none': (draw) => ({ args: ['doctor', `--seconds=${oneOf(draw, notNumbers)}`] }),
  'a study that is none': (draw) => ({
    args: ['run', 'study.yaml', '--workers', '0'],
    files: { 'study.yaml': badStudy(draw) },
  }),
  'a study that is nowhere': (draw) => ({
    args: ['run', `no/${oddText(draw)}.${oneOf(draw, ['yaml', 'json', 'mjs'])}`],
  }),
  'a folder of a study that is none': (draw) => ({
    args: [
      oneOf(draw, ['status', 'run', 'merge', 'report', 'export', 'diagnose']),
      oneOf(draw, ['.', 'file', '/dev/null', `no/${oddText(draw)}`]),
    ],
    files: { file: 'text' },
  }),
  'workers that are none': (draw) => ({
    args: ['run', 'study.json', `--workers=${oneOf(draw, notNumbers)}`],
    files: { 'study.json': JSON.stringify(smallStudy) },
  }),
  'a folder of results that cannot be': (draw) => ({
    args: [
      ...oneOf(draw, [['run', 'study.json'], quickCompare]),
      ...['--workers', '0', '--out'],
      oneOf(draw, [
        'file',
        'file/in',
        'x'.repeat(300),
        `new/${'y'.repeat(300)}`,
        `${'y'.repeat(200)}/`.repeat(30),
      ]),
    ],
    files: { 'study.json': JSON.stringify(smallStudy), file: 'text' },
  }),
  'a name of a folder that is too long': (draw) => ({
    args: [...quickCompare, '--workers', '0', '--out', oneOf(draw, ['.', 'new']), '--name', 'n'.repeat(300)],
  }),
  'a batch that the data do not fill': () => ({
    args: [...quickCompare, '--workers', '0', '--batch-size', '100000'],
  }),
  'a queue that is none': (draw) => ({
    args: [
      ...oneOf(draw, [['worker'], ['run', 'study.json']]),
      '--queue',
      oneOf(draw, [`${oddText(draw)}?`, 'http://127.0.0.1', 'redis:', 'redis://127.0.0.1:1']),
    ],
    files: { 'study.json': JSON.stringify(smallStudy) },
  }),
  'seconds of a lock that are none': (draw) => ({
    args: ['worker', '--queue', 'redis://127.0.0.1:1', `--lock-seconds=${oneOf(draw, notNumbers)}`],
  }),
  'a kind of parts that nobody has': (draw) => ({ args: ['list', `${oddText(draw)}?`] }),
  'steps that are none': (draw) => ({
    args: ['diagnose', 'study.json', `--steps=${oneOf(draw, notNumbers)}`],
    files: { 'study.json': JSON.stringify(smallStudy) },
  }),
  'a shard that is none': (draw) => ({
    args: [
      'run',
      'study.json',
      '--shard',
      oneOf(draw, ['x', '0/0', '3/2', '-1/2', '1/', '/2', '1/2/3', '1.5/2']),
    ],
    files: { 'study.json': JSON.stringify(smallStudy) },
  }),
};

/** What came of it: calls tried, and those that were not refused as they must be, in words. */
export interface Outcome {
  readonly tried: number;
  readonly failed: readonly string[];
}

class Recorder extends Writable {
  text = '';
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Names of all that lies in a folder. */
const contents = (folder: string): string => readdirSync(folder, { recursive: true }).sort().join('\n');

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

async function faultsOf({ args, files = {} }: Call, folder: string): Promise<string[]> {
  const here = mkdtempSync(join(folder, 'call-'));
  mkdirSync(join(here, 'empty'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(here, name), text);
  const before = contents(here);
  const [stdout, stderr] = [new Recorder(), new Recorder()];
  const cwd = process.cwd();
  process.chdir(here);
  try {
    const code = await main(args, { stdout, stderr });
    const lines = stderr.text.split('\n').slice(0, -1);
    return [
      code !== 2 && `exit code ${code}`,
      lines.length !== 1 && `${lines.length} lines`,
      /^ +at /m.test(stderr.text) && 'a stack trace',
      control.test(stderr.text) && 'control characters',
      stderr.text.length > 2_000 && `${stderr.text.length} characters`,
      stdout.text !== '' && `on stdout: ${stdout.text.slice(0, 100)}`,
      contents(here) !== before && `left behind ${contents(here).slice(0, 200)}`,
    ]
      .filter((fault) => fault !== false)
      .map((fault) => `${fault} (${stderr.text.slice(0, 300)})`);
  } finally {
    process.chdir(cwd);
    rmSync(here, { recursive: true });
  }
}

/** Makes so many wrong calls, of every kind in turn. */
export async function wrongCalls(count: number, seed: number): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'tfjs-sam-calls-'));
  const draw = seededRandom(seed);
  const failed: string[] = [];
  for (let i = 0; i < count; i++) {
    const [kind, make] = Object.entries(makers)[i % Object.keys(makers).length]!;
    const call = make(draw);
    const faults = await faultsOf(call, folder);
    if (faults.length > 0)
      failed.push(`${kind}: ${JSON.stringify(call).slice(0, 300)}: ${faults.join('; ')}`);
  }
  rmSync(folder, { recursive: true });
  return { tried: count, failed };
}

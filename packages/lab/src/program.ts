import { Command, CommanderError } from 'commander';
import type { Catalog, CatalogOptions } from './catalog.js';
import type { DiagnoseOptions } from './commands/diagnose.js';
import type { ExportOptions } from './commands/report.js';
import type { SharpnessOptions } from './commands/sharpness.js';
import { compareDefaults, parseCompareConfig, parseDoctorOptions, type RawCompareOptions } from './config.js';
import { isSystemError, UnfinishedError, UsageError } from './errors.js';
import { printable } from './printable.js';
import type { Output } from './progress.js';
import { labVersion } from './version.js';

/** Where a command writes. */
export interface Outputs {
  /** Results. On a terminal, progress is drawn as bars. */
  readonly stdout: Output;
  /** Mistakes. */
  readonly stderr: Output;
}

/** Exit codes: success, failure while running, wrong call. A run that a signal stopped has the shell's, 128 and its number. */
const exitCodes = { success: 0, failure: 1, usage: 2 } as const;

// Modules are loaded late: a wrong option or --help answers at once, without TensorFlow.js.
const catalogOf = async (options: CatalogOptions): Promise<Catalog> =>
  (await import('./catalog.js')).createCatalog(options);

/** A subcommand that takes what extends the built-in variants. */
function addCommand(program: Command, name: string, description: string): Command {
  const collect = (value: string, values: readonly string[] = []): string[] => [...values, value];
  return program
    .command(name)
    .description(description)
    .option(
      '--plugin <module>',
      'a package, folder or file whose plugins are added; may be repeated',
      collect,
    );
}

/** Flags of `compare`; `group` has a line for each time that it was given. */
type CompareFlags = RawCompareOptions & CatalogOptions & { readonly group?: string };

const configHelp =
  'JSON file of further variants, which --variants may name: { "mine": { "variant": "sam", … } }';

function addCompare(program: Command, { stdout }: Outputs): void {
  const { rho: _, workers: __, groups: ___, ...shown } = compareDefaults;
  const what = 'Train the same models with several optimizers on the embedded digits, and compare.';
  addCommand(program, 'compare', what)
    .option('--variants <names>', 'optimizers, comma-separated: see the command variants', shown.variants)
    .option('--models <names>', 'models, comma-separated', shown.models)
    .option('--seeds <n>', 'trainings of each variant and model', shown.seeds)
    .option('--epochs <n>', 'epochs of each training', shown.epochs)
    .option('--batch-size <n>', 'examples in a batch', shown.batchSize)
    .option('--learning-rate <rate>', 'learning rate of the base optimizer, SGD', shown.learningRate)
    .option('--momentum <fraction>', 'momentum of the base optimizer', shown.momentum)
    .option(
      '--rho <radius>',
      'radius, for all variants (0.1) or by name (sam=0.1,asam=1); default: chosen on a validation split',
    )
    .option(
      '--group <pattern:options>',
      'options of the variables whose names match, for all variants (bias$:rho=0,weightDecay=0); may be repeated',
      (line: string, lines?: string) => (lines === undefined ? line : `${lines}\n${line}`),
    )
    .option('--backend <name>', 'TensorFlow.js backend; auto takes the fastest that works', shown.backend)
    .option('--deterministic', 'on wasm, with plain SIMD: the same bits on every machine, but slower')
    .option('--workers <n>', 'processes that train at a time, 0 for none but this; default: the cores')
    .option('--out <folder>', 'where the folder of results is made', shown.out)
    .option('--name <name>', 'part of the name of that folder', shown.name)
    .option('--config <file>', configHelp)
    .addHelpText('after', '\nExample:\n  tfjs-sam compare --variants sgd,sam,asam --models mlp --seeds 3')
    .action(async ({ plugin, config, group = '', ...options }: CompareFlags) => {
      const { variants: known } = await catalogOf({ plugin, config });
      const names = known.map(({ name }) => name);
      const checked = parseCompareConfig({ ...options, groups: group }, names);
      const { compareCommand } = await import('./commands/compare.js');
      await compareCommand(checked, stdout, known, plugin ?? []);
    });
}

function addVariants(program: Command, { stdout }: Outputs): void {
  addCommand(
    program,
    'variants',
    'List the optimizers that compare knows, one per line, each with its source.',
  )
    .option('--config <file>', configHelp)
    .addHelpText('after', '\nExample:\n  tfjs-sam variants --plugin ./parts.mjs')
    .action(async ({ plugin, config }: CatalogOptions) => {
      const { variants: known } = await catalogOf({ plugin, config });
      const width = Math.max(...known.map(({ name }) => name.length));
      for (const { name, summary, source } of known) {
        stdout.write(`${name.padEnd(width)}  ${summary} (${source})\n`);
      }
    });
}

function addDescribe(program: Command, { stdout }: Outputs): void {
  const what = 'Show the options of a variant, metric, filter or any other part that configurations name.';
  addCommand(program, 'describe', what)
    .argument('<name>', 'its name in configurations')
    .option('--kind <kind>', 'its kind, where parts of several kinds have that name')
    .addHelpText('after', '\nExample:\n  tfjs-sam describe gsam --kind combiner')
    .action(async (name: string, { plugin, kind }: CatalogOptions & { readonly kind?: string }) => {
      const { kindNamed } = await import('./commands/list.js');
      const wanted = kind === undefined ? undefined : kindNamed('describe', kind);
      const { registry } = await catalogOf({ plugin });
      const { describePlugin } = await import('./describe.js');
      stdout.write(describePlugin(registry, name, wanted));
    });
}

function addDoctor(program: Command, { stdout }: Outputs): void {
  program
    .command('doctor')
    .description(
      'Examine machine and backends: what runs, what is missing, what helps, and how fast it trains.',
    )
    .option('--seconds <n>', 'length of the speed test, shared by the backends that work; 0 for none')
    .addHelpText('after', '\nExample:\n  tfjs-sam doctor --seconds 5')
    .action(async (options: { readonly seconds?: string }) => {
      const checked = parseDoctorOptions(options);
      const { doctor, formatDoctorReport } = await import('@tfjs-sam/backends');
      const { enableProdMode } = await import('@tensorflow/tfjs');
      // As compare does: no checks of every kernel's output, and no banner about the node backend.
      enableProdMode();
      stdout.write(`${formatDoctorReport(await doctor(checked)).join('\n')}\n`);
    });
}

function addRun(program: Command, { stdout }: Outputs): void {
  program
    .command('run')
    .description('Run a study, or go on with one: trials that are done are not run again.')
    .argument('<study>', 'a study file (.yaml, .json or a module), or the folder of a study')
    .option('--out <folder>', 'folder of the study; default: runs/<name of the study>')
    .option('--workers <n>', 'processes that train at a time, 0 for none but this; default: the cores')
    .option('--full', 'the size that the section `full` of the study gives, in runs/<name>-full')
    .option('--dry-run', 'check the study and count its trials, without running any')
    .option('--extend', 'accept a study to which arms or seeds were added')
    .option('--retry-failed', 'begin failed trials again')
    .option(
      '--shard <i/n>',
      'do a part of the study, into a folder of its own; default: the task of a Slurm array or an indexed job',
    )
    .option('--queue <url>', 'hand trials to workers elsewhere: redis://… or postgres://…')
    .addHelpText('after', '\nExample:\n  tfjs-sam run studies/label-noise.yaml --workers 2')
    .action(async (study: string, options: object) => {
      const { runCommand } = await import('./commands/run.js');
      await runCommand(study, options, stdout);
    });
}

function addWorker(program: Command, { stdout }: Outputs): void {
  program
    .command('worker')
    .description('Do trials that `run --queue` hands out, until stopped. Start one on every machine.')
    .requiredOption('--queue <url>', 'server of the queue: redis://… or postgres://…')
    .option('--workers <n>', 'processes that train at a time; default: the cores')
    .option('--lock-seconds <n>', 'silence after which a trial is given to another worker; default: 30')
    .addHelpText('after', '\nExample:\n  tfjs-sam worker --queue redis://:secret@server:6379 --workers 4')
    .action(async (options: object) => {
      const { workerCommand } = await import('./commands/worker.js');
      await workerCommand(options, stdout);
    });
}

function addMerge(program: Command, { stdout }: Outputs): void {
  program
    .command('merge')
    .description('Join the folders of shards into that of the whole study.')
    .argument('<folders...>', 'folders that run --shard made')
    .option(
      '--out <folder>',
      'folder of the whole study; default: the name of the shards without -shard-i-of-n',
    )
    .addHelpText('after', '\nExample:\n  tfjs-sam merge runs/label-noise-shard-*')
    .action(async (folders: string[], options: object) => {
      const { mergeCommand } = await import('./commands/merge.js');
      await mergeCommand(folders, options, stdout);
    });
}

function addList(program: Command, { stdout }: Outputs): void {
  addCommand(program, 'list', 'List what a study may name: tasks, data sets, models, measures, optimizers, …')
    .argument('[kind]', 'one kind alone: dataset, model, measure, variant, base-optimizer, …')
    .option('--kind <kind>', 'the same')
    .addHelpText('after', '\nExamples:\n  tfjs-sam list dataset\n  tfjs-sam list --kind combiner')
    .action(async (kind: string | undefined, options: CatalogOptions & { readonly kind?: string }) => {
      const { listCommand } = await import('./commands/list.js');
      await listCommand(kind ?? options.kind, options, stdout);
    });
}

function addStatus(program: Command, { stdout }: Outputs): void {
  program
    .command('status')
    .description('Show where a study stands: what is done, what runs, what failed and why.')
    .argument('<folder>', 'the folder of a study')
    .option('--canonical', 'all numbers but times, in an order of their own: equal however the study was run')
    .addHelpText('after', '\nExample:\n  tfjs-sam status runs/label-noise')
    .action(async (folder: string, options: { readonly canonical?: boolean }) => {
      const { statusCommand } = await import('./commands/status.js');
      statusCommand(folder, options, stdout);
    });
}

function addReport(program: Command, { stdout }: Outputs): void {
  program
    .command('report')
    .description('Draw the report of a study again, finished or not, without training.')
    .argument('<folder>', 'the folder of a study')
    .addHelpText('after', '\nExample:\n  tfjs-sam report runs/label-noise')
    .action(async (folder: string) => {
      const { reportCommand } = await import('./commands/report.js');
      await reportCommand(folder, stdout);
    });
}

function addExport(program: Command, { stdout }: Outputs): void {
  program
    .command('export')
    .description('Write the tables and figures of a study as files, or log its trials to an MLflow server.')
    .argument('<folder>', 'the folder of a study')
    .option(
      '--format <names>',
      'csv, markdown, latex, parquet, svg, html, jsonl, tensorboard; comma-separated',
    )
    .option('--out <folder>', 'where the files go (default: export/<format> in the folder of the study)')
    .option('--mlflow <url>', 'an MLflow server: one run per trial, each logged once')
    .addHelpText(
      'after',
      '\nExamples:\n  tfjs-sam export runs/label-noise --format latex,csv\n  tfjs-sam export runs/label-noise --mlflow http://localhost:5000',
    )
    .action(async (folder: string, options: ExportOptions) => {
      const { exportCommand } = await import('./commands/report.js');
      await exportCommand(folder, options, stdout);
    });
}

function addDiagnose(program: Command, { stdout }: Outputs): void {
  program
    .command('diagnose')
    .description('Do some steps of a training and look for what makes sharpness-aware training do nothing.')
    .argument('<study>', 'a study file, its folder, or a module that exports a function "training"')
    .option('--steps <n>', 'steps to look at', '10')
    .addHelpText(
      'after',
      '\nExamples:\n  tfjs-sam diagnose study.yaml\n  tfjs-sam diagnose train.mjs    export const training = () => ({ optimizer, variables, statistics, step: () => { optimizer.minimize(loss); } })',
    )
    .action(async (study: string, options: DiagnoseOptions) => {
      const { diagnoseCommand } = await import('./commands/diagnose.js');
      await diagnoseCommand(study, options, stdout);
    });
}

function addSharpness(program: Command, { stdout }: Outputs): void {
  const what = 'Measure how flat a trained model is: spectrum, sharpness, calibration, each with its error.';
  addCommand(program, 'sharpness', what)
    .argument('<model>', 'a folder that model.save wrote, or a module that exports a function "subject"')
    .option('--data <data set>', "its name, { name, … } as in a study, or a CSV file: 'digits', data.csv")
    .option('--split <name>', 'examples to look at: train or test', 'train')
    .option('--examples <n>', 'how many, at most', '1024')
    .option('--batch-size <n>', 'examples in memory at a time', '256')
    .option(
      '--matrix <name>',
      'gauss-newton or hessian; default: the first, where network and loss are apart',
    )
    .option('--eigenvalues <n>', 'eigenvalues of largest absolute value', '3')
    .option('--probes <n>', 'probes of trace and Frobenius norm; 0 leaves them out', '30')
    .option('--rho <radius>', "radius of the worst case, in the metric's length", '0.05')
    .option('--steps <n>', 'steps of ascent of the worst case', '10')
    .option('--restarts <n>', 'starts of the ascent, others from random points of the ball', '1')
    .option('--normalise-logits', 'measure the loss of logits divided by their spread')
    .option('--metric <name>', 'ball of the worst case: a metric by name, or infinity; default: Euclidean')
    .option('--layers', 'spectra of each layer as well')
    .option('--landscape <n>', 'draw the loss over a plane of n by n points; goes on where it was stopped')
    .option('--directions <name>', 'of the plane: random (of the filters’ norms) or eigenvectors', 'random')
    .option('--seed <n>', 'names all draws', '0')
    .option('--backend <name>', 'TensorFlow.js backend; auto takes the fastest that works', 'auto')
    .option('--out <folder>', 'where report and numbers go; default: sharpness/<name of the model>')
    .addHelpText(
      'after',
      '\nExamples:\n  tfjs-sam sharpness models/digits --data digits --landscape 21\n  tfjs-sam sharpness subject.mjs    export const subject = async () => ({ model, data: { x, y } })',
    )
    .action(async (model: string, options: SharpnessOptions) => {
      const { sharpnessCommand } = await import('./commands/sharpness.js');
      await sharpnessCommand(model, options, stdout);
    });
}

function createProgram(outputs: Outputs): Command {
  const program = new Command('tfjs-sam')
    .description('Experiments with sharpness-aware training in TensorFlow.js.')
    .version(labVersion(), '--version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => outputs.stdout.write(text),
      writeErr: (text) => outputs.stderr.write(text),
      // commander puts its suggestion on a line of its own; a mistake here is one line.
      outputError: (text, write) => write(`${printable(text.trim().replaceAll('\n', ' '))}\n`),
    });
  addRun(program, outputs);
  addStatus(program, outputs);
  addMerge(program, outputs);
  addList(program, outputs);
  addWorker(program, outputs);
  addReport(program, outputs);
  addExport(program, outputs);
  addDiagnose(program, outputs);
  addSharpness(program, outputs);
  addCompare(program, outputs);
  addVariants(program, outputs);
  addDescribe(program, outputs);
  addDoctor(program, outputs);
  return program;
}

/**
 * Runs the command line `tfjs-sam`.
 *
 * @param args - What follows the program's name: `['compare', '--seeds', '1']`.
 * @returns The exit code: 0, 1 when a trial or the program failed, 2 for a wrong call, 130 or 143 when a signal stopped a run;
 *   what is not 0 is told in one line on `stderr`.
 */
export async function main(args: readonly string[], outputs: Outputs): Promise<number> {
  try {
    await createProgram(outputs).parseAsync([...args], { from: 'user' });
    return exitCodes.success;
  } catch (error) {
    // commander has written its own message; its exit code is 0 after --help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.success : exitCodes.usage;
    if (error instanceof UsageError) {
      outputs.stderr.write(`${printable(error.lines.join('; '))}\n`);
      return exitCodes.usage;
    }
    if (error instanceof UnfinishedError) {
      outputs.stderr.write(`${printable(error.message)}\n`);
      return error.exitCode;
    }
    if (isSystemError(error)) {
      outputs.stderr.write(`tfjs-sam: ${printable(error.message)}\n`);
      return aboutPaths.has(error.code) ? exitCodes.usage : exitCodes.failure;
    }
    // Nobody expected this: the stack says where it came from.
    outputs.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return exitCodes.failure;
  }
}

/** Codes of the system's errors for a path that was given and cannot be used. */
const aboutPaths = new Set(
  'EACCES EEXIST EINVAL EISDIR ELOOP ENAMETOOLONG ENOENT ENOTDIR ENOTEMPTY EPERM EROFS'.split(' '),
);

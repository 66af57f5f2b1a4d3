// Mutation testing: of files that are named, or of a random sample of the lines that compute a step.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root, variantFolders } from './workspace.mjs';

const variants = variantFolders();

/** What a step is made of, and so what the tests have to hold: room by room. */
const rooms = {
  rules: ['packages/core/src/rules'],
  oracle: ['packages/core/src/oracle'],
  driver: ['packages/core/src/driver'],
  optimizers: ['packages/core/src/optimizers'],
  curvature: ['packages/core/src/curvature'],
  algebra: ['packages/core/src/algebra'],
  variants: variants.map((name) => `packages/${name}/src`),
};

const tests = [
  'packages/core/test/**/*.test.ts',
  ...variants.map((name) => `packages/${name}/test/**/*.test.ts`),
  ...['declarations', 'laws', 'some-variables'].map((name) => `packages/tfjs-sam/test/${name}.test.ts`),
  'golden/test/golden.test.ts',
  'golden/test/reference.test.ts',
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    room: { type: 'string', multiple: true, default: Object.keys(rooms) },
  },
});

function fail(message) {
  console.error(`mutation: ${message}`);
  process.exit(2);
}

const unknown = values.room.filter((name) => !(name in rooms));
if (unknown.length > 0) fail(`there is no room ${unknown.join(', ')}: ${Object.keys(rooms).join(', ')}`);
if (values.sample === undefined && positionals.length === 0)
  fail('expected FILE,FILE [TEST…], or --sample PERCENT [--seed N] [--room NAME…] [TEST…]');

/** Numbers in [0, 1) that a seed determines (mulberry32). */
function uniform(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const sourcesOf = (folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => join(folder, file));

/** Every line of a room is taken with the same chance; StrykerJS makes all mutants that lie within it. */
function sampledLines() {
  const percent = Number(values.sample);
  if (!(percent > 0 && percent <= 100)) fail(`--sample ${values.sample} is no percentage within (0, 100]`);
  const draw = uniform(Number(values.seed));
  return Object.keys(rooms).flatMap((name) =>
    rooms[name].flatMap(sourcesOf).flatMap((file) => {
      const lines = readFileSync(join(root, file), 'utf8').split('\n');
      const taken = [...lines.keys()].filter(() => draw() * 100 < percent);
      return values.room.includes(name) ? taken.map((i) => `${file}:${i + 1}-${i + 1}`) : [];
    }),
  );
}

/** Bounds of a share at 95 % (Wilson), in percent. */
function bounds(successes, tries) {
  const z = 1.96;
  const share = successes / tries;
  const centre = share + z ** 2 / (2 * tries);
  const half = z * Math.sqrt((share * (1 - share)) / tries + z ** 2 / (4 * tries ** 2));
  return [centre - half, centre + half].map((bound) => ((100 * bound) / (1 + z ** 2 / tries)).toFixed(1));
}

/** The report as a table of rooms, and a line per mutant that no test noticed. */
function summarise() {
  const { files } = JSON.parse(readFileSync(join(root, 'runs/mutation/report.json'), 'utf8'));
  const mutants = Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants.map((mutant) => ({ ...mutant, file, source })),
  );
  const noticed = ({ status }) => status === 'Killed' || status === 'Timeout';
  const counted = mutants.filter(({ status }) =>
    ['Killed', 'Timeout', 'Survived', 'NoCoverage'].includes(status),
  );
  const rows = [...Object.entries(rooms), ['all', Object.values(rooms).flat()]].flatMap(([name, folders]) => {
    const those = counted.filter(({ file }) => folders.some((folder) => file.startsWith(folder)));
    if (those.length === 0) return [];
    const killed = those.filter(noticed).length;
    const share = ((100 * killed) / those.length).toFixed(1);
    return [
      `| ${name} | ${those.length} | ${killed} | ${share} % | ${bounds(killed, those.length).join('–')} % |`,
    ];
  });
  const survivors = counted
    .filter((mutant) => !noticed(mutant))
    .map(({ file, location: { start, end }, source, replacement, status }) => {
      const line = source.split('\n')[start.line - 1];
      const before = line.slice(start.column - 1, start.line === end.line ? end.column - 1 : undefined);
      return `${file}:${start.line}: ${before} → ${replacement}${status === 'NoCoverage' ? ' (reached by no test)' : ''}`;
    });
  writeFileSync(join(root, 'runs/mutation/survivors.txt'), `${survivors.join('\n')}\n`);
  const head = ['| room | mutants | killed | share | 95 % |', '| --- | ---: | ---: | ---: | ---: |'];
  console.log([...head, ...rows].join('\n'));
  console.log('Survivors: runs/mutation/survivors.txt');
}

const [files, ...named] =
  values.sample === undefined
    ? positionals
    : [sampledLines().join(','), ...(positionals.length > 0 ? positionals : tests)];
const env = { ...process.env, ...(named.length > 0 && { TFJS_SAM_MUTATION_TESTS: named.join(' ') }) };
const stryker = join(root, 'node_modules', '.bin', 'stryker');
const { status } = spawnSync(stryker, ['run', '--mutate', files], { cwd: root, stdio: 'inherit', env });
summarise();
process.exit(status ?? 1);

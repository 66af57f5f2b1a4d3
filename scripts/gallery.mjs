// Runs the examples and writes what they print into their READMEs: node scripts/gallery.mjs [NAME…]
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { withSection } from './tables.mjs';
import { root } from './workspace.mjs';

/** The most lines that are shown: the first and the last ones stay. */
const LINES = 8;

function shortened(lines) {
  if (lines.length <= LINES) return lines;
  return [...lines.slice(0, 2), '…', ...lines.slice(3 - LINES)];
}

/** What a program prints; stops when it fails. */
function printed(cwd, ...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`gallery: ${args.join(' ')} in ${cwd} failed\n${stdout}\n${stderr}`);
  return stdout;
}

/** A study's table and one figure of its report. */
function study(folder) {
  const cli = join(root, 'packages/lab/dist/cli.js');
  const runs = mkdtempSync(join(tmpdir(), 'tfjs-sam-gallery-'));
  try {
    printed(folder, cli, 'run', 'study.yaml', '--out', join(runs, 'rings'));
    printed(folder, cli, 'export', join(runs, 'rings'), '--format', 'markdown,svg');
    const exported = join(runs, 'rings', 'export');
    const figures = readdirSync(join(exported, 'svg')).sort();
    const figure = figures.find((name) => /difference/i.test(name)) ?? figures[0];
    copyFileSync(join(exported, 'svg', figure), join(folder, 'result.svg'));
    const [summary] = /^\|[\s\S]*?(?=\n\n|$(?![\s\S]))/m.exec(
      readFileSync(join(exported, 'markdown', 'tables.md'), 'utf8'),
    );
    return `${summary}\n\n![Differences to SGD](result.svg)`;
  } finally {
    rmSync(runs, { recursive: true, force: true });
  }
}

/** The lines of a program without what the backend says of itself; a table stays a table. */
function lines(folder, program) {
  const all = printed(folder, program)
    .split('\n')
    .map((line) => line.trimEnd());
  const own = all.filter((line) => line !== '' && !/: (not )?taken\b|^backend/.test(line));
  if (own.some((line) => line.startsWith('|'))) return own.filter((line) => line.startsWith('|')).join('\n');
  return `\`\`\`text\n${shortened(own).join('\n')}\n\`\`\``;
}

const wanted = process.argv.slice(2);
for (const name of readdirSync(join(root, 'examples')).sort()) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const folder = join(root, 'examples', name);
  const program = ['dist/main.js', 'dist/train.js'].find((file) => existsSync(join(folder, file)));
  if (!program && !existsSync(join(folder, 'study.yaml'))) continue;
  const result = program ? lines(folder, program) : study(folder);
  const readme = join(folder, 'README.md');
  const { description } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const text = existsSync(readme) ? readFileSync(readme, 'utf8') : `# ${name}\n\n${description}.\n`;
  const about = `Printed by \`npm run gallery -- ${name}\` with Node ${process.versions.node.split('.')[0]} on ${cpus().length} cores${existsSync(join(folder, 'test')) ? '; its test asserts in CI that it learns' : ''}.`;
  writeFileSync(readme, withSection(text, 'result', `## Result\n\n${result}\n\n${about}`));
  console.log(`gallery: ${name}`);
}

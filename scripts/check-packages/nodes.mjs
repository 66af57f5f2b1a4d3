// Other versions of Node, from npm's packages of them: nothing but the registry is needed.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Installs the versions of Node that `--nodes 22,24` names.
 *
 * @param args - Arguments of the command.
 * @param folder - Where they may lie; each gets a folder of its own.
 * @param sh - Runs a program.
 * @returns Their programs.
 */
export function installNodes(args, folder, sh) {
  const [flag, list = ''] = args;
  if (flag === undefined) return [];
  if (flag !== '--nodes' || !/^\d+(\.\d+)*(,\d+(\.\d+)*)*$/.test(list))
    throw new Error(`check-packages: expected --nodes 22,24 or nothing, got "${args.join(' ')}"`);
  const platform = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  return list.split(',').map((version) => {
    const prefix = join(folder, 'nodes', version);
    mkdirSync(prefix, { recursive: true });
    sh('npm', 'install', '--no-audit', '--no-fund', '--prefix', prefix, `${platform}@${version}`);
    return join(prefix, 'node_modules', platform, 'bin', 'node');
  });
}

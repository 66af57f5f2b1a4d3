import { describedPart, type Kind, type Plugin, type Registry } from '@tfjs-sam/core/registry';
import Table from 'cli-table3';
import { UsageError } from './errors.js';

const shown = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

function found(registry: Registry, name: string, kind?: Kind): Plugin {
  try {
    return registry.find(name, kind);
  } catch (error) {
    throw new UsageError(`describe: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * A plugin's one line and its table of options, for the terminal.
 *
 * @param wanted - Its kind; the first that has the name by default.
 * @throws UsageError when nothing has that name.
 */
export function describePlugin(registry: Registry, name: string, wanted?: Kind): string {
  const plugin = found(registry, name, wanted);
  const { kind, package: source } = plugin;
  const table = new Table({
    head: ['option', 'type', 'range', 'default', 'what it is'],
    style: { head: [], border: [], compact: true },
  });
  for (const row of registry.describe(name, kind)) {
    const value = row.required ? 'required' : shown(row.default);
    table.push([row.name, row.type, row.range, value, row.description]);
  }
  const use = plugin.use ? `When to use it: ${plugin.use}.\n` : '';
  return `${kind} ${name} (${source}): ${describedPart(plugin)}\n${use}${table.toString()}\n`;
}

import { describedPart, type Plugin, type Registry } from '@tfjs-sam/core/registry';
import Table from 'cli-table3';
import { UsageError } from './errors.js';

const shown = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

function found(registry: Registry, name: string): Plugin {
  try {
    return registry.find(name);
  } catch (error) {
    throw new UsageError(`describe: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * A plugin's one line and its table of options, for the terminal.
 *
 * @throws UsageError when nothing has that name.
 */
export function describePlugin(registry: Registry, name: string): string {
  const plugin = found(registry, name);
  const { kind, package: source } = plugin;
  const table = new Table({
    head: ['option', 'type', 'range', 'default', 'what it is'],
    style: { head: [], border: [], compact: true },
  });
  for (const row of registry.describe(name)) {
    const value = row.required ? 'required' : shown(row.default);
    table.push([row.name, row.type, row.range, value, row.description]);
  }
  return `${kind} ${name} (${source}): ${describedPart(plugin)}\n${table.toString()}\n`;
}

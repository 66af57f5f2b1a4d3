/** Members of Node's own that this package uses. Types alone: they are erased. */
interface NodeModules {
  readonly 'node:child_process': typeof import('node:child_process');
  readonly 'node:module': typeof import('node:module');
  readonly 'node:os': typeof import('node:os');
  readonly 'node:path': typeof import('node:path');
  readonly 'node:url': typeof import('node:url');
}

/**
 * A module of Node's own, by no import: bundlers for browsers follow those, also behind a dynamic one, and stop where
 * they name what a browser lacks. To be called in Node only.
 */
export function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] {
  const { getBuiltinModule } = process as Partial<typeof process>;
  if (!getBuiltinModule)
    throw new Error(
      `expected a Node with process.getBuiltinModule, got ${process.versions.node}. Use Node 20.19, or 22.3 and later`,
    );
  return getBuiltinModule(name) as NodeModules[Name];
}

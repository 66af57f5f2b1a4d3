#!/usr/bin/env bash
# Publishes what is new. npm's provenance asks for the repository's address in every package: the workflow knows it.
set -euo pipefail
for folder in packages/*/; do
  (cd "$folder" && npm pkg set repository.type=git "repository.url=git+https://github.com/$GITHUB_REPOSITORY.git" \
    "repository.directory=${folder%/}")
done
# changesets calls pnpm, which puts versions in the place of `workspace:` and `catalog:`: npx has it on the path of what it runs.
npx --yes "$(node -p 'require("./package.json").packageManager')" exec changeset publish

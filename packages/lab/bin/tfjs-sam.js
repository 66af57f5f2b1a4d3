#!/usr/bin/env node
// Checked in, so that a package manager can link it before anything is built.
import '../dist/cli.js';

#!/usr/bin/env node
/** Implements `libneon`, a command-line client for WebDAV servers. */
import { main } from './main.js';

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});

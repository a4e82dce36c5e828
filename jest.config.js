'use strict';

/** @type {import('jest').Config} */
module.exports = {
  // The compiled tests, as they are: deps/setup.mjs has run tsc.
  roots: ['<rootDir>/dist/test'],
  testMatch: ['**/*.test.js'],
  transform: {},
  testEnvironment: 'node',
  testTimeout: 90_000, // a hang is an error; a slow machine is not,
  maxWorkers: 2,
};

'use strict';

/** @type {import('jest').Config} */
module.exports = {
  // The compiled tests, as they are: deps/setup.mjs has run tsc.
  roots: ['<rootDir>/dist/test'],
  testMatch: ['**/*.test.js'],
  transform: {},
  testEnvironment: 'node',
  testTimeout: 30_000,
  maxWorkers: 2,
};

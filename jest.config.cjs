'use strict';

// The processor trains, also where there is a GPU: tests compare bytes.
process.env.W2V_CUDA_LIBRARY ??= 'none';

/** Tests run on the TypeScript sources; `npm run typecheck` checks their types. */
module.exports = {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testTimeout: 300_000, // for what hangs: a slow or busy machine is no failure
  testEnvironment: '<rootDir>/test/env.cjs',
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.[cm]?ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
};

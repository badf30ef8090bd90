'use strict';

// Jest runs tests in a realm of their own, while the addon makes its values in the main one, where the
// typed arrays are other classes: share those, so that `instanceof` and toEqual see one class.
const { TestEnvironment } = require('jest-environment-node');

const shared = [
  Float32Array,
  Float64Array,
  Int8Array,
  Int16Array,
  Int32Array,
  Uint16Array,
  Uint32Array,
  Uint8ClampedArray,
  BigInt64Array,
  BigUint64Array,
];

module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    for (const constructor of shared) this.global[constructor.name] = constructor;
  }
};

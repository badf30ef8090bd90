// ES modules get the CommonJS build's classes: one implementation, one identity.
export * from './npm-word2vec.js';

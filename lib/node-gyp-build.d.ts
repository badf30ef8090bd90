declare module 'node-gyp-build' {
  /** Loads the addon of the package in a folder: compiled there, else a prebuild that fits this machine. */
  function load(folder: string): unknown;
  export = load;
}

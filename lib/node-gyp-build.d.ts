declare module 'node-gyp-build' {
  /** Loads the addon of the package in a folder: compiled there, else a prebuild that fits this machine. */
  function load(folder: string): unknown;
  namespace load {
    /** The path of that addon. */
    function resolve(folder: string): string;
  }
  export = load;
}

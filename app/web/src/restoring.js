// Pyodide from a memory snapshot that has the app imported: seconds become tenths. Format: `webapp/snapshot.py`.
//
// This leans on Pyodide's private parts (`_loadSnapshot`, `API.restoreSnapshot`); a test of ours fails where an upgrade
// moves them, and the worker then boots plainly.

const COMPILED = "pyodide.asm.wasm";

const readHeader = (file) => {
  const size = new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  return [JSON.parse(new TextDecoder().decode(file.subarray(4, 4 + size))), 4 + size];
};

/** Put the pages of a snapshot into a module's memory; what Pyodide keeps beside them is returned. */
const restore = (module, file) => {
  const [header, begin] = readHeader(file);
  if (header.build !== module.API.config.BUILD_ID) throw new Error("the snapshot is of another Pyodide");
  module.HEAPU8.fill(0);
  if (header.heap > module.HEAPU8.length && !module.growMemory?.(header.heap)) {
    throw new Error("the snapshot needs more memory than there is");
  }
  let at = begin;
  for (const [address, size] of header.runs) {
    module.HEAPU8.set(file.subarray(at, at + size), address);
    at += size;
  }
  return header.keys;
};

/** Options for loadPyodide that restore `snapshot` (a promise of its bytes), and what undoes their side effects. */
export const restoring = (pyodide, snapshot) => {
  // pyodide.mjs compiles only once the snapshot is there; compile at once and hand the module in.
  const compiled = WebAssembly.compileStreaming(fetch(pyodide + COMPILED));
  const glue = import(`${pyodide}pyodide.asm.mjs`);
  for (const early of [compiled, glue, snapshot]) early.catch(() => {}); // awaited below
  const stockFetch = self.fetch;
  const stockInstantiate = WebAssembly.instantiateStreaming;
  self.fetch = (target, options) =>
    String(target.url ?? target).endsWith(`/${COMPILED}`) ? Promise.resolve(new Response()) : stockFetch(target, options);
  WebAssembly.instantiateStreaming = async (_, imports) => {
    const module = await compiled;
    return { module, instance: await WebAssembly.instantiate(module, imports) };
  };
  return {
    options: {
      _loadSnapshot: new Uint8Array(4), // a stand-in: the real one is put in place below
      createPyodideModule: async (settings) => {
        const module = await (await glue).default(settings);
        const file = await snapshot;
        module.API.restoreSnapshot = () => restore(module, file);
        return module;
      },
    },
    undo: () => {
      self.fetch = stockFetch;
      WebAssembly.instantiateStreaming = stockInstantiate;
    },
  };
};

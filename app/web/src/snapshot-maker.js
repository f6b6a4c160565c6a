// Build time only: imports the app in Pyodide and hands out its memory. See `ops/parley_ops/webapp/snapshot.py`.
import { fetchBytes, untar, writeFiles } from "./archive.js";
import * as bridge from "./bridge.js";

const HOME = "/home/pyodide/app";

// Where the worker that restores the snapshot will have its own.
self.flet_js = {};
self.parley_bridge = bridge;

self.onmessage = async ({ data: { pyodide, archive, flet_names } }) => {
  try {
    const { loadPyodide } = await import(`${pyodide}pyodide.mjs`);
    const files = untar(await fetchBytes(archive));
    const python = await loadPyodide({
      indexURL: pyodide,
      _makeSnapshot: true,
      // No C extension may be in a snapshot, so msgpack begins as plain Python. Hashes need a seed that is known.
      env: { HOME: "/home/pyodide", MSGPACK_PUREPYTHON: "1", PYTHONHASHSEED: "0" },
      fsInit: async (fileSystem) => writeFiles(fileSystem, HOME, files),
    });
    const globals = python._api.config.jsglobals; // remembers by which path a JavaScript object was reached
    python.registerJsModule("flet_js", globals.flet_js);
    python.registerJsModule("parley_bridge", globals.parley_bridge);
    await python.runPythonAsync(`
import gc, os, sys
sys.path.insert(0, "${HOME}")
import flet as ft
import parley_app.browser
import flet.messaging.pyodide_connection, flet.messaging.session, flet.components.component
for name in ${JSON.stringify(flet_names)}:  # Flet resolves its names at their first use
    getattr(ft, name, None)
found = [name for name, module in sys.modules.items() if str(getattr(module, "__file__", "")).endswith(".so")]
assert not found, f"C extensions in the snapshot: {found}"
os.environ.pop("MSGPACK_PUREPYTHON")
del name
gc.collect()
`);
    const snapshot = python.makeMemorySnapshot();
    self.postMessage({ snapshot }, [snapshot.buffer]);
  } catch (error) {
    self.postMessage({ failure: `${error}\n${error.stack}` });
  }
};

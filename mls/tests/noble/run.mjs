// Runs pytest inside Pyodide under Node, on the primitives that browsers get.
// argv: JSON of {pyodide, primitives, mounts: {path: folder}, variables, paths: [import path], arguments: [pytest's]}
const told = JSON.parse(process.argv[2]);
const { loadPyodide } = await import(told.pyodide);
const python = await loadPyodide({ env: { HOME: "/home/pyodide", ...told.variables } });
python.registerJsModule("parley_bridge", await import(told.primitives));
for (const [path, root] of Object.entries(told.mounts)) {
  python.FS.mkdirTree(path);
  python.FS.mount(python.FS.filesystems.NODEFS, { root }, path);
}
python.globals.set("told", python.toPy({ paths: told.paths, arguments: told.arguments }));
const code = await python.runPythonAsync(`
import sys
sys.path[:0] = told["paths"]
sys.dont_write_bytecode = True
import pytest
int(pytest.main(told["arguments"]))
`);
process.exit(code);

// Runs pytest inside Pyodide under Node, on the primitives that browsers get.
// What waits for JavaScript runs before, since pytest cannot wait there.
// argv: JSON of {pyodide, primitives, mounts: {path: folder}, variables, paths: [import path], before: code, arguments: [pytest's]}
const told = JSON.parse(process.argv[2]);
const { loadPyodide } = await import(told.pyodide);
const python = await loadPyodide({ env: { HOME: "/home/pyodide", ...told.variables } });
python.registerJsModule("parley_bridge", await import(told.primitives));
for (const [path, root] of Object.entries(told.mounts)) {
  python.FS.mkdirTree(path);
  python.FS.mount(python.FS.filesystems.NODEFS, { root }, path);
}
python.globals.set("told", python.toPy({ paths: told.paths, arguments: told.arguments }));
python.globals.set("bridge_anew", (name) => import(`${told.primitives}?${name}`));
await python.runPythonAsync(`
import sys
sys.path[:0] = told["paths"]
sys.dont_write_bytecode = True
`);
await python.runPythonAsync(told.before);
const code = await python.runPythonAsync(`
import pytest
int(pytest.main(told["arguments"]))
`);
process.exit(code);

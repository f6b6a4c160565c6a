// Runs Python in Pyodide under Node, on the primitives that browsers get, and prints what it answers.
// argv: JSON of {pyodide, primitives, mounts: {path: folder}, paths: [import path], code}
const told = JSON.parse(process.argv[2]);
const { loadPyodide } = await import(told.pyodide);
const python = await loadPyodide({ env: { HOME: "/home/pyodide" } });
python.registerJsModule("parley_bridge", await import(told.primitives));
python.registerJsModule("bench_clock", {
  cpu_s: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
});
for (const [path, root] of Object.entries(told.mounts)) {
  python.FS.mkdirTree(path);
  python.FS.mount(python.FS.filesystems.NODEFS, { root }, path);
}
python.globals.set("paths", python.toPy(told.paths));
await python.runPythonAsync("import sys; sys.path[:0] = paths; sys.dont_write_bytecode = True");
process.stdout.write(await python.runPythonAsync(told.code));

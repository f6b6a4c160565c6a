// Byte-compile a folder with the very interpreter that will run it: Pyodide under Node. argv: pyodide.mjs FOLDER
const { loadPyodide } = await import(process.argv[2]);
const python = await loadPyodide();
python.FS.mkdirTree("/src");
python.FS.mount(python.FS.filesystems.NODEFS, { root: process.argv[3] }, "/src");
python.runPython(`
import pathlib, py_compile
for path in pathlib.Path("/src").rglob("*.py"):
    py_compile.compile(str(path), cfile=f"{path}c", dfile=str(path.relative_to("/src")), doraise=True, optimize=2,
                       invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    path.unlink()
`);

// Runs Python in Pyodide in a worker of a browser, as encryption.mjs does under Node. What it is given: code; what it says: an answer, or a failure.
import * as bridge from "./primitives.js";

const bytesOf = async (path) => {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
};

self.onmessage = async ({ data: { code, paths } }) => {
  try {
    const { loadPyodide } = await import("/pyodide/pyodide.mjs");
    const python = await loadPyodide({ indexURL: "/pyodide/", env: { HOME: "/home/pyodide" } });
    python.registerJsModule("parley_bridge", bridge);
    // A page is not told of the processor.
    python.registerJsModule("bench_clock", { cpu_s: () => performance.now() / 1000 });
    python.unpackArchive(await bytesOf("/rooms.tar"), "tar", { extractDir: "/" });
    python.FS.mkdirTree("/handed");
    python.FS.writeFile("/handed/stage.json", await bytesOf("/stage.json"));
    python.globals.set("paths", python.toPy(paths));
    await python.runPythonAsync("import sys; sys.path[:0] = paths");
    self.postMessage({ answer: await python.runPythonAsync(code) });
  } catch (error) {
    self.postMessage({ failure: String(error) });
  }
};

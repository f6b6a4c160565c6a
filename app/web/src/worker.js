// The worker that runs Python: the app's views and the client core. `boot.js` starts it before Flutter asks for it; from
// then on it keeps the message contract of Flet's own python-worker.js.
import { fetchBytes, untar, writeFiles } from "./archive.js";
import * as bridge from "./bridge.js";
import { adoptPage } from "./page-port.js";
import { restoring } from "./restoring.js";

const HOME = "/home/pyodide/app";

// A snapshot finds these two by their names on the global object.
self.flet_js = {}; // Flet's connection puts its callbacks here
self.parley_bridge = bridge;
const { flet_js } = self;

const began = performance.now();
const marks = {};
const mark = (name) => {
  marks[name] = Math.round(performance.now() - began);
};

const beside = (name) => new URL(`./${name}`, import.meta.url).href;

flet_js.receive_callback = (message) => {
  const bytes = message.toJs();
  self.postMessage(bytes, [bytes.buffer]);
};

const load = async (pyodide, archive, snapshot) => {
  const { loadPyodide } = await import(`${pyodide}pyodide.mjs`);
  const { options, undo } = snapshot ? restoring(pyodide, snapshot) : { options: {}, undo: () => {} };
  try {
    const python = await loadPyodide({
      indexURL: pyodide,
      stdout: (line) => console.log(line),
      stderr: (line) => console.warn(line),
      env: { HOME: "/home/pyodide" },
      fsInit: async (fileSystem) => writeFiles(fileSystem, HOME, untar(await archive)),
      ...options,
    });
    if (!snapshot) {
      python.registerJsModule("flet_js", flet_js);
      python.registerJsModule("parley_bridge", bridge);
      python.runPython(`import sys; sys.path.insert(0, "${HOME}")`);
    }
    return python;
  } finally {
    undo();
  }
};

const boot = async ({ pyodide, document_url }) => {
  const archive = fetchBytes(beside("app.tar"));
  archive.catch(() => {}); // awaited later; a failure before that is not unhandled
  let python;
  if (SNAPSHOT) {
    try {
      python = await load(pyodide, archive, fetchBytes(beside("app.snapshot")));
      marks.restored = true;
    } catch (error) {
      console.warn(`booting plainly: ${error}`);
    }
  }
  python ??= await load(pyodide, archive);
  mark("python");
  flet_js.documentUrl = document_url;
  self.python = python; // for the browser tests, which ask the core in its own worker
  const app = python.pyimport("parley_app.browser");
  mark("imported");
  app.start();
  await flet_js.start_connection(flet_js.receive_callback);
  mark("ready");
};

let booted;
let adopted = false;

self.onmessage = async ({ data }) => {
  if (data.prewarm) {
    adoptPage(data.page);
    booted = boot(data);
    booted.catch(() => {}); // told below, to whoever adopts the worker
  } else if (!adopted) {
    adopted = true;
    flet_js.args = data.args;
    try {
      await booted;
      self.postMessage("initialized");
      console.debug(`worker ${JSON.stringify(marks)}`);
    } catch (error) {
      self.postMessage(String(error));
    }
  } else if (flet_js.send) flet_js.send(data);
};

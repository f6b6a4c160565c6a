// The worker that runs Python: the app's views and the client core. `boot.js` starts it before Flutter asks for it; from
// then on it keeps the message contract of Flet's own python-worker.js.
import { fetchBytes, untar, writeFiles } from "./archive.js";
import * as bridge from "./bridge.js";

export const HOME = "/home/pyodide/app";

const flet_js = {}; // Flet's connection finds its callbacks here
const marks = { began: performance.now() };
const mark = (name) => {
  marks[name] = Math.round(performance.now() - marks.began);
};

const beside = (name) => new URL(`./${name}`, import.meta.url).href;

flet_js.receive_callback = (message) => {
  const bytes = message.toJs();
  self.postMessage(bytes, [bytes.buffer]);
};

const say = (line) => console.log(line);
const complain = (line) => console.warn(line);

const boot = async ({ pyodide, document_url }) => {
  const archive = fetchBytes(beside("app.tar"));
  archive.catch(() => {}); // awaited below; a failure before that is not unhandled
  const { loadPyodide } = await import(/* the build does not bundle this */ `${pyodide}pyodide.mjs`);
  const python = await loadPyodide({
    indexURL: pyodide,
    stdout: say,
    stderr: complain,
    env: { HOME: "/home/pyodide" },
    fsInit: async (fileSystem) => writeFiles(fileSystem, HOME, untar(await archive)),
  });
  mark("python");
  python.registerJsModule("flet_js", flet_js);
  python.registerJsModule("parley_bridge", bridge);
  flet_js.documentUrl = document_url;
  python.runPython(`import sys; sys.path.insert(0, "${HOME}")`);
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

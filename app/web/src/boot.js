// First script of the page: starts Python's worker at once, and tells Flutter where its files are.
import { servePage } from "./page.js";

const { stock, pyodide } = document.currentScript.dataset;

let worker = new Worker(new URL("./worker.js", document.currentScript.src), { type: "module" });
const { port1, port2 } = new MessageChannel(); // beside Flet's messages, for what only a page can do
servePage(port1);
worker.postMessage({ prewarm: true, pyodide, document_url: document.URL, page: port2 }, [port2]);

/** The running worker, once: Flet's python.js adopts it in place of a new one. */
globalThis.parleyTakeWorker = () => {
  const taken = worker;
  worker = undefined;
  if (!taken) throw new Error("Python's worker was taken already");
  return taken;
};

// What Flet's own index.html defines in an inline script.
globalThis.flet = {
  pyodide: true,
  multiView: false,
  noCdn: true,
  webSocketEndpoint: "/ws",
  entrypointBaseUrl: stock,
  assetBase: stock,
  routeUrlStrategy: "path",
  canvasKitBaseUrl: `${stock}canvaskit/`,
  fontFallbackBaseUrl: `${stock}assets/fonts/`.slice(1), // Flutter puts it below the page's base, which is /
  webRenderer: "auto", // skwasm where the engine has WebAssembly garbage collection, else canvaskit
};
flet.flutterAppLoaded = new Promise((resolve) => {
  flet.flutterAppResolve = resolve;
});

// Flutter makes the tree that assistive technology reads once its placeholder was pressed; with ?a11y nobody has to.
if (new URLSearchParams(location.search).has("a11y")) {
  const watching = new MutationObserver(() => {
    const placeholder = document.querySelector("flt-semantics-placeholder");
    if (!placeholder) return;
    watching.disconnect();
    placeholder.click();
  });
  watching.observe(document, { childList: true, subtree: true });
}

// WebKit restores a Flutter page from its back/forward cache with scheduling broken: only a new engine recovers.
addEventListener("pageshow", (event) => {
  if (event.persisted && navigator.vendor?.startsWith("Apple")) location.reload();
});

if ("serviceWorker" in navigator) {
  addEventListener("load", () => navigator.serviceWorker.register("/service-worker.js"));
}

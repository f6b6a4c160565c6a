// What Python imports as `parley_bridge`: registered by the worker before any Python of ours runs.
export * from "./database.js";
export * from "./files.js";
export * from "./network.js";
export { ask_page, listen_to_page } from "./page-port.js";
export * from "./primitives.js";
export * from "./tabs.js";

// The worker's end of the port to its page: what only a page can do is asked there. The other end is page.js.

const waiting = new Map();
let port;
let listener;
let early = [];
let count = 0;

/** Take the port that the page sent along; called once, before Python starts. */
export const adoptPage = (given) => {
  port = given;
  port.onmessage = ({ data }) => {
    if (data.opened !== undefined) {
      if (listener) listener(data.opened);
      else early.push(data.opened);
      return;
    }
    waiting.get(data.key)?.(data.answer);
    waiting.delete(data.key);
  };
};

/** Ask the page; JSON in, and out {"result": …} or {"failure": a word for programs, "reason": the browser's own}. */
export const ask_page = (request, params) =>
  new Promise((resolve) => {
    count += 1;
    waiting.set(count, resolve);
    port.postMessage({ key: count, request, params });
  });

/** Hear which conversation a notification asked for, "" for none. */
export const listen_to_page = (given) => {
  listener = given;
  for (const opened of early) listener(opened);
  early = [];
};

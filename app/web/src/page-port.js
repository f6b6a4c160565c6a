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
    if (data.event) {
      if (listener) listener(data.event, data.value);
      else early.push(data);
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

/** Hear of "opened": a notification was pressed, and its conversation or ""; and of "followed": an address that differs in its fragment. */
export const listen_to_page = (given) => {
  listener = given;
  for (const { event, value } of early) listener(event, value);
  early = [];
};

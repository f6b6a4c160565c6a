// fetch and WebSocket for `parley_client.platforms.fetch`, with bounds that the browser does not set by itself.

const QUEUED_CHARACTERS_MAX = 64 * 1024 * 1024;
const CLOSE_TOO_LARGE = 4000; // ours to the server: a browser may not send 1009
const CLOSE_ABNORMAL = 1006;

export const origin = () => self.location.origin;

/**
 * Start a request. `answer` resolves to {failure, status, headers, body}; `failure` is empty or a kind of NetworkError; `abort`
 * ends it early.
 */
export const fetch_bounded = (method, url, headers, body, timeout_ms, size_bytes_max) => {
  const controller = new AbortController();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    controller.abort();
  }, timeout_ms);
  const answer = run(method, url, headers, body, controller, size_bytes_max)
    .catch(() => ({ failure: late ? "timeout" : "unreachable" }))
    .finally(() => clearTimeout(timer));
  return { answer, abort: () => controller.abort() };
};

const run = async (method, url, headers, body, controller, size_bytes_max) => {
  const response = await fetch(url, {
    method,
    headers,
    body,
    signal: controller.signal,
    cache: "no-store",
    credentials: "same-origin",
    redirect: "error",
    referrerPolicy: "no-referrer",
  });
  const parts = [];
  let size = 0;
  const reader = response.body?.getReader(); // Safari's streams cannot be iterated
  for (let part = await reader?.read(); part && !part.done; part = await reader.read()) {
    size += part.value.length;
    if (size > size_bytes_max) {
      controller.abort();
      return { failure: "protocol" };
    }
    parts.push(part.value);
  }
  return { failure: "", status: response.status, headers: [...response.headers], body: join(parts, size) };
};

const join = (parts, size) => {
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
};

class Socket {
  #socket;
  #frames = [];
  #queued = 0;
  #wake = () => {};
  close_code = 0;

  constructor(url, size_max) {
    this.#socket = new WebSocket(url);
    this.opened = new Promise((resolve) => {
      this.#socket.addEventListener("open", () => resolve(true));
      this.#socket.addEventListener("close", () => resolve(false));
    });
    this.#socket.addEventListener("message", (event) => this.#receive(event.data, size_max));
    this.#socket.addEventListener("close", (event) => {
      this.close_code ||= event.code || CLOSE_ABNORMAL;
      this.#wake();
    });
  }

  #receive(data, size_max) {
    if (typeof data !== "string" || data.length > size_max || this.#queued + data.length > QUEUED_CHARACTERS_MAX) {
      this.#socket.close(CLOSE_TOO_LARGE);
      return;
    }
    this.#queued += data.length;
    this.#frames.push(data);
    this.#wake();
  }

  /** The oldest frame that waits, or undefined. */
  take() {
    const frame = this.#frames.shift();
    if (frame !== undefined) this.#queued -= frame.length;
    return frame;
  }

  /** Resolves when a frame has come or the socket has closed. */
  news() {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#frames.length || this.close_code) resolve();
    });
  }

  /** False where the socket is no longer open. */
  send(frame) {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(frame);
    return true;
  }

  close() {
    this.#socket.close();
  }
}

export const open_socket = (url, size_max) => new Socket(url, size_max);

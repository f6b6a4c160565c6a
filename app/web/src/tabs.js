// The other tabs of this browser, for `parley_app.shared_engine`.

class Channel {
  #channel;

  constructor(name) {
    this.#channel = new BroadcastChannel(name);
  }

  post(text) {
    this.#channel.postMessage(text);
  }

  listen(listener) {
    this.#channel.addEventListener("message", (event) => listener(event.data));
  }
}

export const open_channel = (name) => new Channel(name);

/** Resolves when this worker holds the lock; it keeps it until it ends. */
export const acquire_lock = (name) =>
  new Promise((resolve, reject) => {
    navigator.locks
      .request(name, () => {
        resolve();
        return new Promise(() => {});
      })
      .catch(reject);
  });

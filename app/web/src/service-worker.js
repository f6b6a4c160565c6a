// The page's service worker: the app opens without a network, from the files of the build that last worked.
// Pushes are opened by push.js and shown by push-events.js. BUILD and SHELL are written by the build; what has a hash in its name is kept until a build without it is active.

import { handleClick, handlePush } from "./push-events.js";

const NAME = `parley-${BUILD}`;
const HASHED = /^\/[a-z]+-[0-9a-f]{12}\//;

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(NAME);
      // Whatever an earlier build has already need not come again.
      await Promise.all(
        SHELL.map(async (path) => {
          const known = HASHED.test(path) && (await caches.match(path));
          await (known ? cache.put(path, known) : cache.add(new Request(path, { cache: "no-cache" })));
        }),
      );
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith("parley-") && name !== NAME) await caches.delete(name);
      }
      await self.clients.claim();
    })(),
  );
});

const fromCache = async (request, path) => {
  const cache = await caches.open(NAME);
  const known = await cache.match(path);
  if (known) return known;
  const answer = await fetch(request);
  if (answer.ok && HASHED.test(path)) await cache.put(path, answer.clone());
  return answer;
};

// The page itself comes from the network while there is one, so that a new build is seen at the first reload.
const freshPage = async (request) => {
  const cache = await caches.open(NAME);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(3000) });
    if (answer.ok) return answer;
  } catch {
    // offline, or a server that does not answer: the last page that worked is better
  }
  return (await cache.match("/")) ?? fetch(request);
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin || request.headers.has("range")) return;
  if (pathname.startsWith("/api/")) return; // the API's own pages are not the app's
  if (request.mode === "navigate") event.respondWith(freshPage(request));
  else if (HASHED.test(pathname) || SHELL.includes(pathname)) event.respondWith(fromCache(request, pathname));
});

self.addEventListener("push", handlePush);
self.addEventListener("notificationclick", handleClick);

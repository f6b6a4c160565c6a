// What only a page can do, for Python in its worker: permission to notify, the subscription, what the service worker keeps, passkeys, downloads.
//
// Invariant: there is a push key exactly where somebody switched notifications on; a start that finds one renews the subscription.

import { Failure } from "./failure.js";
import { makePasskey, passkeys, usePasskey } from "./passkeys.js";
import { collect, deliver, discard } from "./saving.js";
import "./push.js";

const READY_TIMEOUT_MS = 10_000;
const ENROL_TIMEOUT_MS = 30_000;
const TEST_TIMEOUT_MS = 10_000;

const later = (ms, outcome) => new Promise((resolve) => setTimeout(() => resolve(outcome), ms));

const registration = async () => {
  const found = await Promise.race([navigator.serviceWorker.ready, later(READY_TIMEOUT_MS, null)]);
  if (!found) throw new Failure("service_worker_missing");
  return found;
};

const supported = async () => {
  if (!("serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis)) return false;
  // Opening a push takes both in WebCrypto.
  const keys = ["X25519", "Ed25519"].map((name) =>
    crypto.subtle.generateKey({ name }, false, name === "X25519" ? ["deriveBits"] : ["sign", "verify"]),
  );
  return Promise.all(keys).then(
    () => true,
    () => false,
  );
};

const state = async () => {
  if (!(await supported())) return "unsupported";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" && (await parleyPush.loadKeys()) ? "on" : "off";
};

const permit = async () => ((await supported()) ? Notification.requestPermission() : "unsupported");

const enrol = async ({ vapid_key: vapidKey }) => {
  const known = await parleyPush.loadKeys();
  try {
    const enrolled = parleyPush.enrol(await registration(), vapidKey);
    const found = await Promise.race([enrolled, later(ENROL_TIMEOUT_MS, null)]);
    if (found) return found;
    throw new Error("the push service does not answer");
  } catch (error) {
    if (!known) await forget().catch(() => {}); // the failure before says more
    if (error instanceof Failure) throw error;
    throw new Failure("push_service_refused", String(error));
  }
};

const keep = async ({ secrets }) => parleyPush.keep(secrets);

const forget = async () => {
  if (!(await supported())) return;
  await parleyPush.forget(await registration());
};

/** Whether the service worker shows a test before long. */
const tested = async () => {
  const controller = new AbortController();
  const seen = new Promise((resolve) => {
    const hear = ({ data }) => data?.type === "parley.tested" && resolve(true);
    navigator.serviceWorker.addEventListener("message", hear, { signal: controller.signal });
  });
  try {
    return await Promise.race([seen, later(TEST_TIMEOUT_MS, false)]);
  } finally {
    controller.abort();
  }
};

const REQUESTS = {
  ...{ state, permit, enrol, keep, forget, tested },
  ...{ passkeys, makePasskey, usePasskey },
  ...{ collect, deliver, discard },
};

const answer = async (request, params) => {
  try {
    return { result: (await REQUESTS[request](JSON.parse(params))) ?? null };
  } catch (error) {
    return { failure: error instanceof Failure ? error.code : "internal", reason: String(error) };
  }
};

/** Answer what the worker asks at the other end of `port`, and pass on which conversation a notification opens, and which link was followed. */
export const servePage = (port) => {
  port.onmessage = async ({ data: { key, request, params } }) =>
    port.postMessage({ key, answer: JSON.stringify(await answer(request, params)) });
  navigator.serviceWorker?.addEventListener("message", ({ data }) => {
    if (data?.type === "parley.open") port.postMessage({ event: "opened", value: data.conversationId ?? "" });
  });
  // An invitation link to where this tab stands begins nothing anew. Flutter has taken the fragment from the address by now.
  addEventListener("hashchange", ({ newURL }) => port.postMessage({ event: "followed", value: newURL }));
};

// The service worker's events: a push becomes a notification, a click on it brings the app to its conversation.

import "./push.js";

const ICON = "/icons/icon-192.png";

const windows = () => self.clients.matchAll({ type: "window", includeUncontrolled: true });

const show = async (data) => {
  const keys = await parleyPush.loadKeys().catch(() => null);
  const shown = await parleyPush.openPush(data, keys);
  const open = await windows();
  const test = shown.code === "self_test";
  // Whoever looks at the app sees the message there.
  if (!test && open.some((client) => client.focused)) return;
  await self.registration.showNotification(shown.title, {
    body: shown.body,
    tag: shown.conversationId || shown.code,
    renotify: true,
    icon: ICON,
    badge: ICON,
    data: { conversationId: shown.conversationId },
  });
  if (test) for (const client of open) client.postMessage({ type: "parley.tested" });
};

/** The `push` event. */
export const handlePush = (event) => {
  event.waitUntil(show(event.data ? event.data.arrayBuffer() : new Uint8Array(0)));
};

const openApp = async (conversationId) => {
  const open = await windows();
  // The one that was used last comes first.
  const [client] = open.filter((each) => each.visibilityState === "visible").concat(open);
  if (!client) {
    // Where the app shows a conversation: `CHATS` in `parley_app.model.app`.
    await self.clients.openWindow(conversationId ? `/chats/${conversationId}` : "/");
    return;
  }
  client.postMessage({ type: "parley.open", conversationId });
  await client.focus();
};

/** The `notificationclick` event. */
export const handleClick = (event) => {
  event.notification.close();
  event.waitUntil(openApp((event.notification.data || {}).conversationId));
};

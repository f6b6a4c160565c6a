// Opens payloads with app/web/src/push.js as a service worker would, one JSON object a line in, one out.

import { createRequire } from "node:module";
import readline from "node:readline";

createRequire(import.meta.url)(process.argv[2]);

const unhex = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));

async function keysOf(given) {
  if (!given) return null;
  const privateKey = await crypto.subtle.importKey(
    "pkcs8",
    unhex(`302e020100300506032b656e04220420${given.private_key}`),
    { name: "X25519" },
    false,
    ["deriveBits"],
  );
  return {
    privateKey,
    publicKey: unhex(given.public_key),
    serverName: given.server_name,
    deviceId: given.device_id,
    directory: unhex(given.directory),
    secret: async (name) => (given.secrets[name] ? unhex(given.secrets[name]) : null),
  };
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { payloads, keys } = JSON.parse(line);
  const usable = await keysOf(keys);
  const shown = [];
  for (const payload of payloads) shown.push(await globalThis.parleyPush.openPush(unhex(payload), usable));
  process.stdout.write(`${JSON.stringify(shown)}\n`);
}

// Notifications with real text in the service worker: what `parley_client.push.opening` does, with WebCrypto alone.
//
// A plain script that defines `parleyPush`, so that a classic worker takes it by importScripts, a module worker by import, and
// a page by either. It needs X25519 and Ed25519 in WebCrypto; where they are missing, `enrol` says so and nothing is lost.
//
// Checked before a text is shown: the forms; that payload and header name one conversation; that the epoch secret was sealed
// for this server, conversation, group, generation, epoch and device; the message's tag, commitment and padding; and its
// signature, by a device key that this device's own client put into its directory. Not checked, because that takes the group
// and the log: that the sender was in that very epoch, that the epoch is the present one, and that the message stands in the
// log, in its place and for the first time. What a conversation shows comes from the log alone.
//
// The private push key is a non-extractable CryptoKey in IndexedDB; epoch secrets and names lie there sealed to it.

(() => {
  "use strict";

  const MESSAGE_FORMAT = 1;
  const SELF_TEST_FORMAT = 2;
  const HEADER_VERSION = 1;
  const CONTENT_FORMAT = 1;
  const CONTENT_WITH_HEAD_FORMAT = 2;
  const HEAD_SIZE_BYTES = 112;
  const SUITE = 1;
  const KIND_TEXT = 1;
  const BODY_LENGTH_MAX = 300;
  const DATABASE = "parley-push";
  const DEVICE = "device";

  const encoder = new TextEncoder();
  const subtle = globalThis.crypto.subtle;

  /** A push that shows its conversation at most; `code` is a word for programs. */
  class PushError extends Error {
    constructor(code, conversationId = null) {
      super(`the push does not open: ${code}`);
      this.code = code;
      this.conversationId = conversationId;
    }
  }

  // --- bytes ---------------------------------------------------------------------------------------------------------

  function join(...parts) {
    const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }

  function uint(value, size) {
    const data = new Uint8Array(size);
    let rest = BigInt(value);
    for (let place = size - 1; place >= 0; place -= 1) {
      data[place] = Number(rest & 0xffn);
      rest >>= 8n;
    }
    return data;
  }

  /** `opaque x<V>` (RFC 9420 section 2.1.2). */
  function opaque(data) {
    const size = data.length;
    if (size < 1 << 6) return join(uint(size, 1), data);
    if (size < 1 << 14) return join(uint(size | (1 << 14), 2), data);
    return join(uint(BigInt(size) | (2n << 30n), 4), data);
  }

  function text(data) {
    return new TextDecoder("utf-8", { fatal: true }).decode(data);
  }

  function uuidText(data) {
    const hex = Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  function uuidBytes(id) {
    return Uint8Array.from(id.replaceAll("-", "").match(/../g), (pair) => parseInt(pair, 16));
  }

  function fromBase64(encoded) {
    const padded = encoded.replaceAll("-", "+").replaceAll("_", "/");
    return Uint8Array.from(atob(padded), (letter) => letter.charCodeAt(0));
  }

  function toBase64(data) {
    const letters = String.fromCharCode(...new Uint8Array(data));
    return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }

  /** The bytes behind base64url text, where that is their only form. */
  function fromCanonical(data) {
    const encoded = text(data);
    const bytes = fromBase64(encoded);
    if (toBase64(bytes) !== encoded) throw new PushError("malformed");
    return bytes;
  }

  function equal(one, other) {
    return one.length === other.length && one.every((byte, place) => byte === other[place]);
  }

  /** Reads the TLS presentation language from the front of some bytes; throws `PushError` at their end. */
  class Reader {
    constructor(data) {
      this.data = data;
      this.offset = 0;
    }

    raw(size) {
      const end = this.offset + size;
      if (end > this.data.length) throw new PushError("malformed");
      const chunk = this.data.subarray(this.offset, end);
      this.offset = end;
      return chunk;
    }

    uint(size) {
      return this.raw(size).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
    }

    number(size) {
      return Number(this.uint(size));
    }

    opaque() {
      const first = this.number(1);
      const prefix = first >> 6;
      if (prefix === 3) throw new PushError("malformed");
      const size = 1 << prefix;
      let length = BigInt(first & 0x3f);
      if (size > 1) length = (length << BigInt(8 * (size - 1))) | this.uint(size - 1);
      if (prefix && length < 1n << BigInt(8 * (size >> 1) - 2)) throw new PushError("malformed");
      return this.raw(Number(length));
    }

    rest() {
      return this.raw(this.data.length - this.offset);
    }

    finish() {
      if (this.offset !== this.data.length) throw new PushError("malformed");
    }
  }

  // --- the forms -----------------------------------------------------------------------------------------------------

  /** `parley_contracts.push.PushPayload`; null for a self-test. */
  function readPayload(data) {
    const reader = new Reader(data);
    const format = reader.number(1);
    if (format === SELF_TEST_FORMAT) {
      reader.finish();
      return null;
    }
    if (format !== MESSAGE_FORMAT) throw new PushError("malformed");
    const payload = {
      conversationId: uuidText(reader.raw(16)),
      sealedSecret: reader.opaque(),
      header: reader.opaque(),
      ciphertext: reader.opaque(),
      signature: reader.opaque(),
    };
    reader.finish();
    return payload;
  }

  /** `parley_contracts.envelope.MessageHeader`. */
  function readHeader(data) {
    const reader = new Reader(data);
    if (reader.number(1) !== HEADER_VERSION) throw new PushError("malformed");
    const header = {
      suite: reader.number(2),
      groupId: reader.opaque(),
      generation: reader.number(4),
      conversationId: uuidText(reader.raw(16)),
      epoch: reader.uint(8),
      transcriptPrefix: reader.raw(16),
      userId: uuidText(reader.raw(16)),
      deviceId: uuidText(reader.raw(16)),
      clientId: uuidText(reader.raw(16)),
      salt: reader.raw(16),
    };
    if (reader.number(1) > 3) throw new PushError("malformed");
    header.committed = data.subarray(0, reader.offset);
    header.commitment = reader.raw(32);
    reader.finish();
    return header;
  }

  /** `parley_client.crypto.message.Content`, its commitment key before it and zeros after it. */
  function readContent(data) {
    const reader = new Reader(data);
    const commitmentKey = reader.raw(32);
    const start = reader.offset;
    const format = reader.number(1);
    if (format !== CONTENT_FORMAT && format !== CONTENT_WITH_HEAD_FORMAT) throw new PushError("corrupted");
    const counter = reader.uint(8);
    const lastSequence = reader.uint(8);
    reader.raw(32);
    const kind = reader.number(2);
    const body = reader.opaque();
    // The head of the log of people's keys is for the app, which compares it with the device's own.
    if (format === CONTENT_WITH_HEAD_FORMAT) reader.raw(HEAD_SIZE_BYTES);
    const encoded = data.subarray(start, reader.offset);
    const largest = counter > lastSequence ? counter : lastSequence;
    if (largest >= 1n << 63n || reader.rest().some((byte) => byte !== 0)) throw new PushError("corrupted");
    return { commitmentKey, encoded, kind, body };
  }

  // --- cryptography --------------------------------------------------------------------------------------------------

  async function sha256(data) {
    return new Uint8Array(await subtle.digest("SHA-256", data));
  }

  async function hmac(key, data) {
    const usable = await subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return new Uint8Array(await subtle.sign("HMAC", usable, data));
  }

  async function aesOpen(key, nonce, ciphertext, aad) {
    const usable = await subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
    return new Uint8Array(await subtle.decrypt({ name: "AES-GCM", iv: nonce, additionalData: aad }, usable, ciphertext));
  }

  /** ExpandWithLabel (RFC 9420 section 8). */
  async function expandWithLabel(secret, label, context, length) {
    const info = join(uint(length, 2), opaque(encoder.encode(`MLS 1.0 ${label}`)), opaque(context));
    let block = new Uint8Array(0);
    let output = new Uint8Array(0);
    for (let count = 1; output.length < length; count += 1) {
      block = await hmac(secret, join(block, info, uint(count, 1)));
      output = join(output, block);
    }
    return output.subarray(0, length);
  }

  const HPKE = encoder.encode("HPKE-v1");
  const KEM_ID = join(encoder.encode("KEM"), uint(0x0020, 2));
  const SUITE_ID = join(encoder.encode("HPKE"), uint(0x0020, 2), uint(0x0001, 2), uint(0x0001, 2));

  function labeledExtract(suiteId, salt, label, ikm) {
    const key = salt.length ? salt : new Uint8Array(32);
    return hmac(key, join(HPKE, suiteId, encoder.encode(label), ikm));
  }

  async function labeledExpand(suiteId, prk, label, info, size) {
    const labeled = join(uint(size, 2), HPKE, suiteId, encoder.encode(label), info, uint(1, 1));
    return (await hmac(prk, labeled)).subarray(0, size);
  }

  /** OpenBase (RFC 9180 section 6.1) for DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM. */
  async function hpkeOpen(keys, info, aad, sealed) {
    const none = new Uint8Array(0);
    const kemOutput = sealed.subarray(0, 32);
    const sender = await subtle.importKey("raw", kemOutput, { name: "X25519" }, false, []);
    const dh = new Uint8Array(await subtle.deriveBits({ name: "X25519", public: sender }, keys.privateKey, 256));
    if (dh.every((byte) => byte === 0)) throw new Error("the exchange gave no secret");
    const eaePrk = await labeledExtract(KEM_ID, none, "eae_prk", dh);
    const shared = await labeledExpand(KEM_ID, eaePrk, "shared_secret", join(kemOutput, keys.publicKey), 32);
    const pskIdHash = await labeledExtract(SUITE_ID, none, "psk_id_hash", none);
    const infoHash = await labeledExtract(SUITE_ID, none, "info_hash", encoder.encode(info));
    const context = join(uint(0, 1), pskIdHash, infoHash);
    const secret = await labeledExtract(SUITE_ID, shared, "secret", none);
    const key = await labeledExpand(SUITE_ID, secret, "key", context, 16);
    const nonce = await labeledExpand(SUITE_ID, secret, "base_nonce", context, 12);
    return aesOpen(key, nonce, sealed.subarray(32), aad);
  }

  // --- opening -------------------------------------------------------------------------------------------------------

  async function openDirectory(keys) {
    if (!keys || !keys.directory) throw new PushError("sender_unknown");
    const place = join(opaque(encoder.encode(keys.serverName)), uuidBytes(keys.deviceId));
    const plaintext = await hpkeOpen(keys, "Parley Push Directory 1", place, keys.directory);
    return JSON.parse(text(plaintext));
  }

  async function epochSecret(keys, payload, header) {
    const place = join(
      opaque(encoder.encode(keys.serverName)),
      uuidBytes(header.conversationId),
      opaque(header.groupId),
      uint(header.generation, 4),
      uint(header.epoch, 8),
      uuidBytes(keys.deviceId),
    );
    const kept = await keys.secret(`${header.conversationId}/${header.generation}/${header.epoch}`);
    for (const sealed of [payload.sealedSecret, kept]) {
      if (!sealed || !sealed.length) continue;
      try {
        const secret = await hpkeOpen(keys, "Parley Push Secret 1", place, sealed);
        if (secret.length === 32) return secret;
      } catch {
        continue;
      }
    }
    throw new PushError("epoch_key_missing", header.conversationId);
  }

  function own(object, name) {
    return object && Object.hasOwn(object, name) ? object[name] : undefined;
  }

  async function verify(deviceKey, payload) {
    const key = await subtle.importKey("raw", fromBase64(deviceKey), { name: "Ed25519" }, false, ["verify"]);
    const signed = join(payload.header, await sha256(payload.ciphertext));
    const content = join(opaque(encoder.encode("MLS 1.0 Parley Message 1")), opaque(signed));
    return subtle.verify({ name: "Ed25519" }, key, payload.signature, content);
  }

  /** The message in a payload, everything about it checked that can be; throws. */
  async function openMessage(payload, keys, directory) {
    const header = readHeader(payload.header);
    const where = payload.conversationId;
    if (header.conversationId !== where) throw new PushError("malformed", where);
    if (header.suite !== SUITE) throw new PushError("suite_unknown", where);
    const person = own(directory.people, header.userId);
    const deviceKey = own(person && person.devices, header.deviceId);
    if (!deviceKey) throw new PushError("sender_unknown", where);
    if (!(await verify(deviceKey, payload))) throw new PushError("signature_invalid", where);
    const secret = await epochSecret(keys, payload, header);
    const both = await expandWithLabel(secret, "message", await sha256(payload.header), 44);
    let padded;
    try {
      padded = await aesOpen(both.subarray(0, 32), both.subarray(32), payload.ciphertext, payload.header);
    } catch {
      throw new PushError("corrupted", where);
    }
    const content = readContent(padded);
    const commitment = await hmac(content.commitmentKey, join(header.committed, content.encoded));
    if (!equal(commitment, header.commitment)) throw new PushError("commitment_invalid", where);
    return { sender: person.name, kind: content.kind, body: content.body };
  }

  /**
   * What a push shows: `{title, body, conversationId, code}`; never throws. `data` is an ArrayBuffer or a view of one.
   *
   * `keys` is `{serverName, deviceId, privateKey, publicKey, directory, secret}`, or null where the device keeps none;
   * `secret(name)` gives the sealed secret of an epoch, or null. `code` is `text`, `self_test`, or why there is no text.
   */
  async function openPush(data, keys) {
    let conversationId = null;
    let title = "Parley";
    let code = "malformed";
    try {
      const payload = readPayload(fromCanonical(data));
      if (!payload) return { title, body: "Notifications work on this device.", conversationId, code: "self_test" };
      conversationId = payload.conversationId;
      code = "sender_unknown";
      const directory = await openDirectory(keys);
      const conversation = own(directory.conversations, conversationId) || "";
      title = conversation || title;
      if (!payload.header.length) throw new PushError("no_envelope");
      code = "corrupted";
      const message = await openMessage(payload, keys, directory);
      if (message.kind !== KIND_TEXT) throw new PushError("no_text");
      const said = JSON.parse(text(message.body)).text;
      if (typeof said !== "string") throw new PushError("no_text");
      return {
        title: conversation ? `${message.sender} · ${conversation}` : message.sender,
        body: said.length > BODY_LENGTH_MAX ? `${said.slice(0, BODY_LENGTH_MAX)}…` : said,
        conversationId,
        code: "text",
      };
    } catch (error) {
      return { title, body: "New message", conversationId, code: error instanceof PushError ? error.code : code };
    }
  }

  // --- what the device keeps -----------------------------------------------------------------------------------------

  function settled(request) {
    return new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }

  async function database() {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("keys");
      request.result.createObjectStore("secrets");
    };
    return settled(request);
  }

  /** Do something with both stores in one transaction, and wait until it is on disk. */
  async function stored(mode, work) {
    const db = await database();
    try {
      const transaction = db.transaction(["keys", "secrets"], mode);
      const done = new Promise((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error);
      });
      const result = await work(transaction.objectStore("keys"), transaction.objectStore("secrets"));
      await done;
      return result;
    } finally {
      db.close();
    }
  }

  /** The keys as `openPush` takes them, null where this device has none. */
  async function loadKeys() {
    const device = await stored("readonly", (keys) => settled(keys.get(DEVICE)));
    if (!device) return null;
    const secret = (name) => stored("readonly", (_, secrets) => settled(secrets.get(name)));
    return { ...device, secret };
  }

  /**
   * For the page: make the push key (once) and subscribe; what `Client.push_subscribe` takes.
   *
   * `vapidKey` is the server's (base64url). Ask for the permission to notify before, in answer to a click. Called at every
   * start, it brings a subscription that the browser has renewed to the server.
   */
  async function enrol(registration, vapidKey) {
    let device = await stored("readonly", (keys) => settled(keys.get(DEVICE)));
    if (!device) {
      const pair = await subtle.generateKey({ name: "X25519" }, false, ["deriveBits"]);
      const publicKey = new Uint8Array(await subtle.exportKey("raw", pair.publicKey));
      device = { privateKey: pair.privateKey, publicKey };
      await stored("readwrite", (keys) => settled(keys.put(device, DEVICE)));
    }
    const applicationServerKey = fromBase64(vapidKey);
    let subscription = await registration.pushManager.getSubscription();
    const bound = subscription && subscription.options.applicationServerKey;
    if (subscription && (!bound || !equal(new Uint8Array(bound), applicationServerKey))) {
      await subscription.unsubscribe();
      subscription = null;
    }
    subscription ||= await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
    return {
      endpoint: subscription.endpoint,
      p256dh: toBase64(subscription.getKey("p256dh")),
      auth: toBase64(subscription.getKey("auth")),
      push_public_key: toBase64(device.publicKey),
    };
  }

  /** For the page: keep what `Client.push_secrets` gave, in place of what was kept before. */
  async function keep(pushSecrets) {
    await stored("readwrite", async (keys, secrets) => {
      const device = await settled(keys.get(DEVICE));
      if (!device) throw new PushError("not_enrolled");
      keys.put(
        {
          ...device,
          serverName: pushSecrets.server_name,
          deviceId: pushSecrets.device_id,
          directory: fromBase64(pushSecrets.directory),
        },
        DEVICE,
      );
      secrets.clear();
      for (const each of pushSecrets.secrets) {
        secrets.put(fromBase64(each.sealed), `${each.conversation_id}/${each.generation}/${each.epoch}`);
      }
    });
  }

  /** For the page: take no pushes any more, and forget the key. */
  async function forget(registration) {
    const subscription = await registration.pushManager.getSubscription();
    if (subscription) await subscription.unsubscribe();
    await settled(indexedDB.deleteDatabase(DATABASE));
  }

  globalThis.parleyPush = { openPush, enrol, keep, forget, loadKeys };
})();

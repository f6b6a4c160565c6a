// Synchronous primitives for `parley_mls.noble`. Each answers a fresh Uint8Array, or undefined for input it does not like.
// Beside them stand those of `signatures.js`, which answer later.
import { gcm } from "@noble/ciphers/aes.js";
import { ed25519, x25519 as curve25519 } from "@noble/curves/ed25519.js";
import { argon2id as stretch } from "@noble/hashes/argon2.js";
import { sha512 } from "@noble/hashes/sha2.js";

export * from "./signatures.js";

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;

const attempt = (work) => {
  try {
    return work();
  } catch {
    return undefined;
  }
};

const littleEndian = (bytes) => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);

/** AES-GCM; ciphertext and tag. */
export const aead_seal = (key, nonce, plaintext, aad) => attempt(() => gcm(key, nonce, aad).encrypt(plaintext));

/** The plaintext; undefined where the tag is wrong. */
export const aead_open = (key, nonce, ciphertext, aad) => attempt(() => gcm(key, nonce, aad).decrypt(ciphertext));

/** The public key of a private one. */
export const x25519_public = (secret) => attempt(() => curve25519.getPublicKey(secret));

/** The shared secret; undefined where it is all zero (RFC 7748 section 6.1). */
export const x25519 = (secret, open) => attempt(() => curve25519.getSharedSecret(secret, open));

/** The public key of a seed. */
export const ed25519_public = (seed) => attempt(() => ed25519.getPublicKey(seed));

/** A signature. */
export const ed25519_sign = (seed, message) => attempt(() => ed25519.sign(message, seed));

// Points of the keys that were asked for last. Who wrote once writes again: after some messages a table of the key's multiples, which
// costs as much as three verifications, makes each further one more than twice as quick. Nothing here is secret.
const POINTS_MAX = 32;
const TABLE_AFTER = 8;
const TABLE_WINDOW_BITS = 5;
const points = new Map();

const pointOf = (key) => {
  const name = String.fromCharCode(...key);
  const known = points.get(name) ?? { point: Point.fromBytes(key), asked: 0 };
  points.delete(name);
  points.set(name, known);
  if (points.size > POINTS_MAX) points.delete(points.keys().next().value);
  known.asked += 1;
  if (known.asked === TABLE_AFTER) known.point.precompute(TABLE_WINDOW_BITS);
  return known.point;
};

/**
 * Whether encode(S·B − k·A) equals R byte for byte. noble's own verify multiplies by the cofactor; the one rule of
 * `parley_mls.ed25519`, which has judged A, R and S before, does not.
 */
export const ed25519_verify = (key, message, signature) =>
  attempt(() => {
    const r = signature.subarray(0, 32);
    const k = littleEndian(sha512.create().update(r).update(key).update(message).digest()) % ORDER;
    const sB = Point.BASE.multiplyUnsafe(littleEndian(signature.subarray(32)));
    const expected = sB.subtract(pointOf(key).multiplyUnsafe(k)).toBytes();
    return expected.every((byte, place) => byte === r[place]);
  }) === true;

/** Argon2id (RFC 9106), memory in KiB. It takes about a second, and this worker with it. */
export const argon2id = (passphrase, salt, memory, passes, lanes, size) =>
  stretch(passphrase, salt, { t: passes, m: memory, p: lanes, dkLen: size });

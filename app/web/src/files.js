// What `parley_client.platforms.canvas` needs for files: AES-GCM in bulk by WebCrypto, and pictures by OffscreenCanvas.
// All of it works in the worker; nothing here decides anything.

// The file's key as imported last: its chunks come one after the other, and importing costs as much as sealing a small one.
let last = { secret: undefined, imported: undefined };

const same = (one, other) => one?.length === other.length && one.every((byte, place) => byte === other[place]);

const aes = (secret) => {
  if (!same(last.secret, secret)) {
    const imported = crypto.subtle.importKey("raw", secret, "AES-GCM", false, ["encrypt", "decrypt"]);
    last = { secret, imported };
  }
  return last.imported;
};

/** AES-256-GCM of one chunk; ciphertext and tag. */
export const seal_chunk = async (secret, iv, plaintext) =>
  new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await aes(secret), plaintext));

/** The plaintext; undefined where the tag is wrong. */
export const open_chunk = async (secret, iv, sealed) => {
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, await aes(secret), sealed));
  } catch {
    return undefined;
  }
};

/** A picture decoded with its orientation applied; undefined where it is none. */
const decoded = async (bytes) => {
  try {
    return await createImageBitmap(new Blob([bytes]), { imageOrientation: "from-image" });
  } catch {
    return undefined;
  }
};

/** [width, height] as a person sees it; undefined where it is no picture that this browser knows. */
export const measure_image = async (bytes) => {
  const picture = await decoded(bytes);
  if (!picture) return undefined;
  const size = [picture.width, picture.height];
  picture.close();
  return size;
};

/** A WebP (JPEG in Safari) of at most so many bytes by the first of `tries`, [longest side, quality], that fits; else undefined. */
export const image_thumbnail = async (bytes, tries, size_bytes_max) => {
  const picture = await decoded(bytes);
  if (!picture) return undefined;
  try {
    for (const [side, quality] of tries) {
      const small = await drawn(picture, side, quality);
      if (small.size <= size_bytes_max) return new Uint8Array(await small.arrayBuffer());
    }
    return undefined;
  } finally {
    picture.close();
  }
};

const drawn = async (picture, side, quality) => {
  const share = Math.min(1, side / Math.max(picture.width, picture.height));
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(picture.width * share)),
    Math.max(1, Math.round(picture.height * share)),
  );
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const webp = await canvas.convertToBlob({ type: "image/webp", quality });
  return webp.type === "image/webp" ? webp : canvas.convertToBlob({ type: "image/jpeg", quality });
};

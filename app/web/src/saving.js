// Files made in the page, part by part, and handed to the browser as a download. Parts are Blobs, which a browser keeps on disk where they are many.

const collected = new Map();

const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

export const collect = async ({ key, data }) => {
  const parts = collected.get(key) ?? [];
  parts.push(new Blob([bytes(data)]));
  collected.set(key, parts);
};

/** Hand over what was collected, under a name. */
export const deliver = async ({ key, name, media_type: type }) => {
  const url = URL.createObjectURL(new Blob(collected.get(key) ?? [], { type }));
  collected.delete(key);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // A browser has begun by then; one that was slower would lose the file.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
};

/** Forget what was collected: it did not become whole. */
export const discard = async ({ key }) => {
  collected.delete(key);
};

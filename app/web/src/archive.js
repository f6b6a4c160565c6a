// The app's Python files: one plain ustar archive (HTTP compresses it), read without copying.

const BLOCK = 512;
const FILE = 48;
const LONG_NAME = 76;

const text = (bytes) => {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
};

/** [[name, bytes], …] of a tar archive. */
export const untar = (archive) => {
  const files = [];
  let longName;
  for (let at = 0; at + BLOCK <= archive.length && archive[at]; ) {
    const size = Number.parseInt(text(archive.subarray(at + 124, at + 136)).trim() || "0", 8);
    const type = archive[at + 156];
    const body = archive.subarray(at + BLOCK, at + BLOCK + size);
    if (type === LONG_NAME) longName = text(body);
    else if (type === FILE || type === 0) {
      files.push([longName ?? text(archive.subarray(at, at + 100)), body]);
      longName = undefined;
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
};

export const fetchBytes = async (url) => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
};

/** Put the files of an archive below a folder of Pyodide's file system. */
export const writeFiles = (fileSystem, folder, files) => {
  const made = new Set();
  for (const [name, body] of files) {
    const path = `${folder}/${name}`;
    const parent = path.slice(0, path.lastIndexOf("/"));
    if (!made.has(parent)) {
      fileSystem.mkdirTree(parent);
      made.add(parent);
    }
    fileSystem.writeFile(path, body, { canOwn: true });
  }
};

// SQLite for `parley_client.platforms.opfs`: files on the SAH pool of the origin private file system, and in memory.
import sqlite3InitModule from "@sqlite.org/sqlite-wasm";

const POOL_FILES = 6; // a database in the clear and a sealed one, a journal each, and what SQLite opens besides

let starting;

const start = () => {
  starting ??= sqlite3InitModule({
    locateFile: () => new URL("./sqlite3.wasm", import.meta.url).href,
    print: () => {},
    printErr: () => {}, // it says at each start that the VFS which we do not use is not there
  });
  return starting;
};

class Database {
  #db;
  #sqlite3;

  constructor(sqlite3, db) {
    this.#sqlite3 = sqlite3;
    this.#db = db;
    this.#db.exec("PRAGMA foreign_keys=on;");
  }

  /** Rows as arrays; NULL is undefined, a blob a Uint8Array. Undefined where there is no row. */
  execute(sql, parameters) {
    const statement = this.#db.prepare(sql);
    try {
      if (parameters?.length) statement.bind(parameters.map((value) => (value === undefined ? null : value)));
      const rows = [];
      while (statement.step()) rows.push(statement.get([]).map((value) => (value === null ? undefined : value)));
      return rows.length ? rows : undefined;
    } finally {
      statement.finalize();
    }
  }

  in_transaction() {
    return this.#sqlite3.capi.sqlite3_get_autocommit(this.#db) === 0;
  }

  /** The whole database, as SQLite writes it to a file. */
  image() {
    return this.#sqlite3.capi.sqlite3_js_db_export(this.#db);
  }

  close() {
    this.#db.close();
  }
}

/** The files of a profile. */
class Pool {
  #sqlite3;
  #pool;

  constructor(sqlite3, pool) {
    this.#sqlite3 = sqlite3;
    this.#pool = pool;
  }

  has(path) {
    return this.#pool.getFileNames().includes(path);
  }

  open(path) {
    const db = new this.#pool.OpfsSAHPoolDb(path);
    // A SAH-pool file has one connection, so nothing is shared.
    db.exec("PRAGMA locking_mode=exclusive; PRAGMA journal_mode=truncate; PRAGMA synchronous=full; PRAGMA secure_delete=on;");
    return new Database(this.#sqlite3, db);
  }

  /** A database in memory with the contents of an image; an empty image is an empty database. */
  open_memory(image) {
    const { capi, oo1, wasm } = this.#sqlite3;
    const db = new oo1.DB(":memory:");
    if (image.length) {
      const flags = capi.SQLITE_DESERIALIZE_FREEONCLOSE | capi.SQLITE_DESERIALIZE_RESIZEABLE;
      const at = wasm.allocFromTypedArray(image);
      db.checkRc(capi.sqlite3_deserialize(db.pointer, "main", at, image.length, image.length, flags));
    }
    return new Database(this.#sqlite3, db);
  }

  /** A file of an image: there as a whole, or not at all. */
  write(path, image) {
    this.#pool.importDb(path, image);
  }

  remove(path) {
    this.#pool.unlink(path);
  }

  /** Let another worker have the files. */
  close() {
    this.#pool.pauseVfs();
  }
}

/** Hold the files of a profile; rejects with the browser's DOMException where another worker has them. */
export const open_pool = async (profile) => {
  const sqlite3 = await start();
  const pool = await sqlite3.installOpfsSAHPoolVfs({
    name: `pool-${profile}`,
    directory: `.${profile}`,
    initialCapacity: POOL_FILES,
    forceReinitIfPreviouslyFailed: true,
  });
  if (pool.isPaused()) await pool.unpauseVfs();
  return new Pool(sqlite3, pool);
};

// SQLite for `parley_client.platforms.opfs`: one file on the SAH pool of the origin private file system.
import sqlite3InitModule from "@sqlite.org/sqlite-wasm";

const POOL_FILES = 6; // database, journal, and what SQLite opens besides

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
  #pool;
  #db;
  #sqlite3;

  constructor(sqlite3, pool, path) {
    this.#sqlite3 = sqlite3;
    this.#pool = pool;
    this.#db = new pool.OpfsSAHPoolDb(path);
    // A SAH-pool file has one connection, so the write-ahead log needs no shared memory.
    this.#db.exec("PRAGMA locking_mode=exclusive; PRAGMA journal_mode=truncate; PRAGMA synchronous=full;");
    this.#db.exec("PRAGMA secure_delete=on; PRAGMA foreign_keys=on;");
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

  /** Close the file and let another worker have the pool. */
  close() {
    this.#db.close();
    this.#pool.pauseVfs();
  }
}

/** Open or make the database of a profile; rejects with the browser's DOMException where another worker has it. */
export const open_database = async (profile) => {
  const sqlite3 = await start();
  const pool = await sqlite3.installOpfsSAHPoolVfs({
    name: `pool-${profile}`,
    directory: `.${profile}`,
    initialCapacity: POOL_FILES,
    forceReinitIfPreviouslyFailed: true,
  });
  if (pool.isPaused()) await pool.unpauseVfs();
  return new Database(sqlite3, pool, "/client.db");
};

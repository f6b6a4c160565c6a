"""The tables of a device. Rule: `_MIGRATIONS` is append-only; a profile's `user_version` says how many were applied."""

from __future__ import annotations

from parley_client.store.port import Store

_FIRST = (
    # Small documents as JSON: the account, its tokens, the account index, positions.
    "CREATE TABLE documents (name TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID",
    """CREATE TABLE people (
        user_id TEXT PRIMARY KEY, username TEXT NOT NULL, root_key BLOB, version INTEGER NOT NULL DEFAULT 0,
        identity BLOB) WITHOUT ROWID""",
    "CREATE TABLE history_keys (version INTEGER PRIMARY KEY, secret BLOB NOT NULL)",
    """CREATE TABLE key_packages (
        ref BLOB PRIMARY KEY, bundle BLOB NOT NULL, last_resort INTEGER NOT NULL, uploaded INTEGER NOT NULL
        ) WITHOUT ROWID""",
    """CREATE TABLE conversations (
        conversation_id TEXT PRIMARY KEY, kind TEXT NOT NULL, generation INTEGER NOT NULL, epoch INTEGER NOT NULL,
        policy BLOB NOT NULL, cursor INTEGER NOT NULL, chain_hash BLOB NOT NULL, status TEXT NOT NULL,
        title TEXT NOT NULL, epoch_messages INTEGER NOT NULL, epoch_at INTEGER NOT NULL,
        creator INTEGER NOT NULL) WITHOUT ROWID""",
    # The state of the MLS group (member) or of its public tree (a device that follows without being in).
    """CREATE TABLE group_states (
        conversation_id TEXT PRIMARY KEY, member BLOB, follower BLOB) WITHOUT ROWID""",
    """CREATE TABLE epochs (
        conversation_id TEXT NOT NULL, generation INTEGER NOT NULL, epoch INTEGER NOT NULL, secret BLOB NOT NULL,
        group_id BLOB NOT NULL, transcript_hash BLOB NOT NULL, leaves_digest BLOB NOT NULL,
        anchor_sequence INTEGER NOT NULL, anchor_hash BLOB NOT NULL,
        PRIMARY KEY (conversation_id, generation, epoch)) WITHOUT ROWID""",
    "CREATE TABLE leaf_sets (digest BLOB PRIMARY KEY, leaves BLOB NOT NULL) WITHOUT ROWID",
    """CREATE TABLE chain (
        conversation_id TEXT NOT NULL, sequence INTEGER NOT NULL, hash BLOB NOT NULL,
        PRIMARY KEY (conversation_id, sequence)) WITHOUT ROWID""",
    """CREATE TABLE counters (
        conversation_id TEXT NOT NULL, device_id TEXT NOT NULL, counter INTEGER NOT NULL,
        PRIMARY KEY (conversation_id, device_id)) WITHOUT ROWID""",
    # `cause` is NULL where the message was opened; otherwise `sealed` keeps what came, for a later try.
    """CREATE TABLE messages (
        position INTEGER PRIMARY KEY AUTOINCREMENT, conversation_id TEXT NOT NULL, sequence INTEGER NOT NULL,
        user_id TEXT NOT NULL, device_id TEXT NOT NULL, client_id TEXT NOT NULL, kind INTEGER NOT NULL,
        body BLOB NOT NULL, stored_at TEXT NOT NULL, cause TEXT, sealed BLOB, UNIQUE (conversation_id, sequence))""",
    """CREATE UNIQUE INDEX messages_once ON messages (conversation_id, device_id, client_id) WHERE cause IS NULL""",
    """CREATE TABLE outbox (
        position INTEGER PRIMARY KEY AUTOINCREMENT, client_id TEXT NOT NULL UNIQUE, conversation_id TEXT NOT NULL,
        kind INTEGER NOT NULL, body BLOB NOT NULL, epoch INTEGER, counter INTEGER, upload BLOB,
        failure BLOB)""",
    """CREATE TABLE pending_commits (
        conversation_id TEXT PRIMARY KEY, client_id TEXT NOT NULL, upload BLOB NOT NULL, member BLOB NOT NULL,
        policy BLOB NOT NULL, creation INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE archive_queue (
        conversation_id TEXT NOT NULL, generation INTEGER NOT NULL, epoch INTEGER NOT NULL,
        history_version INTEGER NOT NULL, sealed BLOB NOT NULL,
        PRIMARY KEY (conversation_id, generation, epoch, history_version)) WITHOUT ROWID""",
    """CREATE TABLE notices (
        position INTEGER PRIMARY KEY AUTOINCREMENT, conversation_id TEXT NOT NULL, code TEXT NOT NULL,
        sequence INTEGER NOT NULL, detail TEXT NOT NULL)""",
)
_SECOND = (
    # `told` says whether the server knows this person's own position.
    """CREATE TABLE read_positions (
        conversation_id TEXT NOT NULL, user_id TEXT NOT NULL, sequence INTEGER NOT NULL, told INTEGER NOT NULL,
        PRIMARY KEY (conversation_id, user_id)) WITHOUT ROWID""",
    "CREATE TABLE drafts (conversation_id TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID",
)
_THIRD = (
    """CREATE TABLE uploads (
        upload_id TEXT PRIMARY KEY, client_id TEXT NOT NULL, conversation_id TEXT NOT NULL, position INTEGER NOT NULL,
        descriptor BLOB NOT NULL, path TEXT, parts_done INTEGER NOT NULL, stored INTEGER NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX uploads_of ON uploads (client_id)",
    # The plaintext of files that have no path of their own.
    """CREATE TABLE upload_chunks (
        upload_id TEXT NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (upload_id, number))""",
)
_FOURTH = (
    "ALTER TABLE messages ADD COLUMN target INTEGER",
    "ALTER TABLE messages ADD COLUMN thread INTEGER",
    "ALTER TABLE messages ADD COLUMN mention INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE messages ADD COLUMN manager INTEGER NOT NULL DEFAULT 0",
    # What is sent later: `epoch` is that of the copy which the server holds, NULL where it holds none.
    """CREATE TABLE scheduled (
        client_id TEXT PRIMARY KEY, conversation_id TEXT NOT NULL, kind INTEGER NOT NULL, body BLOB NOT NULL,
        send_at TEXT NOT NULL, epoch INTEGER, cancelled INTEGER NOT NULL) WITHOUT ROWID""",
    # What the server is still to forget, after a deletion.
    """CREATE TABLE removals (
        conversation_id TEXT NOT NULL, sequence INTEGER NOT NULL,
        PRIMARY KEY (conversation_id, sequence)) WITHOUT ROWID""",
    "CREATE INDEX messages_target ON messages (conversation_id, target) WHERE target IS NOT NULL",
    "CREATE INDEX messages_thread ON messages (conversation_id, thread) WHERE thread IS NOT NULL",
)
_FIFTH = (
    # Of other people: how far their devices have got; of this person: how far this device has told that it has.
    "ALTER TABLE read_positions ADD COLUMN delivered INTEGER NOT NULL DEFAULT 0",
    """CREATE TABLE unread_marks (
        conversation_id TEXT PRIMARY KEY, sequence INTEGER NOT NULL, version INTEGER NOT NULL, told INTEGER NOT NULL
        ) WITHOUT ROWID""",
)
_SIXTH = (
    "ALTER TABLE conversations ADD COLUMN topic TEXT NOT NULL DEFAULT ''",
    # Before pinning was a permission, everybody had it.
    "ALTER TABLE messages ADD COLUMN may_pin INTEGER NOT NULL DEFAULT 1",
)
_SEVENTH = (
    # When a message disappears: this device's clock in seconds, NULL for never.
    "ALTER TABLE messages ADD COLUMN expires_at INTEGER",
    "CREATE INDEX messages_expiry ON messages (expires_at) WHERE expires_at IS NOT NULL",
    # What the server's log held before a backup was restored; `position` is the one that it had in `messages`.
    """CREATE TABLE lost_messages (
        position INTEGER PRIMARY KEY, conversation_id TEXT NOT NULL, sequence INTEGER NOT NULL, user_id TEXT NOT NULL,
        device_id TEXT NOT NULL, client_id TEXT NOT NULL, kind INTEGER NOT NULL, body BLOB NOT NULL,
        stored_at TEXT NOT NULL, target INTEGER, thread INTEGER, expires_at INTEGER, UNIQUE (conversation_id, device_id, client_id))""",
    """CREATE TABLE group_pictures (conversation_id TEXT PRIMARY KEY, picture BLOB NOT NULL) WITHOUT ROWID""",
    # What the server has acknowledged and this device has not read from the log yet.
    """CREATE TABLE acknowledged (
        client_id TEXT PRIMARY KEY, conversation_id TEXT NOT NULL, sequence INTEGER NOT NULL, kind INTEGER NOT NULL,
        body BLOB NOT NULL) WITHOUT ROWID""",
)
_EIGHTH = (
    # Where this person last came in, and since which epoch policies share history with newcomers (NULL: they do not).
    "ALTER TABLE conversations ADD COLUMN joined INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE conversations ADD COLUMN history_epoch INTEGER",
    # What this device has and wants of before it came in, as msgpack.
    "CREATE TABLE pasts (conversation_id TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID",
    # Devices of others that wait for the secrets of epochs below `before`.
    """CREATE TABLE past_requests (
        conversation_id TEXT NOT NULL, device_id TEXT NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (conversation_id, device_id)) WITHOUT ROWID""",
)
_NINTH = (
    # What moderators did: `deeds` is msgpack of what one entry did.
    """CREATE TABLE deeds (
        conversation_id TEXT NOT NULL, sequence INTEGER NOT NULL, user_id TEXT NOT NULL, stored_at TEXT NOT NULL,
        deeds BLOB NOT NULL, PRIMARY KEY (conversation_id, sequence)) WITHOUT ROWID""",
)
_TENTH = (
    # The log of people's keys, leaf by leaf; a block is what `parley_contracts.merkle.BLOCK_LEAVES` leaves are below.
    """CREATE TABLE key_log_leaves (
        position INTEGER PRIMARY KEY, label BLOB NOT NULL, version INTEGER NOT NULL, digest BLOB NOT NULL)""",
    "CREATE INDEX key_log_labels ON key_log_leaves (label)",
    "CREATE TABLE key_log_blocks (number INTEGER PRIMARY KEY, root BLOB NOT NULL)",
    # What others were shown, until this device's log has come so far.
    """CREATE TABLE key_log_heads (
        size INTEGER NOT NULL, root BLOB NOT NULL, head BLOB NOT NULL, PRIMARY KEY (size, root)) WITHOUT ROWID""",
    """CREATE TABLE key_log_alarms (
        position INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL, detail TEXT NOT NULL, evidence BLOB NOT NULL,
        raised_at INTEGER NOT NULL)""",
)
_ELEVENTH = (
    # A reset on its way is a pending commit, too.
    "ALTER TABLE pending_commits ADD COLUMN reset INTEGER NOT NULL DEFAULT 0",
    # The commits of the last epochs, as what a reset may go around, and who could not use them.
    """CREATE TABLE recent_commits (
        conversation_id TEXT NOT NULL, sequence INTEGER NOT NULL, entry_hash BLOB NOT NULL, user_id TEXT NOT NULL,
        device_id TEXT NOT NULL, generation INTEGER NOT NULL, group_id BLOB NOT NULL, epoch INTEGER NOT NULL,
        leaves_digest BLOB NOT NULL, PRIMARY KEY (conversation_id, sequence)) WITHOUT ROWID""",
    """CREATE TABLE commit_reports (
        conversation_id TEXT NOT NULL, sequence INTEGER NOT NULL, user_id TEXT NOT NULL, device_id TEXT NOT NULL,
        proven INTEGER NOT NULL, PRIMARY KEY (conversation_id, sequence, device_id)) WITHOUT ROWID""",
    # When a device last did something in a conversation, by this device's clock when it heard of it.
    """CREATE TABLE leaves_seen (
        conversation_id TEXT NOT NULL, device_id TEXT NOT NULL, seen_at INTEGER NOT NULL,
        PRIMARY KEY (conversation_id, device_id)) WITHOUT ROWID""",
    # Where this device has no secrets any more: `group_states` holds its last good state beside the group that it follows.
    """CREATE TABLE stuck (
        conversation_id TEXT PRIMARY KEY, sequence INTEGER NOT NULL, epoch INTEGER NOT NULL, way TEXT NOT NULL,
        confirmed INTEGER NOT NULL) WITHOUT ROWID""",
    # What people show of themselves, as JSON, when it was asked for, and the bytes of the picture that `avatar` names.
    """CREATE TABLE profiles (
        user_id TEXT PRIMARY KEY, profile BLOB NOT NULL, asked_at INTEGER NOT NULL, avatar TEXT NOT NULL, picture BLOB NOT NULL
        ) WITHOUT ROWID""",
)
_MIGRATIONS = (_FIRST, _SECOND, _THIRD, _FOURTH, _FIFTH, _SIXTH, _SEVENTH, _EIGHTH, _NINTH, _TENTH, _ELEVENTH)


def migrate(store: Store) -> None:
    """Bring the tables up to date."""
    (version,) = store.execute("PRAGMA user_version")[0]
    for number, statements in enumerate(_MIGRATIONS[version:], start=version + 1):
        with store.transaction():
            for statement in statements:
                store.execute(statement)
            store.execute(f"PRAGMA user_version = {number}")


def wipe(store: Store) -> None:
    """Forget everything: the account has left this device."""
    with store.transaction():
        tables = store.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        for (table,) in tables:
            store.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own schema

"""The archive on the server: epoch records uploaded and restored, history keys, and the index of conversations.

Invariant: a record is sealed and queued in the transaction that enters its epoch, and leaves the queue only when the
server has it; what a restored device believes of the past comes from these records, not from the server's word.
"""

from __future__ import annotations

import contextlib

from parley_client.api import messaging
from parley_client.crypto.archive import open_record
from parley_client.crypto.history import HistoryKey
from parley_client.crypto.index import open_index, seal_index
from parley_client.errors import UntrustedGroup
from parley_client.session import Session
from parley_client.store import conversations, documents, queues
from parley_client.store.conversations import ConversationRow, EpochRow
from parley_client.store.documents import IndexState
from parley_client.store.history import load_history_keys
from parley_client.store.notices import Notice, save_notice
from parley_client.sync.catch_up import catch_up, open_again
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import ConversationId, as_channel
from parley_contracts.messaging_api import AccountIndex, ArchiveRecord, ArchiveUpload
from parley_contracts.problems import Conflict, NotFound, VersionStale

_INDEX_ATTEMPTS = 8
#: A record: conversation, generation, epoch and history version.
_Place = tuple[ConversationId, int, int, int]


async def upload_archive(session: Session) -> None:
    """Upload the records that wait; another record of the same epoch on the server is an alarm."""
    # Those of note-to-self first: what is sealed under a key is found together with the epoch in which that was handed on.
    noted = {row.conversation_id for row in _notes_to_self(session)}
    waiting = sorted(queues.archive_waiting(session.store), key=lambda record: record[0] not in noted)
    for conversation_id, generation, epoch, version, sealed in waiting:
        upload = ArchiveUpload(b64encode(sealed))
        try:
            await messaging.put_archive_record(session.api, conversation_id, generation, epoch, version, upload)
        except NotFound:
            continue
        except Conflict:
            sentence = f"another own device archived epoch {epoch} differently"
            save_notice(session.store, Notice(conversation_id, "archive_conflict", 0, sentence))
        queues.remove_archived(session.store, conversation_id, generation, epoch, version)


async def download_archive(session: Session) -> bool:
    """Take every record of the archive that this device's history keys open, then open what waited for one; whether some lack their key.

    What opens in note-to-self may hand further keys on, and records came while others were read: only what still lacks its key
    after a look that brought no new one is an alarm.
    """
    known: set[int] = set()
    lacking: set[_Place] = set()
    while True:
        before, lacking = lacking, await _take_all(session)
        await open_again(session)
        keys = set(load_history_keys(session.store))
        if not lacking or keys == known:
            break
        known = keys
    for conversation_id, _, epoch, version in sorted(lacking & before):
        if _is_in_note_to_self(session) or (version < max(known) and not _notes_to_self(session)):
            _alarm(session, conversation_id, epoch)
    return bool(lacking)


async def _take_all(session: Session) -> set[_Place]:
    """Take what the archive has; the records whose history key this device has not."""
    keys = load_history_keys(session.store)
    lacking: set[_Place] = set()
    after: str | None = None
    while True:
        page = await messaging.get_archive(session.api, after=after)
        # Those of before the account was begun anew open for nobody.
        records = [record for record in page.records if record.history_version >= min(keys)]
        if any(record.history_version not in keys for record in records):
            keys = await _handed_meanwhile(session)
        with session.store.transaction():
            for record in records:
                if record.history_version in keys:
                    _take(session, keys[record.history_version], record)
                else:
                    lacking.add((record.conversation_id, record.generation, record.epoch, record.history_version))
        after = page.next
        if after is None:
            return lacking


async def _handed_meanwhile(session: Session) -> dict[int, HistoryKey]:
    """The history keys, with those that stand in note-to-self: an own device hands one on before it seals under it."""
    for row in _notes_to_self(session):
        with contextlib.suppress(NotFound, UntrustedGroup):
            await catch_up(session, row.conversation_id)
    return load_history_keys(session.store)


def _is_in_note_to_self(session: Session) -> bool:
    """Whether this device has read what was handed on; one that is still on its way in looks again when it is there."""
    return any(row.status == "member" for row in _notes_to_self(session))


def _notes_to_self(session: Session) -> list[ConversationRow]:
    return [row for row in conversations.list_conversations(session.store) if row.kind == "self"]


def _alarm(session: Session, conversation_id: ConversationId, epoch: int) -> None:
    sentence = f"the archive record of epoch {epoch} does not open"
    save_notice(session.store, Notice(conversation_id, "history_incomplete", 0, sentence))


def _take(session: Session, key: HistoryKey, record: ArchiveRecord) -> None:
    try:
        opened = open_record(
            session.primitives,
            key,
            b64decode(record.sealed),
            conversation_id=record.conversation_id,
            generation=record.generation,
            epoch=record.epoch,
            user_id=session.device.user_id,
            server_name=session.device.server_name,
        )
    except ValueError:
        _alarm(session, record.conversation_id, record.epoch)
        return
    epoch = EpochRow(
        conversation_id=opened.conversation_id,
        generation=opened.generation,
        epoch=opened.epoch,
        secret=opened.epoch_secret,
        group_id=opened.group_id,
        transcript_hash=opened.interim_transcript_hash,
        leaves_digest=opened.leaves_digest,
        anchor_sequence=opened.anchor_sequence,
        anchor_hash=opened.anchor_hash,
    )
    conversations.save_epoch(session.store, epoch)


# --- the account index


async def publish_index(session: Session) -> None:
    """Bring the sealed list of private conversations up to date on the server."""
    for _ in range(_INDEX_ATTEMPTS):
        rows = conversations.list_conversations(session.store)
        known = {row.conversation_id for row in rows if as_channel(row.conversation_id) is None}
        state = documents.load(session.store, "account_index", IndexState) or IndexState(0, ())
        if known <= set(state.conversation_ids):
            return
        merged = tuple(sorted(known | set(state.conversation_ids)))
        fresh = IndexState(state.version + 1, merged)
        sealed = seal_index(
            session.primitives,
            session.history_key,
            merged,
            version=fresh.version,
            user_id=session.device.user_id,
            server_name=session.device.server_name,
        )
        try:
            await messaging.put_account_index(session.api, AccountIndex(fresh.version, b64encode(sealed)))
        except VersionStale:
            await fetch_index(session)
        else:
            documents.save(session.store, "account_index", fresh)
            return
    raise UntrustedGroup("the account index keeps changing")


async def fetch_index(session: Session) -> tuple[ConversationId, ...]:
    """The private conversations that the account's devices have listed."""
    index = await messaging.get_account_index(session.api)
    if index.version == 0:
        return ()
    listed = _listed(session, index)
    if listed is None:  # sealed under a key that this device may yet find in the archive
        await download_archive(session)
        listed = _listed(session, index)
    if listed is None:
        raise UntrustedGroup("the account index on the server does not open")
    documents.save(session.store, "account_index", IndexState(index.version, listed))
    return listed


def _listed(session: Session, index: AccountIndex) -> tuple[ConversationId, ...] | None:
    for key in reversed(load_history_keys(session.store).values()):
        with contextlib.suppress(ValueError):
            return open_index(
                session.primitives,
                key,
                b64decode(index.sealed),
                version=index.version,
                user_id=session.device.user_id,
                server_name=session.device.server_name,
            )
    return None

"""The versions of the history key: renewed by age and when an own device was removed, handed to the own devices left.

Invariant: a new key is stored before it is published, published (sealed to the recovery key) before anything is sealed
under it, and passed on only inside the note-to-self group, so a removed device never learns it.
"""

from __future__ import annotations

import time

import msgspec

from parley_client import outbox
from parley_client.api import messaging
from parley_client.content.handing import encode_handed_key
from parley_client.content.kinds import KIND_HISTORY_KEY
from parley_client.crypto.history import HistoryKey, HistoryKeySigner, new_history_key, seal_history_key
from parley_client.errors import NotSignedIn
from parley_client.groups.conversations import open_direct
from parley_client.session import Session
from parley_client.store import documents
from parley_client.store.history import (
    HistoryKeyState,
    history_key_state,
    load_history_keys,
    note_handed,
    save_history_key,
)
from parley_client.store.queues import OutboxRow
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ClientId, new_uuid7
from parley_contracts.messaging_api import HistoryKeyUpload
from parley_contracts.problems import Conflict

HISTORY_KEY_AGE_S_MAX = 30 * 24 * 3600


def history_key_due(session: Session) -> bool:
    """Whether a new history key is owed."""
    state = history_key_state(session.store)
    return state.device_left or state.next is not None or time.time() - state.at > HISTORY_KEY_AGE_S_MAX


async def renew_history_key(session: Session) -> None:
    """Make, publish and hand on the next version; the same bytes again after a crash.

    Not while this device still waits for the account's new signing key: what the old one signs holds no longer.
    """
    identity = await session.directory.identity(session.device.user_id)
    account = documents.load_account(session.store)
    if account is None or account.statement_version != identity.statement.version:
        return
    state = history_key_state(session.store)
    if state.next is None:
        known = await messaging.get_history_keys(session.api)
        versions = [*load_history_keys(session.store), *(key.version for key in known.history_keys)]
        key = new_history_key(max(versions) + 1)
        state = msgspec.structs.replace(state, next=(key.version, key.secret, await _sealed(session, key)))
        documents.save(session.store, "history_key", state)
    assert state.next is not None
    version, secret, sealed = state.next
    try:
        await messaging.put_history_key(session.api, version, HistoryKeyUpload(b64encode(sealed)))
    except Conflict:
        # Another own device took this number at the same time: the next turn takes the one after it.
        documents.save(session.store, "history_key", msgspec.structs.replace(state, next=None, device_left=True))
        return
    key = HistoryKey(version, secret)
    await _hand_on(session, key)
    with session.store.transaction():
        save_history_key(session.store, key)
        documents.save(session.store, "history_key", HistoryKeyState(int(time.time()), handed=version))


async def hand_on_newest(session: Session) -> None:
    """Hand the newest key on where nobody has: its maker may have gone before they did, and this device found it published.

    The account's first key is on every device of it.
    """
    newest = session.history_key
    if newest.version in {min(load_history_keys(session.store)), history_key_state(session.store).handed}:
        return
    await _hand_on(session, newest)
    note_handed(session.store, newest.version)


async def _sealed(session: Session, key: HistoryKey) -> bytes:
    identity = await session.directory.identity(session.device.user_id)
    account = documents.load_account(session.store)
    if account is None:
        raise NotSignedIn("this profile is not signed in")
    return seal_history_key(
        session.primitives,
        key,
        identity.statement.recovery_key,
        signer=HistoryKeySigner(account.statement_version, account.signing_secret),
        user_id=session.device.user_id,
        server_name=session.device.server_name,
    )


async def _hand_on(session: Session, key: HistoryKey) -> None:
    # Asked for after the key is published: a device that comes later finds it among the published ones.
    await session.directory.fetch([session.device.user_id])
    if not session.directory.devices(session.device.user_id) - {session.device.device_id}:
        return
    conversation_id = await open_direct(session, session.device.user_id)
    body = encode_handed_key(key)
    row = OutboxRow(client_id=ClientId(new_uuid7()), conversation_id=conversation_id, kind=KIND_HISTORY_KEY, body=body)
    await outbox.deliver_message(session, row)

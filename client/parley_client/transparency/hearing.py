"""What this device notices of the log of people's keys on its own: by following it, and by heads that come with messages."""

from __future__ import annotations

import contextlib

from parley_client.errors import UntrustedLog, UsageError
from parley_client.events import Event
from parley_client.session import Session
from parley_client.settings import syncing
from parley_client.settings.marks import KEY_LOG, key_log_key
from parley_client.store.key_log import alarms, load_followed
from parley_client.store.notices import Notice, save_notice
from parley_contracts.checkpoints import Head
from parley_contracts.messaging_api import Entry
from parley_mls import DecodeError


def hear_head(session: Session, entry: Entry, unverified_head: bytes) -> None:
    """Compare the head in a message, if there is one, with this device's own log; a difference is a notice in the conversation."""
    if not unverified_head:
        return
    try:
        found = session.directory.log.hear(Head.decode(unverified_head))
    except DecodeError:
        found = "the sender tells of a head of the log of people's keys that is none"
    if found:
        save_notice(session.store, Notice(entry.conversation_id, "other_key_log", entry.sequence, found))


async def follow_log(session: Session) -> None:
    """Follow the log where it was not followed lately; whoever listens hears of a new alarm."""
    before = len(alarms(session.store))
    with contextlib.suppress(UntrustedLog):
        await session.directory.log.follow(unless_fresh=True)
        remember_key(session)
    if len(alarms(session.store)) > before:
        session.events.tell(Event("key_log.changed"))


def remember_key(session: Session) -> None:
    """Tell the person's other and later devices which key of the log was pinned, by the sealed settings."""
    followed = load_followed(session.store)
    if followed is not None and followed.head and not key_log_key(session.store):
        with contextlib.suppress(UsageError):  # full settings have no room for it
            syncing.change(session, {KEY_LOG: followed.key})

"""Reading the past: page by page, so that it goes on where it stopped, from the first epoch that was handed on to the known one.

Invariant: nothing is stored before the server's hashes of the whole log led to the hash that this device came in with, and
before the first epoch's group was held to the commit that ended it.
"""

from __future__ import annotations

import msgspec

from parley_client.api import messaging
from parley_client.content.kinds import KIND_HISTORY
from parley_client.errors import NetworkError, UntrustedGroup
from parley_client.groups.entering import follow_shown, judge_new_group, row_of_group
from parley_client.groups.judgement import leaves_of, shown_bytes
from parley_client.past.applying import HandedOnTooMuch, LateApplier, PastApplier, epoch_of
from parley_client.past.saying import may_have
from parley_client.past.telling import HistoryBody
from parley_client.session import Session
from parley_client.store import conversations, messages
from parley_client.store import past as pasts
from parley_client.store.conversations import ConversationRow, EpochRow, load_conversation, save_conversation
from parley_client.store.notices import Notice, save_notice
from parley_client.store.past import Past
from parley_client.sync.catch_up import apply_one
from parley_client.sync.epochs import queue_record
from parley_client.sync.hashing import entry_hash
from parley_client.sync.opening import HISTORY_KEY_MISSING
from parley_contracts.encoding import b64decode
from parley_contracts.envelope import chain_next, chain_start
from parley_contracts.ids import ConversationId
from parley_contracts.limits import PAST_ASKS_MAX
from parley_contracts.messaging_api import Entry
from parley_contracts.problems import NotFound
from parley_mls import MlsError, PublicCommitProcessed, PublicGroup


async def read_on(session: Session, conversation_id: ConversationId) -> bool:
    """Read one page more of the past, or try other secrets on what did not open; whether there is more to do at once."""
    async with session.lock(conversation_id):
        past, row = pasts.load_past(session.store, conversation_id), load_conversation(session.store, conversation_id)
        if past is None or not past.secrets or past.state == "read" or not may_have(row, past):
            return False
        try:
            await _read_on(session, past)
        except NotFound:  # the server does not show what was handed on, or this person is out
            pasts.save_past(session.store, _waiting(session, past, refusing=past.row is None))
            return False
        except UntrustedGroup as error:
            save_notice(session.store, Notice(conversation_id, "history_refused", past.answer_sequence, str(error)))
            pasts.save_past(session.store, _waiting(session, past, refusing=isinstance(error, HandedOnTooMuch)))
            return False
    session.announce(conversation_id)
    return True


def _waiting(session: Session, past: Past, *, refusing: bool) -> Past:
    """Wait for other secrets than these; `refusing`: of other people, since these were not what they were said to be."""
    refused = past.refused
    if refusing and past.giver is not None:
        refused = tuple(dict.fromkeys((*refused, past.giver)))[-PAST_ASKS_MAX:]
    state = past.state if past.state == "mending" else "asking"
    return msgspec.structs.replace(
        past, state=state, refused=refused, secrets=(), row=None, follower=b"", asked_at=session.clock()
    )


async def _read_on(session: Session, past: Past) -> None:
    if past.state == "mending":
        await _finish(session, _mended(session, past))
    elif past.row is None:
        await _begin(session, past)
    elif past.row.epoch < past.upto:
        await _read_page(session, past, past.row)
    else:
        await _finish(session, past)


# --- where it begins


async def _begin(session: Session, past: Past) -> None:
    """Stand at the beginning of the first epoch, as a follower of its group, all of the log's hashes known."""
    where = past.conversation_id
    known = _known(session, past)
    state = await messaging.get_group_info(session.api, where, epoch=past.first)
    chain = await _chain(session, known)
    if not 0 < state.sequence < known.anchor_sequence:
        raise UntrustedGroup("the server shows the beginning of an epoch at an impossible place")
    follower, _ = await follow_shown(session, state)
    policy = shown_bytes(state.policy)
    document = await judge_new_group(session, follower, policy, where)
    if (follower.group_id, follower.epoch) != (known.group_id, past.first):
        raise UntrustedGroup("the server shows another group than this device came into")
    if not document.shares_history:
        raise HandedOnTooMuch("a member handed on secrets of a time when history was not shared")
    row = row_of_group(document, policy, state, chain[state.sequence], status="outside")
    await _check_ended(session, past, follower, chain)
    begun = msgspec.structs.replace(
        past, row=row, follower=follower.to_bytes(), began=state.sequence, proven=False, failed=False
    )
    first = epoch_of(begun, row, follower)
    with session.store.transaction():
        for sequence in range(state.sequence, known.anchor_sequence):
            conversations.save_chain_hash(session.store, where, sequence, chain[sequence])
        conversations.save_leaves(session.store, first.leaves_digest, leaves_of(follower))
        pasts.save_past(session.store, begun)


async def _chain(session: Session, known: EpochRow) -> list[bytes]:
    """The hash chain from the log's beginning to a known epoch's, by the server's hashes of entries."""
    where = known.conversation_id
    chain = [chain_start(where)]
    while len(chain) <= known.anchor_sequence:
        after = len(chain) - 1
        page = await messaging.get_hashes(session.api, where, after=after, before=known.anchor_sequence + 1)
        if page.first_sequence != after + 1 or not page.hashes:
            raise UntrustedGroup("the server hides part of the log of before this device came in")
        for text in page.hashes[: known.anchor_sequence - after]:
            chain.append(chain_next(chain[-1], len(chain), shown_bytes(text)))
    if chain[-1] != known.anchor_hash:
        raise UntrustedGroup("the server shows another past than this group has")
    return chain


async def _check_ended(session: Session, past: Past, follower: PublicGroup, chain: list[bytes]) -> None:
    """Hold the first epoch's group to the commit that ended it: its signature covers who was in the group."""
    end = _known(session, past).anchor_sequence
    if past.first + 1 < past.upto:
        state = await messaging.get_group_info(session.api, past.conversation_id, epoch=past.first + 1)
        end = state.sequence
    if not 0 < end < len(chain):
        raise UntrustedGroup("the server shows the end of an epoch at an impossible place")
    page = await messaging.get_entries(session.api, past.conversation_id, after=end - 1, limit=1)
    commit = page.entries[0] if page.entries else None
    if commit is None or commit.sequence != end or chain_next(chain[end - 1], end, entry_hash(commit)) != chain[end]:
        raise UntrustedGroup("the server shows another past than this group has")
    try:
        processed = follower.process(session.primitives, b64decode(commit.commit or ""))
    except MlsError as error:
        raise UntrustedGroup("the first epoch that was handed on is not the one that the log holds") from error
    if not isinstance(processed, PublicCommitProcessed) or processed.group.epoch != past.first + 1:
        raise UntrustedGroup("the first epoch that was handed on did not end there")


def _known(session: Session, past: Past) -> EpochRow:
    known = conversations.epoch_facts(session.store, past.conversation_id, past.generation, past.upto)
    if known is None:
        raise UntrustedGroup("this device does not know the epoch that it came in with")
    return known


# --- on its way


async def _read_page(session: Session, past: Past, row: ConversationRow) -> None:
    page = await messaging.get_entries(session.api, past.conversation_id, after=row.cursor)
    if not page.entries or page.entries[0].sequence != row.cursor + 1:
        raise NetworkError("protocol", "the server left entries of the log out")
    applier = PastApplier(session, past, row)
    for entry in page.entries:
        if applier.row.epoch == past.upto:
            break
        if entry.sequence != applier.row.cursor + 1:
            raise NetworkError("protocol", "the server sent the log out of order")
        await apply_one(session, applier, entry)
    applier.write()


# --- what did not open, and the end


def _mending(session: Session, past: Past) -> Past:
    """Ask others than who handed these secrets on, at once."""
    return msgspec.structs.replace(_waiting(session, past, refusing=True), state="mending", asked_at=0.0)


def _mended(session: Session, past: Past) -> Past:
    """Try other secrets on what did not open; what of it opens is kept."""
    store, where = session.store, past.conversation_id
    for message, entry in messages.unopened(store, HISTORY_KEY_MISSING):
        if message.conversation_id == where and past.first <= entry.epoch < past.upto:
            facts = conversations.epoch_facts(store, where, past.generation, entry.epoch)
            secret = past.secret_of(entry.epoch)
            if facts is not None and secret is not None:
                _mend(session, msgspec.structs.replace(facts, secret=facts.secret or secret), entry)
    return past


def _mend(session: Session, epoch: EpochRow, entry: Entry) -> None:
    row = load_conversation(session.store, epoch.conversation_id)
    if row is not None and LateApplier(session, row, epoch).open_late(entry):
        with session.store.transaction():
            conversations.fill_secret(session.store, epoch)
            queue_record(session, epoch)


async def _finish(session: Session, past: Past) -> None:
    """The log was read up to the known epoch: ask others where something did not open, or for what was before."""
    store, where = session.store, past.conversation_id
    missing = any(
        message.conversation_id == where and past.first <= entry.epoch < past.upto
        for message, entry in messages.unopened(store, HISTORY_KEY_MISSING)
    )
    with store.transaction():
        row = load_conversation(store, where)
        if row is not None and row.history_epoch == past.upto:
            joined = max(row.joined, past.row.joined if past.row is not None else 0)
            save_conversation(store, msgspec.structs.replace(row, history_epoch=past.first, joined=joined))
        if missing:
            pasts.save_past(store, _mending(session, past))
            return
        told = msgspec.json.encode(HistoryBody("shared"))
        messages.change_kind(store, where, past.answer_sequence, KIND_HISTORY, told)
        after = Past(
            conversation_id=where,
            generation=past.generation,
            upto=past.first,
            keys=past.keys,
            asked_at=0.0,
        )
        pasts.save_past(store, after)

"""The durable outbox: a message is stored, sealed, stored again, and repeated until the server's answer is known.

Invariant: the same sealed bytes are sent again and again; only `EpochStale` permits sealing anew, under the same client
id, one message of a conversation is on its way at a time, so counters follow the log, and a message goes only after
its files are complete.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from parley_client.api import messaging
from parley_client.attachments.preparing import Prepared
from parley_client.attachments.uploading import upload_files
from parley_client.backoff import full_jitter
from parley_client.channels.posting import send_post
from parley_client.content.kinds import ANNOTATING_KINDS, COUNTED_KINDS
from parley_client.crypto.message import Content, seal_message
from parley_client.errors import (
    ConversationForked,
    NetworkError,
    NotAMember,
    NotSignedIn,
    UsageError,
)
from parley_client.events import Event, OutboxState
from parley_client.groups.commits import has_strays, rotate_if_due
from parley_client.groups.conversations import ensure_member
from parley_client.groups.roots import expect_confirmed
from parley_client.session import Session
from parley_client.store import conversations, queues, restoring, uploads
from parley_client.store.conversations import ConversationRow
from parley_client.store.queues import OutboxRow
from parley_client.sync.catch_up import catch_up
from parley_client.sync.epochs import epoch_of
from parley_contracts.encoding import b64encode
from parley_contracts.envelope import TRANSCRIPT_PREFIX_SIZE_BYTES
from parley_contracts.ids import ClientId, ConversationId, as_channel
from parley_contracts.limits import APPEND_TIMEOUT_S
from parley_contracts.messaging_api import Appended, MessageUpload
from parley_contracts.problems import (
    ClientIdReused,
    EpochStale,
    NotFound,
    PolicyRefused,
    Problem,
    problem_from_dict,
)
from parley_mls import CipherSuite

SEND_TIMEOUT_S = APPEND_TIMEOUT_S + 5.0


class SealedInVain(Exception):  # noqa: N818 - the outbox seals again
    """The epoch has moved on since the message was sealed."""


async def deliver_message(session: Session, row: OutboxRow, files: Sequence[Prepared] = ()) -> Appended:
    """Store a message, send its files and then itself, and return the acknowledgement; raises why where that can never be.

    Who cancels it leaves the message on its way.
    """
    answer: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
    session.waiting[row.client_id] = answer
    with session.store.transaction():
        queues.add_to_outbox(session.store, row)
        for prepared in files:
            uploads.add_upload(session.store, prepared.upload)
            for number, chunk in enumerate(prepared.chunks):
                uploads.save_chunk(session.store, prepared.upload.upload_id, number, chunk)
    _tell(session, row, "queued")
    pumping = session.spawn(_forward(session, row))
    both: set[asyncio.Future[Any]] = {answer, pumping}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    if not answer.done():
        await pumping
    return await answer


async def pump(session: Session, conversation_id: ConversationId) -> None:
    """Send what waits in a conversation, in order, however long it takes.

    Raises only `NotSignedIn`; a message that can never be sent is marked, and the next one is tried.
    """
    async with session.sending[conversation_id]:
        while (row := queues.next_in_outbox(session.store, conversation_id)) is not None:
            await _send(session, row)


async def pump_all(session: Session) -> None:
    """Send what waits in every conversation, files first where a message waits for them."""
    async with asyncio.TaskGroup() as tasks:
        for conversation_id in queues.waiting_conversations(session.store):
            tasks.create_task(pump(session, conversation_id))
        for row in queues.waiting_for_files(session.store):
            tasks.create_task(_forward(session, row))


async def _forward(session: Session, row: OutboxRow) -> None:
    """Send a message's files, while what was said later may overtake it; then the message."""
    await _until_settled(session, row, lambda: upload_files(session, row.client_id))
    await pump(session, row.conversation_id)


async def _send(session: Session, row: OutboxRow) -> None:
    async def once() -> None:
        channel_id = as_channel(row.conversation_id)
        if channel_id is not None:
            appended = await send_post(session, channel_id, row, timeout_s=SEND_TIMEOUT_S)
        else:
            appended = await _send_once(session, row.client_id, row.conversation_id)
        _acknowledge(session, row, appended)

    await _until_settled(session, row, once)


async def _until_settled(session: Session, row: OutboxRow, work: Callable[[], Awaitable[None]]) -> None:
    """Do something for a message as often as it takes, or give the message up; raises only `NotSignedIn`."""
    attempt = 0
    while True:
        try:
            await work()
        except NotSignedIn as error:
            _answer(session, row.client_id, error)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the one who waits must hear of it
            if not _is_passing(error):
                _give_up(session, row, error)
                return
            await asyncio.sleep(max(full_jitter(attempt), _retry_after_s(error)))
            attempt += 1
        else:
            return


async def _send_once(session: Session, client_id: ClientId, conversation_id: ConversationId) -> Appended:
    upload = await _sealed(session, client_id, conversation_id)
    try:
        return await messaging.put_message(session.api, conversation_id, client_id, upload, timeout_s=SEND_TIMEOUT_S)
    except EpochStale as problem:
        await catch_up(session, conversation_id)
        raise SealedInVain from problem
    except (PolicyRefused, NotFound):
        # This device may have been put out of the group while its person stays: then it comes in again.
        row = await catch_up(session, conversation_id)
        if row is not None and row.status == "outside":
            raise SealedInVain from None
        raise
    except ClientIdReused as problem:
        return await _first_copy(session, conversation_id, client_id, problem)


async def _sealed(session: Session, client_id: ClientId, conversation_id: ConversationId) -> MessageUpload:
    """The sealed message: as stored, or sealed now where it never was or its epoch has ended."""
    await ensure_member(session, conversation_id)
    await rotate_if_due(session, conversation_id)
    expect_confirmed(session, conversation_id)
    async with session.lock(conversation_id):
        conversation = conversations.load_conversation(session.store, conversation_id)
        row = queues.next_in_outbox(session.store, conversation_id)
        if conversation is None or conversation.status == "removed":
            raise NotAMember("you do not belong to this conversation any more")
        if conversation.status == "forked":
            raise ConversationForked("somebody was shown another log of this conversation; nothing more is sent here")
        if row is None or row.client_id != client_id or conversation.status != "member":
            raise SealedInVain
        if has_strays(session, conversation):
            raise SealedInVain
        if row.upload is not None and row.epoch == conversation.epoch:
            return msgspec.json.decode(row.upload, type=MessageUpload)
        counter = (conversations.counter_of(session.store, conversation_id, session.device.device_id) or 0) + 1
        upload = seal(session, conversation, row, counter)
        queues.save_sealed(
            session.store,
            client_id,
            epoch=conversation.epoch,
            counter=counter,
            upload=msgspec.json.encode(upload),
        )
        return upload


def seal(session: Session, conversation: ConversationRow, row: OutboxRow, counter: int) -> MessageUpload:
    """The message sealed in the present epoch; hold the conversation's lock."""
    if as_channel(row.conversation_id) is not None:
        raise UsageError("nothing is sealed in an open channel")
    epoch = epoch_of(session, conversation)
    device = session.device
    sealed = seal_message(
        session.primitives,
        epoch_secret=epoch.secret,
        suite=CipherSuite.X25519_AES128GCM_SHA256_ED25519.value,
        group_id=epoch.group_id,
        generation=epoch.generation,
        conversation_id=row.conversation_id,
        epoch=epoch.epoch,
        transcript_prefix=epoch.transcript_hash[:TRANSCRIPT_PREFIX_SIZE_BYTES],
        user_id=device.user_id,
        device_id=device.device_id,
        client_id=row.client_id,
        counts=row.kind in COUNTED_KINDS,
        content=Content(
            counter=counter,
            last_sequence=conversation.cursor,
            last_hash=conversation.chain_hash,
            kind=row.kind,
            body=row.body,
            head=session.directory.log.head,
        ),
        device_seed=device.device_secret,
    )
    return MessageUpload(b64encode(sealed.header), b64encode(sealed.ciphertext), b64encode(sealed.signature))


async def _first_copy(
    session: Session, conversation_id: ConversationId, client_id: ClientId, problem: ClientIdReused
) -> Appended:
    """The acknowledgement of a first copy that was stored after all, though its answer was lost."""
    sequence = problem.extra.get("sequence")
    if not isinstance(sequence, int):
        raise problem
    page = await messaging.get_entries(session.api, conversation_id, after=sequence - 1, limit=1)
    for entry in page.entries:
        if (entry.device_id, entry.client_id) == (session.device.device_id, client_id):
            await catch_up(session, conversation_id)
            return Appended(conversation_id, client_id, entry.sequence, entry.ordinal, entry.epoch, entry.stored_at)
    raise problem


def _acknowledge(session: Session, sent: OutboxRow, appended: Appended) -> None:
    """The message is in the log: its counter is used. Where a first copy won, the log has told which that was."""
    own, conversation_id = session.device.device_id, sent.conversation_id
    with session.store.transaction():
        row = queues.next_in_outbox(session.store, conversation_id)
        conversation = conversations.load_conversation(session.store, conversation_id)
        applied = conversation is not None and appended.sequence <= conversation.cursor
        if not applied and row is not None and row.counter is not None:
            conversations.save_counter(session.store, conversation_id, own, row.counter)
        if not applied:
            restoring.keep_acknowledged(session.store, sent, appended.sequence)
        queues.remove_from_outbox(session.store, sent.client_id)
        uploads.remove_uploads(session.store, sent.client_id)
    if not applied and sent.kind in ANNOTATING_KINDS:
        session.landing[sent.client_id] = (appended.sequence, sent)
    session.signals.sent(conversation_id)
    _tell(session, sent, "sent", sequence=appended.sequence)
    _answer(session, sent.client_id, appended)


def _give_up(session: Session, row: OutboxRow, error: Exception) -> None:
    if row.kind in ANNOTATING_KINDS:  # it has no row that could say so: whoever asked for it hears of it
        queues.remove_from_outbox(session.store, row.client_id)
    else:
        queues.fail_in_outbox(session.store, row.client_id, _failure(error))
    _tell(session, row, "failed")
    _answer(session, row.client_id, error)


def retry(session: Session, client_id: ClientId) -> bool:
    """Send a failed message anew, in the background; whether there was one."""
    row = queues.retry_in_outbox(session.store, client_id)
    if row is None:
        return False
    session.announce(row.conversation_id)
    session.spawn(_forward(session, row))
    return True


def discard(session: Session, client_id: ClientId) -> bool:
    """Forget a failed message; whether there was one."""
    with session.store.transaction():
        conversation_id = queues.discard_failed(session.store, client_id)
        if conversation_id is not None:
            uploads.remove_uploads(session.store, client_id)
    if conversation_id is not None:
        session.announce(conversation_id)
    return conversation_id is not None


def _tell(session: Session, row: OutboxRow, state: OutboxState, **more: int) -> None:
    if row.kind in ANNOTATING_KINDS:
        session.announce(row.conversation_id)
    elif row.kind in COUNTED_KINDS:
        params = {"conversation_id": row.conversation_id, "client_id": row.client_id, "state": state}
        session.events.tell(Event("outbox.changed", params | more))


def _answer(session: Session, client_id: ClientId, outcome: Appended | Exception) -> None:
    future = session.waiting.pop(client_id, None)
    if future is None or future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def _failure(error: Exception) -> bytes:
    members = error.to_dict() if isinstance(error, Problem) else {"type": type(error).__name__, "detail": str(error)}
    return json.dumps(members).encode()


def failures(session: Session) -> dict[ClientId, Problem]:
    """Messages that can never be sent, each with its problem."""
    return {
        client_id: problem_from_dict(json.loads(failure))
        for client_id, failure in queues.failed_in_outbox(session.store)
    }


def _is_passing(error: Exception) -> bool:
    """Whether the same message may still be accepted later."""
    if isinstance(error, Problem):
        return error.status >= 500 or error.status in {401, 429}
    return isinstance(error, NetworkError | SealedInVain)


def _retry_after_s(error: Exception) -> float:
    return float((error.retry_after_s if isinstance(error, Problem) else 0) or 0)

"""The HTTP routes of `/api/v1/messaging`; wire types are those of `parley_contracts.messaging_api`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from parley_contracts.ids import ConversationId
from parley_contracts.limits import (
    ACCOUNT_INDEX_SIZE_BYTES_MAX,
    ARCHIVE_PAGE_MAX,
    ARCHIVE_RECORD_SIZE_BYTES_MAX,
    HISTORY_KEY_SIZE_BYTES_MAX,
    PAGE_ENTRIES_DEFAULT,
)
from parley_contracts.messaging_api import (
    AccountIndex,
    ArchiveRecord,
    ArchiveUpload,
    CommitUpload,
    ConversationCreation,
    Heads,
    HistoryKeyRecord,
    HistoryKeys,
    HistoryKeyUpload,
    MessageUpload,
    ReceiptUpload,
    ResetUpload,
    ScheduledUpload,
    UnusableUpload,
)
from parley_contracts.problems import InvalidRequest
from parley_messaging.api.admitting import caller_of
from parley_messaging.api.submissions import (
    commit_submission,
    creation_submission,
    message_submission,
    reset_submission,
    unusable_submission,
)
from parley_messaging.domain.entries import Submission
from parley_messaging.node import node_of
from parley_messaging.service.reading import page_limit
from parley_serving.fastapi.requests import (
    binary,
    identifier,
    json_response,
    read_body,
)

router = APIRouter(prefix="/api/v1/messaging")
NUMBER_MAX = 2**53
Number = Annotated[int, Query(ge=0, le=NUMBER_MAX)]
Place = Annotated[int, Path(ge=0, le=NUMBER_MAX)]
ArchiveLimit = Annotated[int, Query(ge=1, le=ARCHIVE_PAGE_MAX)]
Upload = TypeVar("Upload")


async def append(
    request: Request, upload_type: type[Upload], submission: Callable[..., Submission], *place: str | int
) -> Response:
    """Submit what the body says, as `submission(caller, *place, upload)`; the answer is its acknowledgement."""
    caller = await caller_of(request)
    upload = await read_body(request, upload_type)
    return json_response(await node_of(request).appending.submit(submission(caller, *place, upload)))


@router.put("/conversations/{conversation_id}")
async def put_conversation(request: Request, conversation_id: str) -> Response:
    """Create a conversation."""
    return await append(request, ConversationCreation, creation_submission, conversation_id)


@router.put("/conversations/{conversation_id}/messages/{client_id}")
async def put_message(request: Request, conversation_id: str, client_id: str) -> Response:
    """Append a message."""
    return await append(request, MessageUpload, message_submission, conversation_id, client_id)


@router.put("/conversations/{conversation_id}/commits/{client_id}")
async def put_commit(request: Request, conversation_id: str, client_id: str) -> Response:
    """Append a commit."""
    return await append(request, CommitUpload, commit_submission, conversation_id, client_id)


@router.put("/conversations/{conversation_id}/unusable/{sequence}")
async def put_unusable(request: Request, conversation_id: str, sequence: Place) -> Response:
    """Report a commit that the caller's device cannot use."""
    return await append(request, UnusableUpload, unusable_submission, conversation_id, sequence)


@router.put("/conversations/{conversation_id}/resets/{client_id}")
async def put_reset(request: Request, conversation_id: str, client_id: str) -> Response:
    """Begin a new generation of the group."""
    return await append(request, ResetUpload, reset_submission, conversation_id, client_id)


@router.get("/conversations")
async def get_conversations(request: Request) -> Response:
    """All heads of the caller."""
    caller = await caller_of(request)
    node = node_of(request)
    heads = await node.reading.heads(caller.user_id)
    return json_response(Heads(heads, await node.generation.value()))


@router.get("/conversations/{conversation_id}")
async def get_conversation(request: Request, conversation_id: str) -> Response:
    """The head and the policy in force."""
    caller = await caller_of(request)
    return json_response(await node_of(request).reading.conversation(caller.user_id, conversation_id))


@router.get("/conversations/{conversation_id}/entries")
async def get_entries(
    request: Request,
    conversation_id: str,
    after: Number | None = None,
    before: Number | None = None,
    around: Number | None = None,
    limit: int = PAGE_ENTRIES_DEFAULT,
) -> Response:
    """A page of the log."""
    caller = await caller_of(request)
    page = await node_of(request).reading.entries(
        caller.user_id, conversation_id, after=after, before=before, around=around, limit=page_limit(limit)
    )
    return json_response(page)


@router.put("/conversations/{conversation_id}/scheduled/{client_id}")
async def put_scheduled(request: Request, conversation_id: str, client_id: str) -> Response:
    """Keep a sealed message until its time."""
    caller = await caller_of(request)
    upload = await read_body(request, ScheduledUpload)
    submission = message_submission(caller, conversation_id, client_id, upload)
    await node_of(request).scheduling.put(submission, upload.send_at)
    return Response(status_code=204)


@router.get("/scheduled")
async def get_scheduled(request: Request) -> Response:
    """What the caller's device has scheduled."""
    caller = await caller_of(request)
    return json_response(await node_of(request).scheduling.of_device(caller.user_id, caller.device_id))


@router.delete("/scheduled/{client_id}")
async def delete_scheduled(request: Request, client_id: str) -> Response:
    """Do not send a scheduled message."""
    caller = await caller_of(request)
    await node_of(request).scheduling.remove(caller.user_id, caller.device_id, client_id)
    return Response(status_code=204)


@router.delete("/conversations/{conversation_id}/entries/{sequence}")
async def delete_entry(request: Request, conversation_id: str, sequence: Place) -> Response:
    """Take a message's ciphertext out of the log; its place and its hashes stay."""
    caller = await caller_of(request)
    await node_of(request).removing.remove(caller.user_id, conversation_id, sequence)
    return Response(status_code=204)


@router.get("/conversations/{conversation_id}/hashes")
async def get_hashes(
    request: Request,
    conversation_id: str,
    after: Number = 0,
    before: Number | None = None,
) -> Response:
    """Entry hashes, for the chain."""
    caller = await caller_of(request)
    return json_response(
        await node_of(request).reading.hashes(caller.user_id, conversation_id, after=after, before=before)
    )


@router.get("/conversations/{conversation_id}/group-info")
async def get_group_info(
    request: Request, conversation_id: str, epoch: Number | None = None, generation: Number = 0
) -> Response:
    """The GroupInfo of the present or a past epoch."""
    caller = await caller_of(request)
    reading = node_of(request).reading
    return json_response(await reading.group_info(caller.user_id, conversation_id, epoch=epoch, generation=generation))


@router.get("/conversations/{conversation_id}/welcome")
async def get_welcome(request: Request, conversation_id: str, sequence: Number | None = None) -> Response:
    """The latest Welcome for the caller's device, or the one at an entry."""
    caller = await caller_of(request)
    reading = node_of(request).reading
    return json_response(await reading.welcome(caller.user_id, caller.device_id, conversation_id, sequence=sequence))


@router.put("/conversations/{conversation_id}/receipt")
async def put_receipt(request: Request, conversation_id: str) -> Response:
    """Raise the caller's read position."""
    caller = await caller_of(request)
    upload = await read_body(request, ReceiptUpload)
    await node_of(request).receipts.mark(caller.user_id, conversation_id, upload.read_sequence)
    return Response(status_code=204)


@router.put("/archive/{conversation_id}/{generation}/{epoch}/{history_version}")
async def put_archive_record(
    request: Request, conversation_id: str, generation: int, epoch: int, history_version: int
) -> Response:
    """Store a sealed archive record, once."""
    caller = await caller_of(request)
    upload = await read_body(request, ArchiveUpload)
    binary(upload.sealed, "sealed", size_bytes_max=ARCHIVE_RECORD_SIZE_BYTES_MAX)
    _check_numbers(generation, epoch, history_version)
    record = ArchiveRecord(
        conversation_id=ConversationId(identifier(conversation_id, "conversation_id")),
        generation=generation,
        epoch=epoch,
        history_version=history_version,
        sealed=upload.sealed,
    )
    await node_of(request).records.put_archive(caller.user_id, record)
    return Response(status_code=204)


@router.get("/archive")
async def get_archive(request: Request, after: str | None = None, limit: ArchiveLimit = ARCHIVE_PAGE_MAX) -> Response:
    """A page of the caller's archive records."""
    caller = await caller_of(request)
    return json_response(await node_of(request).records.archive(caller.user_id, after=after, limit=limit))


@router.put("/history-keys/{version}")
async def put_history_key(request: Request, version: int) -> Response:
    """Store a sealed history key, once."""
    caller = await caller_of(request)
    upload = await read_body(request, HistoryKeyUpload)
    binary(upload.sealed, "sealed", size_bytes_max=HISTORY_KEY_SIZE_BYTES_MAX)
    _check_numbers(version)
    await node_of(request).records.put_history_key(caller.user_id, HistoryKeyRecord(version, upload.sealed))
    return Response(status_code=204)


@router.get("/history-keys")
async def get_history_keys(request: Request) -> Response:
    """The caller's sealed history keys."""
    caller = await caller_of(request)
    return json_response(HistoryKeys(await node_of(request).records.history_keys(caller.user_id)))


@router.put("/account-index")
async def put_account_index(request: Request) -> Response:
    """Store the next version of the sealed account index."""
    caller = await caller_of(request)
    index = await read_body(request, AccountIndex)
    binary(index.sealed, "sealed", size_bytes_max=ACCOUNT_INDEX_SIZE_BYTES_MAX)
    if index.version < 1:
        raise InvalidRequest("versions begin with 1", field="version")
    _check_numbers(index.version)
    await node_of(request).records.put_account_index(caller.user_id, index)
    return Response(status_code=204)


@router.get("/account-index")
async def get_account_index(request: Request) -> Response:
    """The caller's sealed account index."""
    caller = await caller_of(request)
    index = await node_of(request).records.account_index(caller.user_id)
    return json_response(index or AccountIndex(0, ""))


def _check_numbers(*unverified_numbers: int) -> None:
    if any(not 0 <= number <= NUMBER_MAX for number in unverified_numbers):
        raise InvalidRequest("a number is out of range")

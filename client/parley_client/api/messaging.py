"""`/api/v1/messaging`: one function for each endpoint, named after it."""

from __future__ import annotations

from collections.abc import Sequence

from parley_client.api.http import Api
from parley_client.api.network import REQUEST_TIMEOUT_S
from parley_contracts.ids import ClientId, ConversationId
from parley_contracts.limits import ARCHIVE_PAGE_MAX, PAGE_ENTRIES_MAX
from parley_contracts.messaging_api import (
    AccountIndex,
    Appended,
    ArchivePage,
    ArchiveUpload,
    CommitUpload,
    ConversationCreation,
    ConversationState,
    EntryHashes,
    EntryPage,
    GroupState,
    Heads,
    HistoryKeys,
    HistoryKeyUpload,
    MessageUpload,
    ReceiptUpload,
    ResetUpload,
    ScheduledMessages,
    ScheduledUpload,
    UnusableUpload,
    WelcomeState,
)
from parley_contracts.reporting_api import ReportUpload
from parley_contracts.state_api import DeliveryUpload, PrivacySettings, ReadState, Receipts, UnreadUpload
from parley_contracts.sync_api import Sync, digest_text

BASE = "/api/v1/messaging"
SOCKET_PATH = f"{BASE}/socket"


async def put_conversation(api: Api, conversation_id: ConversationId, creation: ConversationCreation) -> Appended:
    """Begin a conversation; `ConversationExists` where another device did."""
    return await api.call("PUT", f"{BASE}/conversations/{conversation_id}", Appended, body=creation)


async def get_conversations(api: Api) -> Heads:
    """Where all conversations of the person stand."""
    return await api.call("GET", f"{BASE}/conversations", Heads)


async def get_conversation(api: Api, conversation_id: ConversationId) -> ConversationState:
    """The head and the policy in force."""
    return await api.call("GET", f"{BASE}/conversations/{conversation_id}", ConversationState)


async def get_sync(api: Api, *, cursors: Sequence[int], read_states: Sequence[int], wait_s: int) -> Sync:
    """What differs from what these checksums say, or what happens within the time; not repeated."""
    query: dict[str, str | int | None] = {"cursors": digest_text(cursors), "read_states": digest_text(read_states)}
    query["wait_s"] = wait_s
    return await api.call("GET", f"{BASE}/sync", Sync, query=query, attempts=1, timeout_s=wait_s + REQUEST_TIMEOUT_S)


async def get_entries(api: Api, conversation_id: ConversationId, *, after: int, limit: int | None = None) -> EntryPage:
    """The next page of the log after an entry, from the first that the person may see."""
    query = {"after": after, "limit": limit or PAGE_ENTRIES_MAX}
    return await api.call("GET", f"{BASE}/conversations/{conversation_id}/entries", EntryPage, query=query)


async def put_scheduled(
    api: Api, conversation_id: ConversationId, client_id: ClientId, upload: ScheduledUpload
) -> None:
    """Leave a sealed message with the server until its time, or another one in its place."""
    path = f"{BASE}/conversations/{conversation_id}/scheduled/{client_id}"
    await api.call("PUT", path, type(None), body=upload)


async def get_scheduled(api: Api) -> ScheduledMessages:
    """What the server holds of this device's."""
    return await api.call("GET", f"{BASE}/scheduled", ScheduledMessages)


async def delete_scheduled(api: Api, client_id: ClientId) -> None:
    """Do not send it."""
    await api.call("DELETE", f"{BASE}/scheduled/{client_id}", type(None))


async def delete_entry(api: Api, conversation_id: ConversationId, sequence: int) -> None:
    """Take a message's ciphertext out of the log; again changes nothing."""
    await api.call("DELETE", f"{BASE}/conversations/{conversation_id}/entries/{sequence}", type(None))


async def put_report(api: Api, conversation_id: ConversationId, sequence: int, report: ReportUpload) -> None:
    """Show a message to who runs the server."""
    await api.call("PUT", f"{BASE}/conversations/{conversation_id}/reports/{sequence}", type(None), body=report)


async def get_group_info(
    api: Api, conversation_id: ConversationId, *, epoch: int | None = None, generation: int | None = None
) -> GroupState:
    """GroupInfo and policy of the present epoch, or of a past one that the person may see."""
    path = f"{BASE}/conversations/{conversation_id}/group-info"
    return await api.call("GET", path, GroupState, query={"epoch": epoch, "generation": generation})


async def get_welcome(api: Api, conversation_id: ConversationId, *, sequence: int | None = None) -> WelcomeState:
    """The latest Welcome for this device, or the one at an entry; sequence 0 for none, `NotFound` for no such conversation."""
    path = f"{BASE}/conversations/{conversation_id}/welcome"
    return await api.call("GET", path, WelcomeState, query={"sequence": sequence})


async def get_hashes(api: Api, conversation_id: ConversationId, *, after: int, before: int) -> EntryHashes:
    """Hashes of the entries between two."""
    query = {"after": after, "before": before}
    return await api.call("GET", f"{BASE}/conversations/{conversation_id}/hashes", EntryHashes, query=query)


async def put_message(
    api: Api, conversation_id: ConversationId, client_id: ClientId, upload: MessageUpload, *, timeout_s: float
) -> Appended:
    """Append a sealed message, once; the outbox repeats."""
    path = f"{BASE}/conversations/{conversation_id}/messages/{client_id}"
    return await api.call("PUT", path, Appended, body=upload, attempts=1, timeout_s=timeout_s)


async def put_commit(api: Api, conversation_id: ConversationId, client_id: ClientId, upload: CommitUpload) -> Appended:
    """Append a commit; `EpochStale` where another was first."""
    path = f"{BASE}/conversations/{conversation_id}/commits/{client_id}"
    return await api.call("PUT", path, Appended, body=upload)


async def put_unusable(api: Api, conversation_id: ConversationId, sequence: int, upload: UnusableUpload) -> Appended:
    """Report the commit at an entry; again is the same report."""
    path = f"{BASE}/conversations/{conversation_id}/unusable/{sequence}"
    return await api.call("PUT", path, Appended, body=upload)


async def put_reset(api: Api, conversation_id: ConversationId, client_id: ClientId, upload: ResetUpload) -> Appended:
    """Begin a new generation; `EpochStale` where another was first."""
    path = f"{BASE}/conversations/{conversation_id}/resets/{client_id}"
    return await api.call("PUT", path, Appended, body=upload)


async def put_receipt(api: Api, conversation_id: ConversationId, receipt: ReceiptUpload) -> None:
    """Say how far the person has read."""
    await api.call("PUT", f"{BASE}/conversations/{conversation_id}/receipt", type(None), body=receipt)


async def get_receipts(api: Api, conversation_id: ConversationId) -> Receipts:
    """How far the others have read and got."""
    return await api.call("GET", f"{BASE}/conversations/{conversation_id}/receipts", Receipts)


async def put_delivery(api: Api, conversation_id: ConversationId, delivery: DeliveryUpload) -> None:
    """Say how far this device has got."""
    await api.call("PUT", f"{BASE}/conversations/{conversation_id}/delivery", type(None), body=delivery)


async def put_unread(api: Api, conversation_id: ConversationId, upload: UnreadUpload) -> ReadState:
    """Mark a conversation as unread from a sequence on."""
    return await api.call("PUT", f"{BASE}/conversations/{conversation_id}/unread", ReadState, body=upload)


async def get_privacy(api: Api) -> PrivacySettings:
    """What the person lets others see."""
    return await api.call("GET", f"{BASE}/settings/privacy", PrivacySettings)


async def put_privacy(api: Api, settings: PrivacySettings) -> None:
    """Store the next version of the settings; `VersionStale`."""
    await api.call("PUT", f"{BASE}/settings/privacy", type(None), body=settings)


async def put_archive_record(
    api: Api, conversation_id: ConversationId, generation: int, epoch: int, history_version: int, upload: ArchiveUpload
) -> None:
    """Store a sealed archive record; `Conflict` where another record of that epoch stands."""
    path = f"{BASE}/archive/{conversation_id}/{generation}/{epoch}/{history_version}"
    await api.call("PUT", path, type(None), body=upload)


async def get_archive(api: Api, *, after: str | None) -> ArchivePage:
    """A page of the person's sealed archive records."""
    return await api.call("GET", f"{BASE}/archive", ArchivePage, query={"after": after, "limit": ARCHIVE_PAGE_MAX})


async def put_history_key(api: Api, version: int, upload: HistoryKeyUpload) -> None:
    """Store a history key that is sealed to the recovery key."""
    await api.call("PUT", f"{BASE}/history-keys/{version}", type(None), body=upload)


async def get_history_keys(api: Api) -> HistoryKeys:
    """All sealed history keys."""
    return await api.call("GET", f"{BASE}/history-keys", HistoryKeys)


async def put_account_index(api: Api, index: AccountIndex) -> None:
    """Store the next version of the sealed account index; `VersionStale`."""
    await api.call("PUT", f"{BASE}/account-index", type(None), body=index)


async def get_account_index(api: Api) -> AccountIndex:
    """The sealed account index; version 0 before the first."""
    return await api.call("GET", f"{BASE}/account-index", AccountIndex)

"""The operations of `/api/v1/messaging`."""

from __future__ import annotations

from parley_contracts.documents.operations import Operation, Parameter, Service, integer
from parley_contracts.limits import ARCHIVE_PAGE_MAX, PAGE_ENTRIES_DEFAULT, PAGE_ENTRIES_MAX
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
    WelcomeState,
)
from parley_contracts.problems import (
    ClientIdReused,
    Conflict,
    ConversationExists,
    EpochStale,
    Forbidden,
    PolicyRefused,
    VersionStale,
)

_CONVERSATION = "/conversations/{conversation_id}"
_APPEND_PROBLEMS = (ClientIdReused, EpochStale, PolicyRefused)

_APPENDS = (
    Operation(
        name="put_conversation",
        method="PUT",
        path=_CONVERSATION,
        summary="Create a conversation.",
        description="The first entry of its log, sequence 1. Again with the same `client_id` answers as the first time.",
        body=ConversationCreation,
        answer=Appended,
        problems=(*_APPEND_PROBLEMS, ConversationExists),
    ),
    Operation(
        name="put_message",
        method="PUT",
        path=f"{_CONVERSATION}/messages/{{client_id}}",
        summary="Append a message.",
        description="Answered once it is durable. The same `client_id` again is the same entry: repeat until answered.",
        body=MessageUpload,
        answer=Appended,
        problems=_APPEND_PROBLEMS,
    ),
    Operation(
        name="put_commit",
        method="PUT",
        path=f"{_CONVERSATION}/commits/{{client_id}}",
        summary="Append a commit.",
        description="The first commit of an epoch wins; the others get `epoch_stale`, catch up and try anew.",
        body=CommitUpload,
        answer=Appended,
        problems=_APPEND_PROBLEMS,
    ),
    Operation(
        name="delete_entry",
        method="DELETE",
        path=f"{_CONVERSATION}/entries/{{sequence}}",
        summary="Take a message's ciphertext out of the log; its place and its hashes stay.",
        description="For its author and for who manages the group. Again changes nothing.",
        problems=(Forbidden,),
    ),
)

_READS = (
    Operation(
        name="get_conversations",
        method="GET",
        path="/conversations",
        summary="All heads of the caller.",
        answer=Heads,
    ),
    Operation(
        name="get_conversation",
        method="GET",
        path=_CONVERSATION,
        summary="The head and the policy in force.",
        answer=ConversationState,
    ),
    Operation(
        name="get_entries",
        method="GET",
        path=f"{_CONVERSATION}/entries",
        summary="A page of the log.",
        description="Give at most one of `after`, `before` and `around`; without one, the newest entries.",
        answer=EntryPage,
        query={
            "after": Parameter(integer(), "Entries after this sequence."),
            "before": Parameter(integer(), "Entries before this sequence, the newest of them."),
            "around": Parameter(integer(), "Entries on both sides of this sequence."),
            "limit": Parameter(integer(1, PAGE_ENTRIES_MAX, default=PAGE_ENTRIES_DEFAULT), "How many entries at most."),
        },
    ),
    Operation(
        name="get_hashes",
        method="GET",
        path=f"{_CONVERSATION}/hashes",
        summary="Entry hashes, for the chain.",
        answer=EntryHashes,
        query={
            "after": Parameter(integer(default=0), "Hashes of entries after this sequence."),
            "before": Parameter(integer(), "And before this one."),
        },
    ),
    Operation(
        name="get_group_info",
        method="GET",
        path=f"{_CONVERSATION}/group-info",
        summary="The GroupInfo of the present or a past epoch.",
        answer=GroupState,
        query={"epoch": Parameter(integer(), "A past epoch; the present one where left out.")},
    ),
    Operation(
        name="get_welcome",
        method="GET",
        path=f"{_CONVERSATION}/welcome",
        summary="The latest Welcome for the caller's device.",
        answer=WelcomeState,
    ),
    Operation(
        name="put_receipt",
        method="PUT",
        path=f"{_CONVERSATION}/receipt",
        summary="Raise the caller's read position.",
        description="A lower one than before changes nothing.",
        body=ReceiptUpload,
    ),
)

_RECORDS = (
    Operation(
        name="put_archive_record",
        method="PUT",
        path="/archive/{conversation_id}/{generation}/{epoch}/{history_version}",
        summary="Store a sealed archive record, once.",
        body=ArchiveUpload,
        problems=(Conflict,),
    ),
    Operation(
        name="get_archive",
        method="GET",
        path="/archive",
        summary="A page of the caller's archive records.",
        answer=ArchivePage,
        query={
            "after": Parameter({"type": "string", "pattern": "^[0-9a-f]{24}$"}, "The `next` of the page before."),
            "limit": Parameter(integer(1, ARCHIVE_PAGE_MAX, default=ARCHIVE_PAGE_MAX), "How many records at most."),
        },
    ),
    Operation(
        name="put_history_key",
        method="PUT",
        path="/history-keys/{version}",
        summary="Store a sealed history key, once.",
        body=HistoryKeyUpload,
        problems=(Conflict,),
    ),
    Operation(
        name="get_history_keys",
        method="GET",
        path="/history-keys",
        summary="The caller's sealed history keys.",
        answer=HistoryKeys,
    ),
    Operation(
        name="put_account_index",
        method="PUT",
        path="/account-index",
        summary="Store the next version of the sealed account index.",
        description="`version` is the stored one + 1, and 1 for the first.",
        body=AccountIndex,
        problems=(VersionStale,),
    ),
    Operation(
        name="get_account_index",
        method="GET",
        path="/account-index",
        summary="The caller's sealed account index.",
        answer=AccountIndex,
    ),
)

MESSAGING = Service(
    name="messaging",
    prefix="/api/v1/messaging",
    description="Conversations and their logs, MLS delivery, receipts, and the sealed records of a person.",
    operations=(*_APPENDS, *_READS, *_RECORDS),
)

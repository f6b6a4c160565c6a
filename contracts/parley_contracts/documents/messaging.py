"""The operations of `/api/v1/messaging`."""

from __future__ import annotations

from parley_contracts.documents.applications import APPLICATIONS
from parley_contracts.documents.channels import CHANNELS
from parley_contracts.documents.fields import exactly
from parley_contracts.documents.operations import Operation, Parameter, Schema, Service, integer
from parley_contracts.joining_api import JoinRequests, JoinRequestUpload
from parley_contracts.limits import (
    ARCHIVE_PAGE_MAX,
    CURSOR_BUCKETS,
    PAGE_ENTRIES_DEFAULT,
    PAGE_ENTRIES_MAX,
    POLL_WAIT_S_MAX,
    READ_STATE_BUCKETS,
    SCHEDULED_AHEAD_S_MAX,
    SCHEDULED_PER_DEVICE_MAX,
)
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
from parley_contracts.problems import (
    ClientIdReused,
    Conflict,
    ConversationExists,
    EpochStale,
    Forbidden,
    PolicyRefused,
    TooMany,
    VersionStale,
)
from parley_contracts.reporting_api import ReportUpload
from parley_contracts.settings_api import SealedSettings
from parley_contracts.state_api import DeliveryUpload, PrivacySettings, ReadState, Receipts, UnreadUpload
from parley_contracts.sync_api import Sync

_CONVERSATION = "/conversations/{conversation_id}"
_APPEND_PROBLEMS = (ClientIdReused, EpochStale, PolicyRefused)


def _digest(buckets: int) -> Schema:
    """Checksums of four bytes each, as text; empty where nothing is known."""
    keywords = exactly(4 * buckets).schema()
    return {"type": "string", "default": "", **keywords, "minLength": 0}


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
        name="put_unusable",
        method="PUT",
        path=f"{_CONVERSATION}/unusable/{{sequence}}",
        summary="Report a commit that the caller's device cannot use.",
        description="By a device that was in the group before that commit, once. Enough people's reports permit a reset.",
        body=UnusableUpload,
        answer=Appended,
        problems=_APPEND_PROBLEMS,
    ),
    Operation(
        name="put_reset",
        method="PUT",
        path=f"{_CONVERSATION}/resets/{{client_id}}",
        summary="Begin a new generation of the group.",
        description="A branch of the epoch before a commit that enough people have reported. The first wins; the others get `epoch_stale`.",
        body=ResetUpload,
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

_REPORTS = (
    Operation(
        name="put_report",
        method="PUT",
        path=f"{_CONVERSATION}/reports/{{sequence}}",
        summary="Report a message to who runs the server.",
        description=(
            "Shows its content and the key of the commitment in its header, as they stand inside; what does not fit the header"
            " is `invalid_request`. Again replaces the caller's report."
        ),
        body=ReportUpload,
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
        query={
            "epoch": Parameter(integer(), "A past epoch; the present one where left out."),
            "generation": Parameter(integer(), "The generation of the past epoch; 0 where left out."),
        },
    ),
    Operation(
        name="get_welcome",
        method="GET",
        path=f"{_CONVERSATION}/welcome",
        summary="The latest Welcome for the caller's device, or the one at an entry.",
        query={"sequence": Parameter(integer(), "The entry; the latest Welcome where left out.")},
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

_SYNC = (
    Operation(
        name="get_sync",
        method="GET",
        path="/sync",
        summary="The socket's sync as a long poll.",
        description=(
            "What `hello`, `ready` and the frames after it say. It answers at once where anything differs from what the device"
            " knows, otherwise with the next frames or after `wait_s`. Typing and presence are heard and not said, and only"
            " while a poll waits. One poll of a device waits at a time."
        ),
        answer=Sync,
        query={
            "cursors": Parameter(_digest(CURSOR_BUCKETS), "Checksums of what the device has applied or was told of."),
            "read_states": Parameter(_digest(READ_STATE_BUCKETS), "Checksums of its read states; left out for none."),
            "wait_s": Parameter(integer(0, POLL_WAIT_S_MAX, default=POLL_WAIT_S_MAX), "Seconds to wait at most."),
        },
    ),
)

_SCHEDULE = (
    Operation(
        name="put_scheduled",
        method="PUT",
        path=f"{_CONVERSATION}/scheduled/{{client_id}}",
        summary="Keep a sealed message until its time, then append it.",
        description=(
            f"At most {SCHEDULED_PER_DEVICE_MAX} for each device, and {SCHEDULED_AHEAD_S_MAX // 86_400} days ahead; what has"
            " passed is due at once. Again, with another seal or another time, replaces it."
        ),
        body=ScheduledUpload,
        problems=(TooMany,),
    ),
    Operation(
        name="get_scheduled",
        method="GET",
        path="/scheduled",
        summary="What the caller's device has scheduled, and what could not be sent.",
        answer=ScheduledMessages,
    ),
    Operation(
        name="delete_scheduled",
        method="DELETE",
        path="/scheduled/{client_id}",
        summary="Do not send a scheduled message.",
        description="Again, or where it was sent meanwhile, changes nothing.",
    ),
)

_STATE = (
    Operation(
        name="get_receipts",
        method="GET",
        path=f"{_CONVERSATION}/receipts",
        summary="How far the others have read and got.",
        description="Of those who let it be seen, to those who do so themselves.",
        answer=Receipts,
    ),
    Operation(
        name="put_delivery",
        method="PUT",
        path=f"{_CONVERSATION}/delivery",
        summary="Raise the caller's delivered position.",
        description="A lower one than before changes nothing.",
        body=DeliveryUpload,
    ),
    Operation(
        name="put_unread",
        method="PUT",
        path=f"{_CONVERSATION}/unread",
        summary="Mark a conversation as unread from a sequence on, until the next reading.",
        body=UnreadUpload,
        answer=ReadState,
    ),
    Operation(
        name="get_privacy",
        method="GET",
        path="/settings/privacy",
        summary="What the caller lets others see.",
        answer=PrivacySettings,
    ),
    Operation(
        name="put_privacy",
        method="PUT",
        path="/settings/privacy",
        summary="Store the next version of what the caller lets others see.",
        description="`version` is the stored one + 1, and 1 for the first.",
        body=PrivacySettings,
        problems=(VersionStale,),
    ),
)

_JOINING = (
    Operation(
        name="put_join_request",
        method="PUT",
        path=f"{_CONVERSATION}/join-request",
        summary="Ask to join by an invitation link.",
        description="A link that does not open (any more) is `not_found`. Who belongs already gets `conflict`.",
        body=JoinRequestUpload,
        problems=(Conflict,),
    ),
    Operation(
        name="get_join_requests",
        method="GET",
        path=f"{_CONVERSATION}/join-requests",
        summary="Who asks to join, for who may add people.",
        answer=JoinRequests,
        problems=(PolicyRefused,),
    ),
    Operation(
        name="delete_join_request",
        method="DELETE",
        path=f"{_CONVERSATION}/join-requests/{{user_id}}",
        summary="Withdraw one's own request, or turn down another one's.",
        description="`not_found` where there is none, or not any more.",
        problems=(PolicyRefused,),
    ),
    Operation(
        name="get_own_join_requests",
        method="GET",
        path="/join-requests",
        summary="What the caller has asked to join and has not heard of yet.",
        answer=JoinRequests,
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
    Operation(
        name="put_settings",
        method="PUT",
        path="/settings",
        summary="Store the next version of the caller's sealed settings, and tell their devices.",
        description="`version` is the stored one + 1, and 1 for the first.",
        body=SealedSettings,
        problems=(VersionStale,),
    ),
    Operation(
        name="get_settings",
        method="GET",
        path="/settings",
        summary="The caller's sealed settings.",
        answer=SealedSettings,
        query={
            "known": Parameter(integer(default=0), "The version that the caller has: `sealed` is empty where it holds.")
        },
    ),
)

MESSAGING = Service(
    name="messaging",
    prefix="/api/v1/messaging",
    description="Conversations and their logs, MLS delivery, what is read and what is sent later, requests to join, the sealed records of a person, and open channels, which the server reads.",
    operations=(
        *(*_APPENDS, *_REPORTS, *_READS, *_SYNC, *_SCHEDULE, *_STATE, *_JOINING, *_RECORDS),
        *(*CHANNELS, *APPLICATIONS),
    ),
)

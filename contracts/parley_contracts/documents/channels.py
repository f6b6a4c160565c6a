"""The operations of `/api/v1/messaging` for open channels and search in them."""

from __future__ import annotations

from parley_contracts.channels_api import (
    Channel,
    ChannelCreation,
    ChannelDescription,
    ChannelPage,
    ChannelPolicyUpload,
    ChannelReportUpload,
    PostUpload,
    ScheduledPostUpload,
    SearchPage,
    SearchUpload,
)
from parley_contracts.documents.operations import Operation, Parameter, integer
from parley_contracts.limits import CHANNEL_QUERY_LENGTH_MAX, CHANNELS_PAGE_DEFAULT, CHANNELS_PAGE_MAX
from parley_contracts.messaging_api import Appended
from parley_contracts.problems import (
    ClientIdReused,
    Conflict,
    ConversationExists,
    EpochStale,
    NotFound,
    PolicyRefused,
    TooMany,
)

_CHANNEL = "/channels/{conversation_id}"
_APPEND_PROBLEMS = (ClientIdReused, PolicyRefused)

CHANNELS = (
    Operation(
        name="get_channels",
        method="GET",
        path="/channels",
        summary="A page of the directory of open channels, by name.",
        answer=ChannelPage,
        query={
            "query": Parameter(
                {"type": "string", "maxLength": CHANNEL_QUERY_LENGTH_MAX}, "What the name holds, in any case."
            ),
            "after": Parameter({"type": "string"}, "The `next` of the page before."),
            "limit": Parameter(integer(1, CHANNELS_PAGE_MAX, default=CHANNELS_PAGE_DEFAULT), "How many at most."),
        },
    ),
    Operation(
        name="get_channel",
        method="GET",
        path=_CHANNEL,
        summary="One channel of the directory.",
        answer=Channel,
    ),
    Operation(
        name="put_channel",
        method="PUT",
        path=_CHANNEL,
        summary="Create an open channel, which the server reads.",
        description="The id is a UUIDv4: the id alone says for ever that this is an open channel.",
        body=ChannelCreation,
        answer=Appended,
        problems=(*_APPEND_PROBLEMS, ConversationExists),
    ),
    Operation(
        name="put_channel_description",
        method="PUT",
        path=f"{_CHANNEL}/description/{{client_id}}",
        summary="Give a channel another name, topic and description.",
        body=ChannelDescription,
        answer=Appended,
        problems=_APPEND_PROBLEMS,
    ),
    Operation(
        name="put_channel_join",
        method="PUT",
        path=f"{_CHANNEL}/joins/{{client_id}}",
        summary="Come into a channel, and read it from its beginning.",
        description="Who belongs already gets `conflict`, who is banned `policy_refused`.",
        answer=Appended,
        problems=(*_APPEND_PROBLEMS, Conflict, TooMany),
    ),
    Operation(
        name="put_channel_leave",
        method="PUT",
        path=f"{_CHANNEL}/leaves/{{client_id}}",
        summary="Leave a channel.",
        description="The last owner makes somebody else one first.",
        answer=Appended,
        problems=_APPEND_PROBLEMS,
    ),
    Operation(
        name="put_channel_policy",
        method="PUT",
        path=f"{_CHANNEL}/policy/{{client_id}}",
        summary="Change a channel's people, roles, permissions and bans.",
        description="By the rules of private groups. Where somebody was first it is `epoch_stale`: catch up and try anew.",
        body=ChannelPolicyUpload,
        answer=Appended,
        problems=(*_APPEND_PROBLEMS, EpochStale),
    ),
    Operation(
        name="put_post",
        method="PUT",
        path=f"{_CHANNEL}/posts/{{client_id}}",
        summary="Say something in a channel, for everybody there and for the server to read.",
        description="Answered once it is durable. The same `client_id` again is the same entry: repeat until answered.",
        body=PostUpload,
        answer=Appended,
        problems=_APPEND_PROBLEMS,
    ),
    Operation(
        name="put_scheduled_post",
        method="PUT",
        path=f"{_CHANNEL}/scheduled/{{client_id}}",
        summary="Keep a post until its time, then append it.",
        description=(
            "Told by `GET scheduled` and taken back by `DELETE scheduled/{client_id}` like what is sealed. It stands in the"
            " clear from now on. Again, with another text or time, replaces it."
        ),
        body=ScheduledPostUpload,
        problems=(NotFound, TooMany),
    ),
    Operation(
        name="put_channel_report",
        method="PUT",
        path=f"{_CHANNEL}/reports/{{sequence}}",
        summary="Report something that was said in a channel to who runs the server.",
        description="It is kept as it was said, also when its author deletes it later. Again replaces the caller's report.",
        body=ChannelReportUpload,
        problems=(NotFound,),
    ),
    Operation(
        name="post_search",
        method="POST",
        path="/search",
        summary="Search in the open channels to which the caller belongs.",
        description="Words are found in any case, whole, and only as they stand now. A page may be short before the end.",
        body=SearchUpload,
        answer=SearchPage,
        problems=(NotFound,),
    ),
)

"""`/api/v1/messaging/channels` and `/search`: one function for each endpoint, named after it.

Only a `ChannelId` is ever spoken to in the clear, and nothing but an id's own form makes one.
"""

from __future__ import annotations

from parley_client.api.http import Api
from parley_client.api.messaging import BASE
from parley_contracts.applications_api import ApplicationCreation, Applications, ApplicationSecrets
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
from parley_contracts.ids import ApplicationId, ChannelId, ClientId
from parley_contracts.messaging_api import Appended


async def get_channels(api: Api, *, query: str, after: str | None, limit: int) -> ChannelPage:
    """A page of the directory."""
    return await api.call(
        "GET", f"{BASE}/channels", ChannelPage, query={"query": query, "after": after, "limit": limit}
    )


async def get_channel(api: Api, channel_id: ChannelId) -> Channel:
    """One channel of the directory."""
    return await api.call("GET", f"{BASE}/channels/{channel_id}", Channel)


async def put_channel(api: Api, channel_id: ChannelId, creation: ChannelCreation) -> Appended:
    """Create a channel."""
    return await api.call("PUT", f"{BASE}/channels/{channel_id}", Appended, body=creation)


async def put_channel_description(
    api: Api, channel_id: ChannelId, client_id: ClientId, description: ChannelDescription
) -> Appended:
    """Describe a channel anew."""
    return await api.call("PUT", f"{BASE}/channels/{channel_id}/description/{client_id}", Appended, body=description)


async def put_channel_join(api: Api, channel_id: ChannelId, client_id: ClientId) -> Appended:
    """Come into a channel; `Conflict` where this person belongs already."""
    return await api.call("PUT", f"{BASE}/channels/{channel_id}/joins/{client_id}", Appended)


async def put_channel_leave(api: Api, channel_id: ChannelId, client_id: ClientId) -> Appended:
    """Leave a channel."""
    return await api.call("PUT", f"{BASE}/channels/{channel_id}/leaves/{client_id}", Appended)


async def put_channel_policy(
    api: Api, channel_id: ChannelId, client_id: ClientId, upload: ChannelPolicyUpload
) -> Appended:
    """Change a channel's policy; `EpochStale` where somebody was first."""
    return await api.call("PUT", f"{BASE}/channels/{channel_id}/policy/{client_id}", Appended, body=upload)


async def put_post(
    api: Api, channel_id: ChannelId, client_id: ClientId, upload: PostUpload, *, timeout_s: float
) -> Appended:
    """Say something in the clear, once; the outbox repeats."""
    path = f"{BASE}/channels/{channel_id}/posts/{client_id}"
    return await api.call("PUT", path, Appended, body=upload, attempts=1, timeout_s=timeout_s)


async def put_scheduled_post(api: Api, channel_id: ChannelId, client_id: ClientId, upload: ScheduledPostUpload) -> None:
    """Have the server say something later, also without this device; again, replaces it."""
    await api.call("PUT", f"{BASE}/channels/{channel_id}/scheduled/{client_id}", type(None), body=upload)


async def put_report(api: Api, channel_id: ChannelId, sequence: int, upload: ChannelReportUpload) -> None:
    """Report something that was said."""
    await api.call("PUT", f"{BASE}/channels/{channel_id}/reports/{sequence}", type(None), body=upload)


async def put_application(
    api: Api, channel_id: ChannelId, application_id: ApplicationId, creation: ApplicationCreation
) -> ApplicationSecrets:
    """Let an application into a channel; its secrets are told this once."""
    path = f"{BASE}/channels/{channel_id}/applications/{application_id}"
    return await api.call("PUT", path, ApplicationSecrets, body=creation)


async def get_applications(api: Api, channel_id: ChannelId) -> Applications:
    """The applications of a channel."""
    return await api.call("GET", f"{BASE}/channels/{channel_id}/applications", Applications)


async def delete_application(api: Api, channel_id: ChannelId, application_id: ApplicationId) -> None:
    """Put an application out at once."""
    await api.call("DELETE", f"{BASE}/channels/{channel_id}/applications/{application_id}", type(None))


async def post_search(api: Api, upload: SearchUpload) -> SearchPage:
    """Search in this person's channels."""
    return await api.call("POST", f"{BASE}/search", SearchPage, body=upload)

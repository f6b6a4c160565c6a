"""What people do to an open channel: make it, come and go, change its rules and its name.

Invariant: every change is judged here by the rules before it is sent, as the server will judge it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection

import msgspec

from parley_client.api import channels
from parley_client.channels.entering import ensure_in_channel, enter_channel
from parley_client.errors import NetworkError
from parley_client.groups.editing import Edit, check_edit
from parley_client.groups.policies import known_policy
from parley_client.session import Session
from parley_client.sync.catch_up import catch_up
from parley_contracts.channels_api import (
    ChannelCreation,
    ChannelDescription,
    ChannelPolicyUpload,
    checked_description,
)
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ChannelId, ClientId, UserId, new_channel_id, new_uuid7
from parley_contracts.policy import NO_FINGERPRINT, PolicyDocument, Role, RosterEntry
from parley_contracts.problems import Conflict, EpochStale, PolicyRefused

CHANGE_ATTEMPTS = 30


async def create_channel(session: Session, description: ChannelDescription) -> ChannelId:
    """Make a channel that everybody on the server may join and the server reads."""
    said, channel_id = checked_description(description), new_channel_id()
    creation = ChannelCreation(_client_id(), said.name, said.topic, said.description)
    await channels.put_channel(session.api, channel_id, creation)
    await enter_channel(session, channel_id)
    session.announce(channel_id)
    return channel_id


async def join_channel(session: Session, channel_id: ChannelId) -> None:
    """Come into a channel, and read it from its beginning."""
    with contextlib.suppress(Conflict):  # by another device, or before a crash
        await channels.put_channel_join(session.api, channel_id, _client_id())
    await enter_channel(session, channel_id)
    session.announce(channel_id)


async def leave_channel(session: Session, channel_id: ChannelId) -> None:
    """Leave a channel; what was read stays on this device."""
    await ensure_in_channel(session, channel_id)
    await channels.put_channel_leave(session.api, channel_id, _client_id())
    await catch_up(session, channel_id)
    session.announce(channel_id)


async def change_channel(session: Session, channel_id: ChannelId, edit: Edit) -> None:
    """Change a channel's policy, judged again on each new state; `PolicyRefused` where this person may not."""
    for _ in range(CHANGE_ATTEMPTS):
        await catch_up(session, channel_id)
        row = await ensure_in_channel(session, channel_id)
        before = known_policy(row.policy)
        after = edit(before)
        if after == before:
            return
        check_edit(session, before, after)
        upload = ChannelPolicyUpload(row.epoch, b64encode(after.encode()))
        try:
            await channels.put_channel_policy(session.api, channel_id, _client_id(), upload)
        except EpochStale:
            continue
        await catch_up(session, channel_id)
        return
    raise NetworkError("timeout", "the channel keeps changing; try again later")


async def add_to_channel(session: Session, channel_id: ChannelId, user_ids: Collection[UserId], role: Role) -> None:
    """Bring people into a channel."""

    def edit(policy: PolicyDocument) -> PolicyDocument:
        joining = [user_id for user_id in dict.fromkeys(user_ids) if policy.role_of(user_id) is None]
        if set(joining) & set(policy.banned):
            raise PolicyRefused("this person is banned from the channel: unban them first")
        entries = [RosterEntry(user_id, NO_FINGERPRINT, role) for user_id in joining]
        return msgspec.structs.replace(policy, roster=(*policy.roster, *entries))

    await change_channel(session, channel_id, edit)


async def describe_channel(session: Session, channel_id: ChannelId, name: str, topic: str) -> None:
    """Give a channel another name or topic; its description stays."""
    known = await channels.get_channel(session.api, channel_id)
    description = checked_description(ChannelDescription(name, topic, known.description))
    await channels.put_channel_description(session.api, channel_id, _client_id(), description)
    await catch_up(session, channel_id)


def _client_id() -> ClientId:
    return ClientId(new_uuid7())

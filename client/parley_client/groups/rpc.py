"""Groups by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

from typing import Literal

import msgspec

from parley_client.calls import Methods, NoParams, Params
from parley_client.errors import UsageError
from parley_client.groups.methods import GroupMethods
from parley_client.moderation.rpc import moderation_methods
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.policy import Permission, Role


class CreateParams(Params):
    """`group.create`."""

    name: str
    members: list[str]
    topic: str = ""


class GroupParams(Params):
    """`group.info`, `group.history.ask`, `group.leave`, `group.links`, `group.requests` and `group.withdraw`."""

    conversation_id: str


class PeopleParams(GroupParams):
    """`group.remove`, `group.ban`, `group.unban`, `group.unmute`, `group.approve` and `group.deny`: user names."""

    members: list[str]


class AddParams(PeopleParams):
    """`group.add`."""

    role: Role = "member"


class MuteParams(PeopleParams):
    """`group.mute`: for how many seconds; null until they are unmuted."""

    lifetime_s: int | None = None


class RoleParams(GroupParams):
    """`group.role`."""

    member: str
    role: Role


class PermissionsParams(GroupParams):
    """`group.permissions`: the lowest role for each permission that shall change."""

    permissions: dict[Permission, Role]


class PictureParams(Params):
    """`group.picture`: the bytes of a picture of any size (base64url), or null to take it away."""

    conversation_id: str
    data: str | None


class LifetimeParams(Params):
    """`group.timer` and `group.retention`: how long messages are kept; null for any time."""

    conversation_id: str
    seconds: int | None


class HistoryParams(GroupParams):
    """`group.history`: whether who comes in later reads what is said from now on."""

    shared: bool


class DescribeParams(GroupParams):
    """`group.describe`: what is not given stays."""

    name: str | None = None
    topic: str | None = None


class LinkParams(GroupParams):
    """`group.link.create`."""

    role: Literal["member", "guest"] = "member"
    uses_max: int | None = None
    lifetime_s: int | None = None
    automatic: bool = False


class RevokeParams(GroupParams):
    """`group.link.revoke`."""

    link_id: str


class JoinParams(Params):
    """`group.join`: the whole link."""

    link: str


def group_methods(client: GroupMethods) -> Methods:
    """The methods of one client, with what they take."""

    async def create(params: CreateParams) -> object:
        return await client.group_create(params.name, params.members, params.topic)

    async def add(params: AddParams) -> object:
        return await client.group_add(params.conversation_id, params.members, params.role)

    async def remove(params: PeopleParams) -> object:
        return await client.group_remove(params.conversation_id, params.members)

    async def ban(params: PeopleParams) -> object:
        return await client.group_ban(params.conversation_id, params.members)

    async def unban(params: PeopleParams) -> object:
        return await client.group_unban(params.conversation_id, params.members)

    async def mute(params: MuteParams) -> object:
        return await client.group_mute(params.conversation_id, params.members, params.lifetime_s)

    async def unmute(params: PeopleParams) -> object:
        return await client.group_unmute(params.conversation_id, params.members)

    async def leave(params: GroupParams) -> object:
        return await client.group_leave(params.conversation_id)

    return {
        "group.create": (CreateParams, create),
        "group.add": (AddParams, add),
        "group.remove": (PeopleParams, remove),
        "group.ban": (PeopleParams, ban),
        "group.unban": (PeopleParams, unban),
        "group.mute": (MuteParams, mute),
        "group.unmute": (PeopleParams, unmute),
        "group.leave": (GroupParams, leave),
        **_policy_methods(client),
        **_history_methods(client),
        **_joining_methods(client),
        **moderation_methods(client),
    }


def _policy_methods(client: GroupMethods) -> Methods:
    async def role(params: RoleParams) -> object:
        return await client.group_role(params.conversation_id, params.member, params.role)

    async def permissions(params: PermissionsParams) -> object:
        return await client.group_permissions(params.conversation_id, params.permissions)

    async def describe(params: DescribeParams) -> object:
        return await client.group_describe(params.conversation_id, name=params.name, topic=params.topic)

    async def info(params: GroupParams) -> object:
        return client.group_info(params.conversation_id)

    async def timer(params: LifetimeParams) -> object:
        return await client.group_timer(params.conversation_id, params.seconds)

    async def retention(params: LifetimeParams) -> object:
        return await client.group_retention(params.conversation_id, params.seconds)

    async def picture(params: PictureParams) -> object:
        try:
            data = b64decode(params.data) if params.data is not None else None
        except ValueError as error:
            raise UsageError("the bytes of a picture are base64url") from error
        return await client.group_picture(params.conversation_id, data)

    async def read_picture(params: GroupParams) -> object:
        found = client.group_picture_of(params.conversation_id)
        return {"data": b64encode(found) if found is not None else None}

    return {
        "group.picture": (PictureParams, picture),
        "group.picture.read": (GroupParams, read_picture),
        "group.timer": (LifetimeParams, timer),
        "group.retention": (LifetimeParams, retention),
        "group.role": (RoleParams, role),
        "group.permissions": (PermissionsParams, permissions),
        "group.describe": (DescribeParams, describe),
        "group.info": (GroupParams, info),
    }


def _history_methods(client: GroupMethods) -> Methods:
    async def history(params: HistoryParams) -> object:
        return await client.group_history(params.conversation_id, shared=params.shared)

    async def ask(params: GroupParams) -> object:
        await client.group_history_ask(params.conversation_id)
        return {}

    async def confirm_reset(params: GroupParams) -> object:
        await client.reset_confirm(params.conversation_id)
        return {}

    return {
        "group.history": (HistoryParams, history),
        "group.history.ask": (GroupParams, ask),
        "conversation.reset.confirm": (GroupParams, confirm_reset),
    }


def _joining_methods(client: GroupMethods) -> Methods:
    async def create(params: LinkParams) -> object:
        words = msgspec.structs.asdict(params)
        return await client.group_link_create(words.pop("conversation_id"), **words)

    async def links(params: GroupParams) -> object:
        return client.group_links(params.conversation_id)

    async def revoke(params: RevokeParams) -> object:
        await client.group_link_revoke(params.conversation_id, params.link_id)
        return {}

    async def join(params: JoinParams) -> object:
        return await client.group_join(params.link)

    async def joins(_: NoParams) -> object:
        return await client.group_joins()

    async def withdraw(params: GroupParams) -> object:
        await client.group_withdraw(params.conversation_id)
        return {}

    async def requests(params: GroupParams) -> object:
        return await client.group_requests(params.conversation_id)

    async def approve(params: PeopleParams) -> object:
        return await client.group_approve(params.conversation_id, params.members)

    async def deny(params: PeopleParams) -> object:
        await client.group_deny(params.conversation_id, params.members)
        return {}

    return {
        "group.link.create": (LinkParams, create),
        "group.links": (GroupParams, links),
        "group.link.revoke": (RevokeParams, revoke),
        "group.join": (JoinParams, join),
        "group.joins": (NoParams, joins),
        "group.withdraw": (GroupParams, withdraw),
        "group.requests": (GroupParams, requests),
        "group.approve": (PeopleParams, approve),
        "group.deny": (PeopleParams, deny),
    }

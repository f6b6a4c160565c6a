"""What `Client` offers for groups: making them, their people, roles, bans, names, links and requests to join."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from parley_client.answers import Conversation
from parley_client.content.bodies import NameBody, encode
from parley_client.errors import NotAPicture, UnknownConversation
from parley_client.groups import conversations, joining, links, membership, muting
from parley_client.groups.describing import describe
from parley_client.groups.joining import Asking, Joining
from parley_client.groups.lifetimes import Lifetime, change_lifetime
from parley_client.groups.links import LinkInfo
from parley_client.groups.policies import known_policy
from parley_client.groups.sharing import share_history
from parley_client.moderation.methods import ModerationMethods
from parley_client.past.asking import ask_again
from parley_client.resets.making import confirm
from parley_client.store.conversations import ConversationRow, load_conversation, load_picture
from parley_client.sync.catch_up import catch_up
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ConversationId, LinkId, UserId, is_uuid, new_uuid7
from parley_contracts.limits import GROUP_PICTURE_SIZE_BYTES_MAX
from parley_contracts.policy import PERMISSIONS, Permission, Role
from parley_contracts.problems import InvalidRequest


class Person(msgspec.Struct, frozen=True):
    """A person of a group, or out of it (`role` None); `username` is the id where no name is known.

    `muted_until` is RFC 3339, `always`, or None for who may speak.
    """

    user_id: UserId
    username: str
    role: Role | None
    muted_until: str | None = None


class GroupInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A group's policy for showing: `role` and `may` are this person's own, `permissions` the lowest role for each.

    `muted` are all who are muted now, in the group or not.
    """

    conversation_id: ConversationId
    name: str
    topic: str
    role: Role | None
    may: list[Permission]
    members: list[Person]
    banned: list[Person]
    muted: list[Person]
    permissions: dict[str, Role]
    history_sharing: bool
    timer_s: int | None
    retention_s: int | None


class GroupMethods(ModerationMethods):
    """A part of `Client`. People are named by user name, with or without @, groups by id or name."""

    async def group_create(self, name: str, members: Sequence[str], topic: str = "") -> Conversation:
        """Make a private group with the people of these user names."""
        description = NameBody(name=name, topic=topic)
        encode(description)
        session = self.session
        people = await self._people(members)
        conversation_id = ConversationId(new_uuid7())
        await conversations.create_group(session, conversation_id, set(people) - {session.device.user_id})
        await describe(session, conversation_id, description)
        await catch_up(session, conversation_id)
        return self._known(conversation_id)

    async def group_add(self, conversation: str, members: Sequence[str], role: Role = "member") -> Conversation:
        """Bring people into a group; they also learn its name."""
        conversation_id = self.conversation_id(conversation)
        await membership.add_people(self.session, conversation_id, await self._people(members), role)
        return self._known(conversation_id)

    async def group_remove(self, conversation: str, members: Sequence[str]) -> Conversation:
        """Put people out of a group; they may come in again."""
        conversation_id = self.conversation_id(conversation)
        await membership.remove_people(self.session, conversation_id, await self._people(members))
        return self._known(conversation_id)

    async def group_ban(self, conversation: str, members: Sequence[str]) -> Conversation:
        """Put people out of a group, or keep them out, until they are unbanned."""
        conversation_id = self.conversation_id(conversation)
        await membership.ban_people(self.session, conversation_id, await self._people(members))
        return self._known(conversation_id)

    async def group_unban(self, conversation: str, members: Sequence[str]) -> Conversation:
        """Let banned people come in again."""
        conversation_id = self.conversation_id(conversation)
        await membership.unban_people(self.session, conversation_id, await self._people(members))
        return self._known(conversation_id)

    async def group_mute(self, conversation: str, members: Sequence[str], lifetime_s: int | None = None) -> GroupInfo:
        """Let people say nothing for so many seconds, None until they are unmuted."""
        conversation_id = self.conversation_id(conversation)
        await muting.mute_people(self.session, conversation_id, await self._people(members), lifetime_s)
        return self.group_info(conversation_id)

    async def group_unmute(self, conversation: str, members: Sequence[str]) -> GroupInfo:
        """Let people speak again."""
        conversation_id = self.conversation_id(conversation)
        await muting.unmute_people(self.session, conversation_id, await self._people(members))
        return self.group_info(conversation_id)

    async def group_leave(self, conversation: str) -> Conversation:
        """Leave a group; what was read stays on this device."""
        conversation_id = self.conversation_id(conversation)
        await membership.leave(self.session, conversation_id)
        return self._known(conversation_id)

    async def group_role(self, conversation: str, member: str, role: Role) -> GroupInfo:
        """Give somebody of the group another role."""
        conversation_id = self.conversation_id(conversation)
        await membership.give_role(self.session, conversation_id, await self.find(member), role)
        return self.group_info(conversation_id)

    async def group_permissions(self, conversation: str, permissions: Mapping[Permission, Role]) -> GroupInfo:
        """Say from which role on people may do these things."""
        conversation_id = self.conversation_id(conversation)
        try:
            await membership.change_permissions(self.session, conversation_id, permissions)
        except InvalidRequest as problem:
            raise InvalidRequest("no role so low may have this permission", field="permissions") from problem
        return self.group_info(conversation_id)

    async def group_describe(
        self, conversation: str, *, name: str | None = None, topic: str | None = None
    ) -> Conversation:
        """Change name or topic of a group; what is not given stays."""
        row = self._row(conversation)
        description = NameBody(name=row.title if name is None else name, topic=row.topic if topic is None else topic)
        await describe(self.session, row.conversation_id, description)
        await catch_up(self.session, row.conversation_id)
        return self._known(row.conversation_id)

    async def group_picture(self, conversation: str, data: bytes | None) -> Conversation:
        """Give a group a picture, made small on this device, or take it away; `NotAPicture`."""
        row = self._row(conversation)
        small = b""
        if data is not None:
            images = self.session.attachment_tools.images
            found = await images.thumbnail(data, size_bytes_max=GROUP_PICTURE_SIZE_BYTES_MAX)
            if found is None:
                raise NotAPicture("this file cannot be read as a picture")
            small = found
        await describe(
            self.session, row.conversation_id, NameBody(name=row.title, topic=row.topic, picture=b64encode(small))
        )
        await catch_up(self.session, row.conversation_id)
        return self._known(row.conversation_id)

    def group_picture_of(self, conversation: str) -> bytes | None:
        """A group's picture (JPEG or WebP), None where it has none; no network."""
        return load_picture(self.session.store, self._row(conversation).conversation_id)

    async def group_timer(self, conversation: str, seconds: int | None) -> GroupInfo:
        """Let messages from now on disappear after so long, None for not at all; of direct conversations, too."""
        return await self._lifetime(conversation, "timer_s", seconds)

    async def group_retention(self, conversation: str, seconds: int | None) -> GroupInfo:
        """Let the server keep messages so long, None for any time; of direct conversations, too."""
        return await self._lifetime(conversation, "retention_s", seconds)

    async def _lifetime(self, conversation: str, lifetime: Lifetime, seconds: int | None) -> GroupInfo:
        conversation_id = self.conversation_id(conversation)
        await change_lifetime(self.session, conversation_id, lifetime, seconds)
        return self.group_info(conversation_id)

    async def group_history(self, conversation: str, *, shared: bool) -> GroupInfo:
        """Let who comes into a group later read what is said from now on, or nothing of before they come."""
        conversation_id = self.conversation_id(conversation)
        await share_history(self.session, conversation_id, shared=shared)
        return self.group_info(conversation_id)

    async def group_history_ask(self, conversation: str) -> None:
        """Ask the members again for what was said before this person came in; `UsageError` where that makes no sense."""
        await ask_again(self.session, self.conversation_id(conversation))

    async def reset_confirm(self, conversation: str) -> None:
        """Go on where a reset began the group anew and this device could not check that; `UsageError` where there is none."""
        await confirm(self.session, self.conversation_id(conversation))

    def group_info(self, conversation: str) -> GroupInfo:
        """A group's people, roles, permissions, bans and mutes; no network."""
        row = self._row(conversation)
        policy, own = known_policy(row.policy), self.session.device.user_id
        now = self.session.clock()

        def person(user_id: UserId) -> Person:
            name, until = self.session.directory.known_name(user_id), muting.muted_until(policy, user_id, now)
            return Person(user_id, name, policy.role_of(user_id), until)

        return GroupInfo(
            conversation_id=row.conversation_id,
            name=row.title,
            topic=row.topic,
            role=policy.role_of(own),
            may=[permission for permission in PERMISSIONS if policy.may(own, permission)],
            members=[person(entry.user_id) for entry in policy.roster],
            banned=[person(user_id) for user_id in policy.banned],
            muted=[person(mute.user_id) for mute in policy.muted if mute.holds(now)],
            permissions=msgspec.structs.asdict(policy.permissions),
            history_sharing=policy.history_sharing,
            timer_s=policy.timer_s,
            retention_s=policy.retention_s,
        )

    # --- links and requests to join

    async def group_link_create(
        self,
        conversation: str,
        *,
        role: Literal["member", "guest"] = "member",
        uses_max: int | None = None,
        lifetime_s: int | None = None,
        automatic: bool = False,
    ) -> LinkInfo:
        """Make an invitation link, for so many people and so long; `automatic` admits without anybody's look."""
        row = self._row(conversation)
        link_id = await links.create_link(
            self.session, row, role=role, uses_max=uses_max, lifetime_s=lifetime_s, automatic=automatic
        )
        return next(link for link in self.group_links(row.conversation_id) if link.link_id == link_id)

    def group_links(self, conversation: str) -> list[LinkInfo]:
        """The links of a group; no network."""
        return links.list_links(self.session, self._row(conversation), self._server())

    async def group_link_revoke(self, conversation: str, link_id: str) -> None:
        """Make a link useless."""
        await links.revoke_link(self.session, self.conversation_id(conversation), LinkId(link_id))

    async def group_join(self, link: str) -> Joining:
        """Ask to join by a link; the conversation appears once a member's device has let this person in."""
        return await joining.ask_to_join(self.session, links.parse_link(self._server(), link))

    async def group_joins(self) -> list[Joining]:
        """What this person has asked to join and not heard of."""
        return await joining.own_requests(self.session)

    async def group_withdraw(self, conversation_id: str) -> None:
        """Ask no more to join."""
        if not is_uuid(conversation_id):
            raise UnknownConversation("a conversation that one is not in is named by its id")
        await joining.turn_down(self.session, ConversationId(conversation_id), self.session.device.user_id)

    async def group_requests(self, conversation: str) -> list[Asking]:
        """Who asks to join."""
        return await joining.who_asks(self.session, self.conversation_id(conversation))

    async def group_approve(self, conversation: str, members: Sequence[str]) -> Conversation:
        """Let people in who ask."""
        conversation_id = self.conversation_id(conversation)
        for user_id in await self._people(members):
            await joining.admit(self.session, conversation_id, user_id)
        return self._known(conversation_id)

    async def group_deny(self, conversation: str, members: Sequence[str]) -> None:
        """Turn people down who ask; they may ask again unless they are banned or the link is revoked."""
        for user_id in await self._people(members):
            await joining.turn_down(self.session, self.conversation_id(conversation), user_id)

    # --- inside

    async def _people(self, names: Sequence[str]) -> list[UserId]:
        return [await self.find(name) for name in names]

    def _row(self, conversation: str) -> ConversationRow:
        row = load_conversation(self.session.store, self.conversation_id(conversation))
        if row is None:
            raise UnknownConversation("there is no such conversation on this device")
        return row

    def _server(self) -> str:
        return f"https://{self.session.device.server_name}"

"""What `Client` offers of the audit: who did what to a group's people, rules and messages."""

from __future__ import annotations

import contextlib
import datetime as dt

import msgspec

from parley_client.errors import ClientError, NotPermitted, UnknownConversation, UsageError
from parley_client.groups.policies import known_policy
from parley_client.items import Person, name_of
from parley_client.moderation.deeds import Deed, DeedKind
from parley_client.parts import ClientPart
from parley_client.store.conversations import load_conversation
from parley_client.store.deeds import DeedRow, deeds_before
from parley_client.store.reading import SEQUENCE_MAX
from parley_contracts.limits import AUDIT_PAGE_DEFAULT, AUDIT_PAGE_MAX
from parley_contracts.policy import Permission, Role
from parley_contracts.problems import Problem


class AuditedDeed(msgspec.Struct, frozen=True, kw_only=True):
    """A deed as `moderation.deeds.Deed`, with who did it and when the server stored it; `until` is RFC 3339."""

    sequence: int
    at: str
    by: Person
    kind: DeedKind
    person: Person | None
    role: Role | None
    permission: Permission | None
    link_id: str | None
    until: str | None
    seconds: int | None
    on: bool | None
    message: int | None


class AuditPage(msgspec.Struct, frozen=True):
    """The newest deeds first, as far as this device has read the log; `next` is what to give as `before`, None at the end."""

    deeds: list[AuditedDeed]
    next: int | None


class ModerationMethods(ClientPart):
    """A part of `Client`."""

    async def group_audit(
        self, conversation: str, *, before: int | None = None, limit: int = AUDIT_PAGE_DEFAULT
    ) -> AuditPage:
        """What moderators did in `limit` entries, for moderators and those above; `NotPermitted`.

        The network is asked for names alone that this device has not met; without it they are empty.
        """
        if not 1 <= limit <= AUDIT_PAGE_MAX:
            raise UsageError(f"a page has 1 to {AUDIT_PAGE_MAX} entries")
        session, conversation_id = self.session, self.conversation_id(conversation)
        row = load_conversation(session.store, conversation_id)
        if row is None:
            raise UnknownConversation("there is no such conversation on this device")
        if not known_policy(row.policy).manages(session.device.user_id):
            raise NotPermitted("what moderators did, moderators and those above them can read")
        bound = SEQUENCE_MAX if before is None else before
        found = deeds_before(session.store, conversation_id, bound, limit=limit + 1)
        shown = found[:limit]
        about = {deed.user_id for row in shown for deed in row.deeds if deed.user_id is not None}
        with contextlib.suppress(ClientError, Problem):
            await self.session.directory.learn_names(about | {row.user_id for row in shown})
        deeds = [self._audited(row, deed) for row in shown for deed in row.deeds]
        return AuditPage(deeds, shown[-1].sequence if len(found) > limit else None)

    def _audited(self, row: DeedRow, deed: Deed) -> AuditedDeed:
        until = dt.datetime.fromtimestamp(deed.until, dt.UTC) if deed.until is not None else None
        whom = deed.user_id
        return AuditedDeed(
            sequence=row.sequence,
            at=row.stored_at,
            by=Person(row.user_id, name_of(self.session, row.user_id)),
            kind=deed.kind,
            person=Person(whom, name_of(self.session, whom)) if whom is not None else None,
            role=deed.role,
            permission=deed.permission,
            link_id=deed.link_id,
            until=until.isoformat().replace("+00:00", "Z") if until is not None else None,
            seconds=deed.seconds,
            on=deed.on,
            message=deed.message,
        )

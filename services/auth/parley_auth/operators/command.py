"""What who owns the machine asks of the running system: one request as JSON, one answer as JSON.

`./parley user`, `audit` and `keys` start this with the request on standard input, so that nothing stands in a list of processes.
"""

from __future__ import annotations

from typing import Any

import msgspec

from parley_auth.audit.chain import Head, verify
from parley_auth.audit.listing import newest
from parley_auth.operators import acts, neighbours, people
from parley_auth.operators.roles import Actor, machine
from parley_auth.rotation import rotate_field_key, rotate_signing_key
from parley_auth.telling import announcements, terms
from parley_contracts.limits import OPERATOR_PAGE_MAX
from parley_contracts.problems import InvalidRequest, Problem
from parley_serving.django.problems import problem_of_exception, say_bug


class _Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="act", kw_only=True):
    def done(self, actor: Actor) -> Any:
        """Carry it out; what is answered."""
        raise NotImplementedError


class UserList(_Ask, frozen=True, tag="user.list"):
    """Accounts by name."""

    prefix: str = ""
    role: str = ""
    suspended: bool = False
    after: str = ""

    def done(self, actor: Actor) -> people.Page:
        """One page."""
        return people.page_of(actor, prefix=self.prefix, role=self.role, suspended=self.suspended, after=self.after)


class UserShow(_Ask, frozen=True, tag="user.show"):
    """One account."""

    name: str

    def done(self, actor: Actor) -> people.Account:
        """The account whole."""
        return people.account_of(actor, acts.find(self.name))


class UserCreate(_Ask, frozen=True, tag="user.create"):
    """A new account."""

    username: str
    email: str

    def done(self, actor: Actor) -> dict[str, str]:
        """Its name, and the code by which its person sets a password."""
        user, code = acts.create(actor, self.username, self.email)
        return {"user_id": user.user_id, "username": user.username, "code": code}


class UserSuspend(_Ask, frozen=True, tag="user.suspend"):
    """Let an account do nothing."""

    name: str

    def done(self, actor: Actor) -> None:
        """Nothing to answer."""
        acts.suspend(actor, acts.find(self.name))


class UserRestore(_Ask, frozen=True, tag="user.restore"):
    """Let it sign in again."""

    name: str

    def done(self, actor: Actor) -> None:
        """Nothing to answer."""
        acts.restore(actor, acts.find(self.name))


class UserClearProfile(_Ask, frozen=True, tag="user.clear-profile"):
    """Take away what a person shows of themselves."""

    name: str

    def done(self, actor: Actor) -> None:
        """Nothing to answer."""
        acts.clear_profile(actor, acts.find(self.name))


class UserDelete(_Ask, frozen=True, tag="user.delete"):
    """Let an account go."""

    name: str

    def done(self, actor: Actor) -> dict[str, str]:
        """When it goes."""
        due_at = acts.delete(actor, acts.find(self.name))
        return {"due_at": due_at.isoformat(timespec="seconds").replace("+00:00", "Z")}


class UserReset(_Ask, frozen=True, tag="user.reset-password"):
    """Let a person set a new password."""

    name: str
    letter: bool

    def done(self, actor: Actor) -> dict[str, str]:
        """The code; empty where a letter has it."""
        return {"code": acts.grant_reset(actor, acts.find(self.name), by_letter=self.letter)}


class UserSignOut(_Ask, frozen=True, tag="user.sign-out"):
    """End sessions with their devices."""

    name: str
    session: str | None = None

    def done(self, actor: Actor) -> dict[str, int]:
        """How many ended."""
        return {"sessions": acts.end_all_sessions(actor, acts.find(self.name), self.session)}


class UserRole(_Ask, frozen=True, tag="user.role"):
    """Give or take a role."""

    name: str
    role: str

    def done(self, actor: Actor) -> None:
        """Nothing to answer."""
        acts.set_role(actor, acts.find(self.name), self.role)


class UserQuota(_Ask, frozen=True, tag="user.quota"):
    """Read a quota (`change` false), set it, or (`limit_bytes` None) give everybody's back."""

    name: str
    change: bool = False
    limit_bytes: int | None = None

    def done(self, actor: Actor) -> neighbours.Quota:
        """The quota as it is now."""
        user = acts.find(self.name)
        return acts.set_quota(actor, user, self.limit_bytes) if self.change else neighbours.quota_of(user.user_id)


class AnnouncementList(_Ask, frozen=True, tag="announcement.list"):
    """What stands."""

    def done(self, actor: Actor) -> dict[str, Any]:  # noqa: ARG002 - everybody may see it
        """The announcements, newest first."""
        return {"announcements": announcements.standing()}


class AnnouncementMake(_Ask, frozen=True, tag="announcement.make"):
    """Tell everybody something."""

    text: str
    lifetime_s: int

    def done(self, actor: Actor) -> Any:
        """The announcement."""
        return announcements.announce(actor, self.text, self.lifetime_s)


class AnnouncementWithdraw(_Ask, frozen=True, tag="announcement.withdraw"):
    """Let one end now."""

    announcement_id: str

    def done(self, actor: Actor) -> None:
        """Nothing to answer."""
        announcements.withdraw(actor, self.announcement_id)


class TermsList(_Ask, frozen=True, tag="terms.list"):
    """All versions, and how many agreed to each."""

    def done(self, actor: Actor) -> dict[str, Any]:
        """The versions, newest first."""
        return {"terms": terms.versions(actor)}


class TermsPublish(_Ask, frozen=True, tag="terms.publish"):
    """Ask everybody for these."""

    text: str

    def done(self, actor: Actor) -> dict[str, int]:
        """Their version."""
        return {"version": terms.publish(actor, self.text).version}


class TermsWithdraw(_Ask, frozen=True, tag="terms.withdraw"):
    """Ask for none any more."""

    def done(self, actor: Actor) -> dict[str, int]:
        """The version that was asked for."""
        return {"version": terms.withdraw(actor)}


class AuditList(_Ask, frozen=True, tag="audit.list"):
    """The newest rows of the audit log."""

    limit: int = OPERATOR_PAGE_MAX
    before: int | None = None
    name: str | None = None

    def done(self, actor: Actor) -> dict[str, Any]:  # noqa: ARG002 - who owns the machine reads all
        """The rows, newest first."""
        if not 1 <= self.limit <= OPERATOR_PAGE_MAX:
            raise InvalidRequest(f"At most {OPERATOR_PAGE_MAX} rows at a time, and at least one.", field="limit")
        user = acts.find(self.name) if self.name is not None else None
        return {"entries": newest(self.limit, before=self.before, user=user)}


class AuditVerify(_Ask, frozen=True, tag="audit.verify"):
    """Check the chain, against an end that it had earlier where one is given."""

    known: Head | None = None

    def done(self, actor: Actor) -> Any:  # noqa: ARG002 - see above
        """The verdict."""
        return verify(self.known)


class KeysRotate(_Ask, frozen=True, tag="keys.rotate"):
    """Replace this service's signing key, its field key, or both."""

    signing: bool
    fields: bool

    def done(self, actor: Actor) -> dict[str, int]:
        """How many fields were sealed anew."""
        if self.signing:
            rotate_signing_key(actor.name)
        return {"resealed": rotate_field_key(actor.name) if self.fields else 0}


Ask = (
    UserList
    | UserShow
    | UserCreate
    | UserSuspend
    | UserRestore
    | UserClearProfile
    | UserDelete
    | UserReset
    | UserSignOut
    | UserRole
    | UserQuota
    | AnnouncementList
    | AnnouncementMake
    | AnnouncementWithdraw
    | TermsList
    | TermsPublish
    | TermsWithdraw
    | AuditList
    | AuditVerify
    | KeysRotate
)


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked, by the account of the machine that asks."""

    by: str
    ask: Ask


def answer(unverified_request: bytes) -> bytes:
    """`{"done": …}` or `{"problem": …}`, as JSON."""
    try:
        request = msgspec.json.decode(unverified_request, type=Request)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _problem(InvalidRequest(f"This is no request: {error}"))
    try:
        return msgspec.json.encode({"done": request.ask.done(machine(request.by))})
    except Exception as error:  # noqa: BLE001 - a bug is said in the log, and as a problem
        return _problem(problem_of_exception(error) or say_bug(error))


def _problem(problem: Problem) -> bytes:
    return msgspec.json.encode({"problem": problem.to_dict()})

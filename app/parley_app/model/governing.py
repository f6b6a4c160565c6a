"""A group as its people govern it: roles, bans, who may do what, invitation links, and who asks to come in.

Invariant: nothing is offered that this person's role does not allow; the device judges every change once more.
"""

from __future__ import annotations

from typing import Any, Final

from parley_app import channel_words, room_words
from parley_app.engine import Engine, EngineError, Json
from parley_app.model import faults
from parley_app.model.audit import Audit
from parley_app.model.forms import Form
from parley_app.model.rows import Person

#: From low to high.
ROLES: Final = ("guest", "member", "moderator", "admin", "owner")
#: What the pane of permissions shows, by how often it is asked for; each may be given down to a role.
PERMISSIONS: Final = {
    "send": "guest",
    "add": "member",
    "invite": "member",
    "name": "member",
    "pin": "member",
    "timer": "member",
    "retention": "member",
    "remove": "member",
    "ban": "member",
    "roles": "moderator",
    "permissions": "admin",
}
WEEK_S: Final = 7 * 24 * 3600
#: How long a link may hold, in seconds, and how many people may come by it; None for no limit.
LIFETIMES_S: Final = (3600, 24 * 3600, WEEK_S, 30 * 24 * 3600, None)
USES: Final = (1, 10, 100, None)


class Governing(Form):
    """The open group. `asking` is who asks to come in; `note` says what could not be done.

    `lifetime_s`, `uses_max` and `automatic` are those of the next link. Nothing is loaded until `loaded`.
    """

    def __init__(self, engine: Engine, summary: Json) -> None:
        super().__init__()
        self._engine = engine
        self.conversation_id: str = summary["conversation_id"]
        #: Whether people come by links: they are of private groups alone.
        self.group = summary["kind"] == "group"
        #: Whether it has roles and rules at all.
        self.governed = self.group or summary["kind"] == "open"
        self.audit = Audit(engine, self.conversation_id)
        self.info: Json | None = None
        self.links: list[Json] = []
        self.asking: list[Json] = []
        self.lifetime_s: int | None = WEEK_S
        self.uses_max: int | None = None
        self.automatic = False

    @property
    def loaded(self) -> bool:
        """Whether the device has answered once."""
        return self.info is not None

    @property
    def role(self) -> str:
        """This person's own role."""
        return str(self.info["role"] or "") if self.info is not None else ""

    @property
    def moderates(self) -> bool:
        """Whether this person stands so that they may read what moderators did."""
        return self.role in ROLES[ROLES.index("moderator") :]

    def may(self, permission: str) -> bool:
        """Whether this person's role has a permission."""
        return self.info is not None and permission in self.info["may"]

    def role_of(self, user_id: str) -> str:
        """Somebody's role, empty for who does not belong."""
        members = self.info["members"] if self.info is not None else []
        return next((str(member["role"]) for member in members if member["user_id"] == user_id), "")

    def is_muted(self, user_id: str) -> bool:
        """Whether somebody is muted here."""
        muted = self.info["muted"] if self.info is not None else []
        return any(person["user_id"] == user_id for person in muted)

    def acts_on(self, user_id: str) -> bool:
        """Whether somebody stands so that this person may change what they are here: owners act on all, others below."""
        role, own = self.role_of(user_id), self.role
        return bool(role and own) and (own == "owner" or ROLES.index(role) < ROLES.index(own))

    def roles_for(self, user_id: str) -> tuple[str, ...]:
        """The roles that this person may give somebody, from high to low."""
        if not self.may("roles") or not self.acts_on(user_id):
            return ()
        top = len(ROLES) if self.role == "owner" else ROLES.index(self.role)
        return tuple(reversed(ROLES[:top]))

    def lowest(self, permission: str) -> str:
        """From which role on people may do that."""
        return str(self.info["permissions"][permission]) if self.info is not None else ""

    def meaning(self, permission: str) -> str:
        """What a permission allows here, in words."""
        said = room_words.PERMISSIONS if self.group else room_words.PERMISSIONS | channel_words.PERMISSIONS
        return said[permission]

    def roles_of(self, permission: str) -> tuple[str, ...]:
        """The roles down to which this person may allow it, from low to high; nothing where they may not."""
        if not self.may("permissions") or ROLES.index(self.lowest(permission)) > ROLES.index(self.role):
            return ()
        return ROLES[ROLES.index(PERMISSIONS[permission]) : ROLES.index(self.role) + 1]

    async def load(self) -> None:
        """Ask the device; who asks to come in is asked of the server."""
        if not self.governed:
            return
        where = {"conversation_id": self.conversation_id}
        try:
            self.info = await self._engine.call("group.info", where)
            self.links = await self._engine.call("group.links", where) if self.group and self.may("invite") else []
        except EngineError as error:
            self.fault = faults.sentence(error)
        else:
            self.fault = ""
        self.changed()

    async def ask_who_asks(self) -> None:
        """Learn who asks to come in, where this person may let them."""
        if not self.group or not self.may("add"):
            self.asking = []
        else:
            try:
                self.asking = await self._engine.call("group.requests", {"conversation_id": self.conversation_id})
            except EngineError:
                return  # told again with the next connection; who is known to ask stays in sight
        self.changed()

    async def give_role(self, name: str, role: str) -> bool:
        """Give somebody another role."""
        return await self._do("group.role", member=name, role=role)

    async def remove(self, name: str) -> bool:
        """Put somebody out; they may come in again."""
        return await self._do("group.remove", members=[name])

    async def mute(self, name: str, lifetime_s: int | None) -> bool:
        """Let somebody say nothing for so long, None until they are unmuted."""
        return await self._do("group.mute", members=[name], lifetime_s=lifetime_s)

    async def unmute(self, name: str) -> bool:
        """Let somebody speak again."""
        return await self._do("group.unmute", members=[name])

    async def ban(self, name: str) -> bool:
        """Put somebody out for good."""
        return await self._do("group.ban", members=[name])

    async def unban(self, name: str) -> bool:
        """Let somebody come in again."""
        return await self._do("group.unban", members=[name])

    async def allow(self, permission: str, role: str) -> bool:
        """Say from which role on people may do that."""
        return await self._do("group.permissions", permissions={permission: role})

    @property
    def shares_history(self) -> bool:
        """Whether the group wants newcomers to read what is said before they come."""
        return self.info is not None and bool(self.info["history_sharing"])

    @property
    def history_detail(self) -> str:
        """What that means now."""
        if self.shares_history and self.info is not None and self.info["timer_s"] is not None:
            return room_words.HISTORY_TIMED
        return room_words.HISTORY_ON if self.shares_history else room_words.HISTORY_OFF

    async def share_history(self, shared: bool) -> bool:
        """Let newcomers read what is said from now on, or nothing of before they come."""
        return await self._do("group.history", shared=shared)

    async def leave(self) -> bool:
        """Belong to it no more."""
        return await self._do("group.leave")

    async def make_link(self) -> bool:
        """Make a link as the fields say."""
        words = {"lifetime_s": self.lifetime_s, "uses_max": self.uses_max, "automatic": self.automatic}
        return await self._do("group.link.create", **words)

    async def revoke(self, link_id: str) -> bool:
        """Make a link useless."""
        return await self._do("group.link.revoke", link_id=link_id)

    async def answer(self, name: str, *, welcome: bool) -> bool:
        """Let somebody in who asks, or turn them down."""
        done = await self._do("group.approve" if welcome else "group.deny", members=[name])
        await self.ask_who_asks()
        return done

    def choose(self, **fields: Any) -> None:
        """What the next link is to be."""
        for name, value in fields.items():
            setattr(self, name, value)
        self.changed()

    def people(self, found: list[Json]) -> list[Person]:
        """People whom the device names."""
        return [Person(each["user_id"], each["username"]) for each in found]

    async def _do(self, method: str, **params: Any) -> bool:
        async def work() -> None:
            await self._engine.call(method, {"conversation_id": self.conversation_id, **params})

        done = await self.submit(work)
        fault = self.fault
        await self.load()
        self.fault = fault or self.fault
        self.changed()
        return done

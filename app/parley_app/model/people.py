"""Finding people, writing to them, and who belongs to a group."""

from __future__ import annotations

from parley_app import rights_words, words
from parley_app.engine import Engine, EngineError, Json
from parley_app.model.forms import Form
from parley_app.model.rows import Person

_RANKS = ("owner", "admin", "moderator", "member", "guest")
_ROLES = {"owner": words.OWNER, "admin": words.ADMIN, "moderator": words.MODERATOR, "guest": words.GUEST}


class Finder(Form):
    """Looks for one person by exact user name. `found` is who fits."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(username="")
        self._engine = engine
        self.found: Person | None = None

    def type(self, value: str) -> None:
        """Somebody types a name: whom one knows under such a one is shown at once."""
        self.fill("username", value)
        self.changed()

    async def find(self) -> bool:
        """Look for the name in the field."""
        self.found = None
        if not self.require("username"):
            return False
        name = self["username"].strip().removeprefix("@")

        async def work() -> None:
            try:
                person = await self._engine.call("person.find", {"username": name})
            except EngineError as error:
                if error.slug == "not_found":
                    self.faults["username"] = words.nobody_called(name)
                    return
                raise
            self.found = Person(person["user_id"], person["username"], own=person["own"])

        return await self.submit(work) and self.found is not None

    async def write_to(self, username: str) -> Json | None:
        """Open the conversation with somebody; its summary, None where that failed."""
        opened: list[Json] = []

        async def work() -> None:
            opened.append(await self._engine.call("direct.open", {"username": username}))

        await self.submit(work)
        return opened[0] if opened else None

    def clear(self) -> None:
        """Begin anew."""
        self.found = None
        self.empty()


class GroupForm(Form):
    """A new group: its name and its people."""

    def __init__(self, engine: Engine, finder: Finder) -> None:
        super().__init__(name="")
        self._engine, self._finder = engine, finder
        self.members: tuple[Person, ...] = ()

    async def add(self) -> bool:
        """Take the person of the finder's field in."""
        if not await self._finder.find() or self._finder.found is None:
            return False
        self.take(self._finder.found)
        self._finder.clear()
        return True

    def take(self, person: Person) -> None:
        """Take somebody in, once."""
        if not person.own and person not in self.members:
            self.members = (*self.members, person)
        self.changed()

    def drop(self, person: Person) -> None:
        """Leave somebody out."""
        self.members = tuple(member for member in self.members if member != person)
        self.changed()

    async def make(self) -> str:
        """Make the group; its id, empty where that failed. A name still in the finder's field is taken in first."""
        if not self["name"].strip():
            self.complain("name", words.GROUP_NEEDS_NAME)
            return ""
        if self._finder["username"].strip() and not await self.add():
            return ""
        made: list[str] = []

        async def work() -> None:
            members = [person.name for person in self.members]
            answer = await self._engine.call("group.create", {"name": self["name"].strip(), "members": members})
            made.append(answer["conversation_id"])

        if not await self.submit(work):
            return ""
        self.members = ()
        self.empty()
        return made[0]


class Membership(Form):
    """Who belongs to an existing group."""

    def __init__(self, engine: Engine, conversation_id: str) -> None:
        super().__init__(username="")
        self._engine = engine
        self.conversation_id = conversation_id

    async def add(self) -> bool:
        """Bring the person of the field in."""
        if not self.require("username"):
            return False
        name = self["username"].strip().removeprefix("@")

        async def work() -> None:
            try:
                await self._engine.call("group.add", {"conversation_id": self.conversation_id, "members": [name]})
            except EngineError as error:
                if error.slug == "not_found":
                    raise EngineError("", words.nobody_called(name)) from error
                raise

        if not await self.submit(work):
            return False
        self.empty()
        return True


def members_of(summary: Json, me: Person) -> list[Person]:
    """Everybody who belongs, oneself first, then by role, then by name."""
    people = {
        member["user_id"]: Person(
            member["user_id"],
            rights_words.name(member["username"]),
            own=member["user_id"] == me.user_id,
            role=_ROLES.get(member["role"], ""),
            muted=member["muted_until"] is not None,
        )
        for member in summary["members"]
    }
    ranks = {member["user_id"]: _RANKS.index(member["role"]) for member in summary["members"]}
    return sorted(people.values(), key=lambda person: (not person.own, ranks[person.user_id], person.name))

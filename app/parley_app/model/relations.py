"""How this person stands to others: contacts, whom they have blocked, and whether they are found by name."""

from __future__ import annotations

from collections.abc import Iterable

from parley_app.engine import Engine, EngineError, Json
from parley_app.model import faults
from parley_app.model.observing import Observed, Spawn
from parley_app.model.rows import Person


class Relations(Observed):
    """Contacts and blocks as the device keeps them. `by_name` is None until the server was asked for it."""

    def __init__(self, engine: Engine, spawn: Spawn) -> None:
        super().__init__()
        self._engine, self._spawn = engine, spawn
        self.contacts: tuple[Person, ...] = ()
        self.blocked: tuple[Person, ...] = ()
        self.by_name: bool | None = None
        self.fault = ""

    async def load(self) -> None:
        """Ask the device for both lists."""
        await self._do("contacts")
        await self._do("blocks")

    async def ask_discovery(self) -> None:
        """Ask the server whether this person is found by name."""
        await self._do("discovery")

    async def be_found(self, *, by_name: bool) -> None:
        """Be found by name, or not: shown at once, taken back where it fails."""
        before, self.by_name = self.by_name, by_name
        self.changed()
        if not await self._do("discovery.change", by_name=by_name):
            self.by_name = before
            self.changed()

    async def block(self, username: str) -> bool:
        """Keep somebody away; whether that succeeded."""
        return await self._do("person.block", username=username)

    async def unblock(self, username: str) -> bool:
        """Let somebody come near again; whether that succeeded."""
        return await self._do("person.unblock", username=username)

    async def take_in(self, username: str) -> bool:
        """Make somebody a contact; whether that succeeded."""
        return await self._do("contact.add", username=username)

    async def take_out(self, username: str) -> bool:
        """Make somebody no contact any more; whether that succeeded."""
        return await self._do("contact.remove", username=username)

    async def accept(self, conversation_id: str) -> bool:
        """Let a stranger's conversation be one like others; whether that succeeded."""
        return await self._do("request.accept", conversation_id=conversation_id)

    def is_contact(self, user_id: str) -> bool:
        """Whether somebody is among the contacts."""
        return any(person.user_id == user_id for person in self.contacts)

    def has_blocked(self, user_id: str) -> bool:
        """Whether this person keeps somebody away."""
        return any(person.user_id == user_id for person in self.blocked)

    def others(self, known: Iterable[Person]) -> list[Person]:
        """Those of these people who are no contacts."""
        return [person for person in known if not self.is_contact(person.user_id)]

    def heard(self, name: str) -> None:
        """Something happened on the device."""
        if name == "signed_out":
            self.clear()
        elif name in {"blocks.changed", "settings.changed", "connection.changed"}:
            self._spawn(self.load())

    def clear(self) -> None:
        """Forget everything: somebody else signs in."""
        self.contacts, self.blocked, self.by_name, self.fault = (), (), None, ""
        self.changed()

    async def _do(self, method: str, **params: object) -> bool:
        """Ask, and keep what the answer says; what fails is said by `fault`."""
        try:
            told = await self._engine.call(method, params)
        except EngineError as error:
            self.fault = faults.sentence(error)
            self.changed()
            return False
        self.fault = ""
        self._take(method.partition(".")[0], told)
        self.changed()
        return True

    def _take(self, kind: str, told: Json | list[Json]) -> None:
        if kind == "discovery" and isinstance(told, dict):
            self.by_name = bool(told["by_name"])
        elif isinstance(told, list):
            people = tuple(Person(each["user_id"], each["username"]) for each in told)
            if kind in {"contacts", "contact"}:
                self.contacts = people
            else:
                self.blocked = people


def begins(person: Person, typed: str) -> bool:
    """Whether somebody's name begins as it was typed, with or without @."""
    return person.name.casefold().startswith(typed.strip().removeprefix("@").casefold())

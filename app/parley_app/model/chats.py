"""The conversation list: summaries as the device keeps them, and as rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal

from parley_app import words
from parley_app.engine import Engine, EngineError, Json
from parley_app.model import faults, marks, times
from parley_app.model.observing import Observed
from parley_app.model.rows import Person, Room, RoomKind, SendState
from parley_app.model.timeline import send_state

Filter = Literal["all", "unread", "groups"]


class Chats(Observed):
    """All conversations. `loaded` is False until the device has answered once."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self.summaries: dict[str, Json] = {}
        self.loaded = False
        self.fault = ""
        self.query = ""
        self.filter: Filter = "all"

    async def load(self) -> None:
        """Ask the device for everything."""
        try:
            found = await self._engine.call("summaries")
        except EngineError as error:
            self.fault = faults.sentence(error)
        else:
            self.fault, self.loaded = "", True
            self.summaries = {summary["conversation_id"]: summary for summary in found}
        self.changed()

    async def refresh(self, conversation_id: str) -> None:
        """Ask the device for one conversation again."""
        try:
            summary = await self._engine.call("conversation", {"conversation_id": conversation_id})
        except EngineError:
            return  # it may have been forgotten meanwhile; the next load shows what there is
        self.take(summary)

    def take(self, summary: Json) -> None:
        """Show this summary from now on."""
        self.summaries[summary["conversation_id"]] = summary
        self.changed()

    def search(self, query: str) -> None:
        """Show what fits."""
        self.query = query
        self.changed()

    def choose(self, chosen: Filter) -> None:
        """Show all, the unread, or the groups."""
        self.filter = chosen
        self.changed()

    def clear(self) -> None:
        """Forget everything: somebody else signs in."""
        self.summaries, self.loaded, self.fault, self.query, self.filter = {}, False, "", "", "all"
        self.changed()

    @property
    def unread(self) -> int:
        """How many conversations hold something new."""
        return sum(1 for summary in self.summaries.values() if summary["unread"])

    def ordered(self) -> list[Json]:
        """The most recent first."""
        return sorted(self.summaries.values(), key=lambda summary: str(summary["active_at"]), reverse=True)

    def rows(self, me: Person, now: dt.datetime) -> list[Room]:
        """The rows that the filter and the search leave."""
        return [room(summary, me, now) for summary in self._filtered() if fits(summary, me, self.query)]

    def people(self, me: Person) -> list[Person]:
        """Everybody in these conversations, by name."""
        found = {
            member["user_id"]: Person(member["user_id"], member["username"])
            for summary in self.summaries.values()
            for member in summary["members"]
            if member["username"] and member["user_id"] != me.user_id
        }
        return sorted(found.values(), key=lambda person: person.name)

    def _filtered(self) -> Sequence[Json]:
        match self.filter:
            case "unread":
                return [summary for summary in self.ordered() if summary["unread"]]
            case "groups":
                return [summary for summary in self.ordered() if summary["kind"] == "group"]
            case _:
                return self.ordered()


def is_open(summary: Json) -> bool:
    """Whether it is an open channel, which the server can read: it is said wherever it is shown."""
    return bool(summary["kind"] == "open")


def protection(summary: Json) -> str:
    """Who can read it, in a few words."""
    return words.OPEN_CHANNEL if is_open(summary) else words.ENCRYPTED


def title(summary: Json, me: Person) -> str:
    """What people call a conversation: the other person, the group's name, or who is in it."""
    if summary["kind"] == "self":
        return words.NOTE_TO_SELF
    others = [member["username"] for member in summary["members"] if member["user_id"] != me.user_id]
    if summary["kind"] == "direct":
        return next((name for name in others if name), words.SOMEBODY)
    if is_open(summary):
        return f"#{summary['name']}"
    return summary["name"] or ", ".join(name for name in others if name) or words.UNNAMED_GROUP


def fits(summary: Json, me: Person, query: str) -> bool:
    """Whether a conversation is what somebody looks for: by its title or by who is in it."""
    wanted = query.strip().removeprefix("@").casefold()
    names = [title(summary, me), *(member["username"] for member in summary["members"])]
    return not wanted or any(wanted in name.casefold() for name in names)


def room(summary: Json, me: Person, now: dt.datetime) -> Room:
    """A row of the list."""
    others = [member for member in summary["members"] if member["user_id"] != me.user_id]
    kinds = {"direct": RoomKind.PERSON, "self": RoomKind.SELF, "group": RoomKind.GROUP, "open": RoomKind.GROUP}
    kind = kinds[summary["kind"]]
    name = title(summary, me)
    face = others[0]["user_id"] if kind is RoomKind.PERSON and others else summary["conversation_id"]
    preview, sender, state = _preview(summary, kind, me, [member["user_id"] for member in others])
    return Room(
        key=summary["conversation_id"],
        title=name,
        kind=kind,
        person=me if kind is RoomKind.SELF else Person(face, name),
        preview=preview,
        time=times.short(times.parse(summary["active_at"]), now),
        sender=sender,
        unread=summary["unread"],
        mentions=summary["mentions"],
        draft=summary["draft"],
        state=state,
        active=summary["status"] != "removed",
    )


def _preview(summary: Json, kind: RoomKind, me: Person, others: Sequence[str]) -> tuple[str, str, SendState]:
    """Second line, who says it, and how far it has come."""
    if summary["status"] == "removed":
        return words.REMOVED, "", SendState.NONE
    if outgoing := summary["outgoing"]:
        state = SendState.FAILED if outgoing["state"] == "failed" else SendState.SENDING
        return marks.preview({"kind": "text", **outgoing}), words.YOU, state
    last = summary["last"]
    if last is None:
        return words.NO_MESSAGES, "", SendState.NONE
    author = words.YOU if last["own"] else last["sender"]
    note = marks.note(last, me)
    if note:
        return note, "", SendState.NONE
    shown = author if last["own"] or kind is RoomKind.GROUP else ""
    state = send_state(last["sequence"], others, summary["read"]) if last["own"] else SendState.NONE
    return marks.preview(last), shown, state

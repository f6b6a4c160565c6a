"""The conversation list: summaries as the device keeps them, and as rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from parley_app import channel_words, rights_words, room_words, words
from parley_app.engine import Engine, EngineError, Json
from parley_app.model import faults, marks, times
from parley_app.model.company import Company
from parley_app.model.observing import Observed
from parley_app.model.pictures import Pictures
from parley_app.model.rows import Person, Presence, Room, RoomKind, SendState
from parley_app.model.timeline import send_state
from parley_contracts.names import DELETED_USERNAME

#: Before the name of a folder, where a filter shows one.
FOLDER: Final = "folder:"


def waits(summary: Json) -> bool:
    """Whether something in a conversation waits to be read."""
    return bool(summary["unread"] or summary["marked_unread"])


def calls(summary: Json) -> bool:
    """Whether something waits that this person wants to be told of."""
    told_of = not summary["archived"] and summary["muted_until"] is None and not summary["request"]
    return waits(summary) and told_of


#: What each filter leaves, besides the folders.
_FITS: Final[Mapping[str, Callable[[Json], bool]]] = {
    "all": lambda summary: not summary["archived"],
    "unread": calls,
    "favourites": lambda summary: bool(summary["favourite"]),
    "groups": lambda summary: summary["kind"] in {"group", "open"} and not summary["archived"],
    "archived": lambda summary: bool(summary["archived"]),
    "requests": lambda summary: bool(summary["request"]),
}


class Chats(Observed):
    """All conversations. `loaded` is False until the device has answered once; `note` says what could not be done."""

    def __init__(self, engine: Engine, company: Company, pictures: Pictures) -> None:
        super().__init__()
        self._engine, self._company, self._pictures = engine, company, pictures
        self.summaries: dict[str, Json] = {}
        self.loaded = False
        self.fault = ""
        self.note = ""
        #: How many conversations wait to let this person in again, who began their account anew.
        self.awaiting = 0
        self.query = ""
        self.filter = "all"
        #: The row that has the keyboard's focus.
        self.focused = ""

    async def load(self) -> None:
        """Ask the device for everything."""
        try:
            found = await self._engine.call("summaries")
            self.awaiting = (await self._engine.call("conversations.awaiting"))["count"]
        except EngineError as error:
            self.fault = faults.sentence(error)
        else:
            self.fault, self.loaded = "", True
            self.summaries = {summary["conversation_id"]: summary for summary in found}
            self._pictures.follow(found)
        self.changed()

    async def refresh(self, conversation_id: str) -> None:
        """Ask the device for one conversation again."""
        try:
            if self.awaiting or conversation_id not in self.summaries:
                self.awaiting = (await self._engine.call("conversations.awaiting"))["count"]
                self.changed()
            summary = await self._engine.call("conversation", {"conversation_id": conversation_id})
        except EngineError:
            return  # it may have been forgotten meanwhile; the next load shows what there is
        self.take(summary)

    def take(self, summary: Json) -> None:
        """Show this summary from now on."""
        self.summaries[summary["conversation_id"]] = summary
        self._pictures.follow([summary])
        self.changed()

    def search(self, query: str) -> None:
        """Show what fits."""
        self.query = query
        self.changed()

    def choose(self, chosen: str) -> None:
        """Show what a filter leaves."""
        self.filter = chosen
        self.changed()

    def complain(self, sentence: str) -> None:
        """Say something above the list; nothing takes it back."""
        self.note = sentence
        self.changed()

    def focus(self, conversation_id: str, *, on: bool) -> None:
        """The keyboard's focus comes to a row or leaves it; nothing has to be drawn anew for it."""
        if on or self.focused == conversation_id:
            self.focused = conversation_id if on else ""

    def clear(self) -> None:
        """Forget everything: somebody else signs in."""
        self.summaries, self.loaded, self.fault, self.note = {}, False, "", ""
        self.query, self.filter, self.focused = "", "all", ""
        self.changed()

    @property
    def unread(self) -> int:
        """How many conversations hold something new that this person wants to be told of."""
        return sum(1 for summary in self.summaries.values() if calls(summary))

    @property
    def folders(self) -> list[str]:
        """The folders that hold anything, by name."""
        named = {summary["folder"] for summary in self.summaries.values() if summary["folder"]}
        return sorted(named, key=str.casefold)

    @property
    def filters(self) -> list[str]:
        """The filters that leave anything, and the three that always stand there."""
        found = [name for name in ("favourites",) if any(map(_FITS[name], self.summaries.values()))]
        folders = [FOLDER + name for name in self.folders]
        archived = ["archived"] if any(summary["archived"] for summary in self.summaries.values()) else []
        requests = ["requests"] if any(summary["request"] for summary in self.summaries.values()) else []
        return ["all", "unread", *requests, *found, "groups", *folders, *archived]

    def ordered(self) -> list[Json]:
        """What is pinned first, then the most recent."""

        def place(summary: Json) -> tuple[bool, str]:
            return bool(summary["pinned"]), str(summary["active_at"])

        return sorted(self.summaries.values(), key=place, reverse=True)

    def rows(self, me: Person, now: dt.datetime) -> list[Room]:
        """The rows that the filter and the search leave."""
        found = [summary for summary in self._filtered() if fits(summary, me, self.query)]
        return [room(summary, me, now, self._company, self._pictures) for summary in found]

    def people(self, me: Person) -> list[Person]:
        """Everybody in these conversations, by name."""
        found = {
            member["user_id"]: Person(member["user_id"], member["username"])
            for summary in self.summaries.values()
            for member in summary["members"]
            if member["username"] and member["user_id"] != me.user_id
        }
        return sorted(found.values(), key=lambda person: person.name)

    def partners(self, me: Person) -> list[str]:
        """Whom this person writes with alone, the most recent first."""
        alone = [summary for summary in self.ordered() if summary["kind"] == "direct"]
        return [m["user_id"] for summary in alone for m in summary["members"] if m["user_id"] != me.user_id]

    def _filtered(self) -> Sequence[Json]:
        if self.filter not in self.filters:
            self.filter = "all"  # the last of a folder was taken out of it
        if self.filter.startswith(FOLDER):
            name = self.filter.removeprefix(FOLDER)
            return [summary for summary in self.ordered() if summary["folder"] == name]
        return [summary for summary in self.ordered() if _FITS[self.filter](summary)]


def is_open(summary: Json) -> bool:
    """Whether it is an open channel, which the server can read: it is said wherever it is shown."""
    return bool(summary["kind"] == "open")


def protection(summary: Json) -> str:
    """Who can read it, in a few words."""
    return words.OPEN_CHANNEL if is_open(summary) else words.ENCRYPTED


def partner(summary: Json, me: Person) -> Person | None:
    """The other person of a direct conversation whose name is known; None elsewhere."""
    others = [each for each in summary["members"] if each["user_id"] != me.user_id and each["username"]]
    return Person(others[0]["user_id"], others[0]["username"]) if summary["kind"] == "direct" and others else None


def title(summary: Json, me: Person) -> str:
    """What people call a conversation: the other person, the group's name, or who is in it."""
    if summary["kind"] == "self":
        return words.NOTE_TO_SELF
    others = [member["username"] for member in summary["members"] if member["user_id"] != me.user_id]
    if summary["kind"] == "direct":
        return rights_words.name(next((name for name in others if name), ""))
    if is_open(summary):
        return f"#{summary['name']}"
    return summary["name"] or ", ".join(name for name in others if name) or words.UNNAMED_GROUP


def is_gone(summary: Json, me: Person) -> bool:
    """Whether it is a conversation with somebody whose account was deleted."""
    others = [member["username"] for member in summary["members"] if member["user_id"] != me.user_id]
    return bool(summary["kind"] == "direct" and others == [DELETED_USERNAME])


def fits(summary: Json, me: Person, query: str) -> bool:
    """Whether a conversation is what somebody looks for: by its title or by who is in it."""
    wanted = query.strip().removeprefix("@").casefold()
    names = [title(summary, me), *(member["username"] for member in summary["members"])]
    return not wanted or any(wanted in name.casefold() for name in names)


def room(
    summary: Json, me: Person, now: dt.datetime, company: Company | None = None, pictures: Pictures | None = None
) -> Room:
    """A row of the list; with `company` also who is there and who types, with `pictures` a group's picture."""
    others = [member for member in summary["members"] if member["user_id"] != me.user_id]
    kinds = {"direct": RoomKind.PERSON, "self": RoomKind.SELF, "group": RoomKind.GROUP, "open": RoomKind.CHANNEL}
    kind = kinds[summary["kind"]]
    name = title(summary, me)
    face = others[0]["user_id"] if kind is RoomKind.PERSON and others else summary["conversation_id"]
    preview, sender, state = _preview(summary, kind, me, [member["user_id"] for member in others])
    typists = [person.name for person in company.typing(summary["conversation_id"])] if company else []
    alone = company is not None and kind is RoomKind.PERSON
    return Room(
        key=summary["conversation_id"],
        title=name,
        kind=kind,
        person=me if kind is RoomKind.SELF else Person(face, name),
        preview=preview,
        time=times.short(times.parse(summary["active_at"]), now),
        sender=sender,
        typing=room_words.typing(typists) if typists else "",
        presence=company.presence(face) if company and alone else Presence.UNKNOWN,
        waits=bool(summary["marked_unread"]),
        muted=summary["muted_until"] is not None,
        favourite=summary["favourite"],
        pinned=summary["pinned"],
        unread=summary["unread"],
        mentions=summary["mentions"],
        draft=summary["draft"],
        state=state,
        active=summary["status"] != "removed",
        picture=pictures.of(summary) if pictures is not None else b"",
    )


def _preview(summary: Json, kind: RoomKind, me: Person, others: Sequence[str]) -> tuple[str, str, SendState]:
    """Second line, who says it, and how far it has come."""
    if summary["status"] == "removed":
        return channel_words.LEFT_SHORT if is_open(summary) else words.REMOVED, "", SendState.NONE
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
    shown = author if last["own"] or kind in {RoomKind.GROUP, RoomKind.CHANNEL} else ""
    positions = summary["read"], summary["delivered"]
    state = send_state(last["sequence"], others, *positions) if last["own"] else SendState.NONE
    return marks.preview(last), shown, state

"""One open conversation: a window of its messages, what is on its way, and what is being written.

Invariant: the window holds at most `WINDOW_MAX` messages, however long the conversation; nothing typed is lost: what
could not be queued goes back into the composer.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import datetime as dt
from dataclasses import dataclass
from typing import Any

from parley_app import words
from parley_app.engine import Engine, EngineError, Json
from parley_app.model import chats, faults, marks, timeline
from parley_app.model.completing import Completion
from parley_app.model.deeds import Deeds
from parley_app.model.drafts import StoredDraft
from parley_app.model.observing import Observed, Spawn
from parley_app.model.reading import Reading
from parley_app.model.rows import Context, Entry, Person
from parley_app.model.waiting import Waiting

WINDOW_MAX = 200
PAGE = 60
DRAFT_PAUSE_S = 0.8
#: How long a message that somebody jumped to stays marked.
MARK_S = 2.5
PICTURE_SIZE_BYTES_MAX = 10 * 1024 * 1024


@dataclass(frozen=True)
class Attached:
    """A picture that waits in the composer."""

    name: str
    data: bytes


class Conversation(Observed):
    """The conversation that is open, or with `thread` what stands under that message of it.

    `at_end`: the window reaches the newest message. `marked` is the sequence that somebody has just jumped to.
    """

    def __init__(self, engine: Engine, spawn: Spawn, me: Person, summary: Json, thread: int | None = None) -> None:
        super().__init__()
        self._engine, self._spawn = engine, spawn
        self.me = me
        self.summary = summary
        self.thread = thread
        self.root: Json | None = None
        self.deeds = Deeds(engine, summary["conversation_id"], self.complain)
        self.completion = Completion()
        self.context: Context | None = None
        self.focused = self.wants_focus = False
        #: Changes when the field takes another text over; `composing`, when it begins anew.
        self.revision = 0
        self.marked = 0
        #: Changes with each jump, so that a second one to the same message scrolls again.
        self.jumps = 0
        self._set_aside = ""
        self._ready = asyncio.Event()
        self.items: list[Json] = []
        self.waiting = Waiting()
        self.read: dict[str, int] = {}
        self.delivered: dict[str, int] = {}
        self.loaded = False
        self.at_start = self.at_end = True
        #: How many messages the last widening brought (or, negative, took) at the lower end of the window.
        self.moved = 0
        self.fault = ""
        self.note = ""
        self.draft: str = summary["draft"]
        self._stored = StoredDraft(engine, summary["conversation_id"], summary["draft"])
        self.attached: tuple[Attached, ...] = ()
        self.composing = 0
        self.reading = Reading(engine, summary)
        self._refreshing = self._stale = self._loading = False
        self._saving: object = None
        self._told: object = None  # what the views know of; none where they have to be told in any case

    @property
    def conversation_id(self) -> str:
        """Which conversation."""
        return str(self.summary["conversation_id"])

    @property
    def title(self) -> str:
        """What people call it."""
        return chats.title(self.summary, self.me)

    @property
    def writable(self) -> bool:
        """Whether anything may be sent here."""
        return self.summary["status"] not in {"removed", "forked", "stuck", "paused"}

    @property
    def unseen(self) -> int:
        """How many messages of others stand below the window."""
        return 0 if self.at_end else int(self.summary["unread"])

    def entries(self, now: dt.datetime) -> tuple[Entry, ...]:
        """What stands in the window, from old to new."""
        waiting = list(self.waiting) if self.at_end else []
        window = timeline.Window(
            items=self.items,
            outgoing=waiting,
            read=self.read,
            delivered=self.delivered,
            others=frozenset(m["user_id"] for m in self.summary["members"]) - {self.me.user_id},
            me=self.me,
            where=self.conversation_id,
            named=self.summary["kind"] in {"group", "open"},
            new_after=self.reading.new_after,
            new_count=self.reading.new_count,
            names=frozenset(member["username"].lower() for member in self.summary["members"]) - {""},
            marked=self.marked,
            root=self.root if self.at_start else None,
            fleeting=self.summary["timer_s"] is not None,
        )
        return timeline.entries(window, now)

    def item(self, sequence: int) -> Json | None:
        """A message of the window, or the one that the thread stands under."""
        known = [*self.items, *([self.root] if self.root else [])]
        return next((item for item in known if item["sequence"] == sequence), None)

    # --- the window

    async def open(self) -> None:
        """Show the newest messages, and keep a line where reading stopped."""
        if self.thread is not None:
            await self._load_root()
        else:
            self.reading.begin(self.summary)
        await self._load({"limit": min(WINDOW_MAX, max(PAGE, self.reading.new_count + PAGE // 4))})
        self._ready.set()

    async def opened(self) -> None:
        """Wait until the window was read for the first time, however that ended."""
        await self._ready.wait()

    async def jump_to_latest(self) -> None:
        """Show the newest messages again."""
        await self._load({"limit": PAGE})

    async def show(self, sequence: int) -> bool:
        """Bring a message into sight and mark it for a moment; whether it stands here."""
        if self.item(sequence) is None:
            await self._load({"around": sequence, "limit": PAGE})
        if self.item(sequence) is None:
            self.complain(words.JUMP_FAILED)
            return False
        self.marked = sequence
        self.jumps += 1
        self.changed()
        jump = self.jumps

        async def unmark() -> None:
            await asyncio.sleep(MARK_S)
            if self.jumps == jump:
                self.marked = 0
                self.changed()

        self._spawn(unmark())
        return True

    async def refresh(self) -> None:
        """Read the window again from the device; calls that come meanwhile are one more turn."""
        self._stale = True
        if self._refreshing or not self.loaded:
            return
        self._refreshing = True
        try:
            while self._stale:
                self._stale = False
                await self._refresh_once()
        finally:
            self._refreshing = False

    async def load_older(self) -> bool:
        """Widen the window upwards; whether anything came."""
        if self.at_start or self._loading or not self.items:
            return False
        page = await self._page({"before": self.items[0]["sequence"], "limit": PAGE})
        if page is None or not page["items"]:
            return False
        self.items, self.at_start, self.moved = page["items"] + self.items, page["start"], 0
        if len(self.items) > WINDOW_MAX:
            self.moved = WINDOW_MAX - len(self.items)
            self.items, self.at_end = self.items[:WINDOW_MAX], False
        self.changed()
        return True

    async def load_newer(self) -> bool:
        """Move the window downwards; whether anything came."""
        if self.at_end or self._loading or not self.items:
            return False
        page = await self._page({"after": self.items[-1]["sequence"], "limit": PAGE})
        if page is None:
            return False
        self.items, self.at_end, self.moved = self.items + page["items"], page["end"], len(page["items"])
        if len(self.items) > WINDOW_MAX:
            self.items, self.at_start = self.items[-WINDOW_MAX:], False
        self._take(page)
        await self._mark_read()
        return bool(page["items"])

    # --- writing

    async def send(self, text: str) -> None:
        """Send the text with what is attached; where that cannot even be queued, it comes back with a sentence."""
        text, attached, context = text.strip(), self.attached, self.context
        if context is not None and context.kind == "edit":
            self._save(context, text)
            return
        if not text and not attached:
            return
        self.attached, self.note, self.context = (), "", None
        self.set_draft("", save=True)
        self._compose("", focus=False)
        if not self.at_end:
            await self.jump_to_latest()
        params: dict[str, Any] = {"to": self.conversation_id, "text": text}
        if attached:
            params["attachments"] = [
                {"name": each.name, "data": base64.urlsafe_b64encode(each.data).decode().rstrip("="), "picture": True}
                for each in attached
            ]
        if context is not None:
            params["reply_to"] = context.sequence
        if self.thread is not None:
            params["thread"] = self.thread
        self.reading.end()
        self._spawn(self._send(params, text, attached, context))

    def reply(self, item: Json) -> None:
        """Begin an answer to a message; what was written stays."""
        author = marks.name_of({"user_id": item["user_id"], "username": item["sender"]}, self.me)
        self.cancel()
        self.context = Context("reply", item["sequence"], author, marks.preview(item))
        self._compose(self.draft)

    def correct(self, item: Json) -> None:
        """Put an own message's words into the composer, to be changed; what was written is set aside."""
        self.cancel()
        self._set_aside = self.draft
        self.context = Context("edit", item["sequence"], words.YOU, marks.preview(item))
        self._compose(item["text"])

    def correct_last(self) -> bool:
        """Change the last own text, unless something is being written; whether there is one."""
        if self.draft or self.attached or self.context is not None:
            return False
        for item in reversed(self.items):
            if item["own"] and item["kind"] == "text" and item["text"]:
                self.correct(item)
                return True
        return False

    def cancel(self) -> bool:
        """Neither answer nor change; whether anything was begun."""
        context, self.context, self.note = self.context, None, ""
        if context is None:
            return False
        edit = context.kind == "edit"
        self._compose(self._set_aside if edit else self.draft, anew=edit)
        return True

    def complete(self, person: Person | None = None) -> bool:
        """Take the person that is offered for a mention into the text; whether somebody was."""
        taken = self.completion.taken(self.draft, person)
        if taken is None:
            return False
        self._compose(taken)
        self.set_draft(taken)
        return True

    def insert(self, text: str) -> None:
        """Put an emoji at the end of what is written."""
        self._compose(self.draft + text)
        self.set_draft(self.draft)

    def empty(self) -> None:
        """What was written is kept elsewhere now."""
        self.set_draft("", save=True)
        self._compose("")

    def send_words(self, text: str) -> None:
        """Send words that do not come from the composer."""
        self._spawn(self._send({"to": self.conversation_id, "text": text}, text, (), None))

    async def retry(self, client_id: str) -> None:
        """Send a failed message again."""
        await self._about("outbox.retry", client_id)

    async def discard(self, client_id: str) -> None:
        """Forget a failed message."""
        await self._about("outbox.discard", client_id)

    def set_draft(self, text: str, *, save: bool = False) -> None:
        """Keep what is being written: after a pause, or at once."""
        if text != self.draft:
            people = [Person(m["user_id"], m["username"]) for m in self.summary["members"] if m["username"]]
            others = [person for person in people if person.user_id != self.me.user_id]
            self.completion.typed(self.draft, text, others if self.summary["kind"] in {"group", "open"} else ())
            self._tell_typing(text)
        self.draft = text
        if self.context is not None and self.context.kind == "edit":
            return
        turn = self._saving = object()

        async def keep() -> None:
            if not save:
                await asyncio.sleep(DRAFT_PAUSE_S)
            if self._saving is turn:
                await self.keep_draft()

        self._spawn(keep())

    def leave(self) -> None:
        """Somebody goes elsewhere: nothing is typed here any more."""
        self._tell_typing("")

    def _tell_typing(self, text: str) -> None:
        if self.thread is None and (text or self.draft):
            self._spawn(self._signal("typing.start" if text else "typing.stop"))

    async def _signal(self, method: str) -> None:
        with contextlib.suppress(EngineError):
            await self._engine.call(method, {"conversation_id": self.conversation_id})

    async def keep_draft(self) -> None:
        """Store the draft on the device; that of a thread is kept by the app."""
        if self.thread is None and (fault := await self._stored.save(self.draft_to_keep)):
            self.complain(fault)

    def told(self, summary: Json) -> None:
        """The device has another summary: another of the person's devices may have gone on with the draft."""
        other, self.summary = summary != self.summary, summary
        plain, draft = self.thread is None and self.context is None, summary["draft"]
        if plain and self._stored.told(draft, self.draft, writing=self.focused):
            self._compose(draft, anew=True, focus=self.focused)
        elif other:
            self.changed()

    @property
    def draft_to_keep(self) -> str:
        """What was written for a new message, also while an old one is being changed."""
        return self._set_aside if self.context is not None and self.context.kind == "edit" else self.draft

    def attach(self, name: str, data: bytes) -> None:
        """Put a picture into the composer."""
        if len(data) > PICTURE_SIZE_BYTES_MAX:
            self.note = words.PICTURE_TOO_LARGE
        else:
            self.note = ""
            self.attached = (*self.attached, Attached(name[: words.NAME_LENGTH_MAX], data))
        self.changed()

    def take_out(self, index: int) -> None:
        """Take an attached picture out again."""
        self.attached = self.attached[:index] + self.attached[index + 1 :]
        self.changed()

    def complain(self, sentence: str) -> None:
        """Say something by the composer."""
        self.note = sentence
        self.changed()

    # --- news

    async def watch(self, *, watched: bool) -> None:
        """Whether somebody looks at the app: only then is what arrives read."""
        back, self.reading.watched = watched and not self.reading.watched, watched
        if back:
            self.reading.begin(self.summary)
            self.changed()
            await self._mark_read()

    async def heard(self, name: str, params: Json) -> None:
        """An event that concerns this conversation."""
        if name == "outbox.changed" and params["state"] == "sent":
            self.waiting.acknowledged(params["client_id"], params["sequence"])
            self._told = None
        await self.refresh()

    # --- inside

    def _compose(self, text: str, *, anew: bool = False, focus: bool = True) -> None:
        """Put a text into the composer's field; where the cursor may stand beyond its end, it needs a new field."""
        self.completion.close()
        if anew or 0 < len(text) < len(self.draft):
            self.composing += 1
            self.focused = False  # until the new field says otherwise
        else:
            self.revision += 1
        self.draft, self.wants_focus = text, focus
        self.changed()

    def _save(self, context: Context, text: str) -> None:
        """Change a message into a text, unless that says nothing or nothing new."""
        if not text:
            self.complain(words.EDIT_EMPTY)
            return
        item = self.item(context.sequence)
        self.cancel()
        if item is not None and item["text"] != text:
            self._spawn(self._edit(context, text))

    async def _edit(self, context: Context, text: str) -> None:
        if await self.deeds.edit(context.sequence, text) or self.context is not None:
            return
        note, self._set_aside, self.context = self.note, self.draft, context
        self._compose(text)  # nothing typed is lost
        self.complain(note)

    async def _load_root(self) -> None:
        where = {"conversation_id": self.conversation_id, "sequence": self.thread}
        try:
            self.root = (await self._engine.call("message", where))["message"]
        except EngineError as error:
            self.fault = faults.sentence(error)

    async def _send(
        self, params: dict[str, Any], text: str, attached: tuple[Attached, ...], context: Context | None
    ) -> None:
        queued = {message["client_id"] for message in self.waiting.queued}
        try:
            await self._engine.call("send", params)
        except EngineError as error:
            await self.refresh()
            failed = [m for m in self.waiting.queued if m["client_id"] not in queued and m["text"] == text]
            if not failed:
                self.attached, self.context = attached + self.attached, self.context or context
                self._compose(f"{text}\n{self.draft}".strip() if self.draft else text, focus=False)
                self.complain(faults.sentence(error))

    async def _about(self, method: str, client_id: str) -> None:
        try:
            await self._engine.call(method, {"client_id": client_id})
        except EngineError as error:
            self.complain(faults.sentence(error))
        await self.refresh()

    async def _load(self, where: dict[str, int]) -> None:
        page = await self._page(where)
        if page is None:
            return
        self.items, self.at_start, self.at_end = page["items"], page["start"], page["end"]
        self.loaded = True
        self._take(page)
        await self._mark_read()

    async def _refresh_once(self) -> None:
        if self.thread is not None:
            await self._load_root()
        if not self.items:
            await self._load({"limit": PAGE})
            return
        limit = WINDOW_MAX if self.at_end else len(self.items)
        page = await self._page({"after": self.items[0]["sequence"] - 1, "limit": limit})
        if page is None:
            return
        if self.at_end and not page["end"]:
            await self._load({"limit": WINDOW_MAX - PAGE})
            return
        self.items, self.at_start, self.at_end = page["items"], page["start"], page["end"]
        self._take(page)
        await self._mark_read()

    async def _page(self, where: dict[str, int]) -> Json | None:
        self._loading = True
        inside = {} if self.thread is None else {"thread": self.thread}
        try:
            page = await self._engine.call("history.page", {"conversation_id": self.conversation_id, **where, **inside})
        except EngineError as error:
            self.fault, self._told = faults.sentence(error), None
            self.changed()
            return None
        finally:
            self._loading = False
        self.fault = ""
        return page

    def _take(self, page: Json) -> None:
        self.read, self.delivered = page["read"], page["delivered"]
        self.waiting.take(page["outgoing"], self.items)
        self.reading.told(page["read_sequence"])
        known, self._told = self._told, (self.root, self.items, page)
        if known != self._told:  # most events change something else: to draw anew costs far more than to look
            self.changed()

    async def _mark_read(self) -> None:
        if self.at_end and not self.summary["request"]:
            await self.reading.read(self.items)

"""All of the model, where somebody is in the app, and what events do to it.

Invariant: a route names everything that a screen needs, so a reload or the back button shows the same screen.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

from parley_app import words
from parley_app.bridge import Bridge
from parley_app.engine import Engine, EngineError, Json
from parley_app.model import faults, gating, room_menus
from parley_app.model.app_lock import AppLock
from parley_app.model.channels import DIRECTORY, Channels
from parley_app.model.chats import Chats
from parley_app.model.company import Company
from parley_app.model.comparing import Comparing
from parley_app.model.conversation import Conversation
from parley_app.model.entering import Entering
from parley_app.model.faces import Faces
from parley_app.model.governing import Governing
from parley_app.model.joining import Joining
from parley_app.model.keeping import Keeping
from parley_app.model.layers import Adding, Layers, MenuOf, NewKeys, NewPoll, PickerFor, Spot
from parley_app.model.lifetimes import Lifetimes
from parley_app.model.notifications import Notifications
from parley_app.model.observing import Spawn
from parley_app.model.people import Finder, GroupForm, Membership
from parley_app.model.pictures import Pictures
from parley_app.model.pins import Pins
from parley_app.model.poll_form import PollForm
from parley_app.model.preferences import Preferences
from parley_app.model.privacy import Privacy
from parley_app.model.relations import Relations
from parley_app.model.reminders import Reminders
from parley_app.model.reporting import Reporting
from parley_app.model.rows import Picture
from parley_app.model.schedule import Schedule
from parley_app.model.session import Session
from parley_app.model.telling import Telling

CHATS: Final = gating.HOME
PEOPLE: Final = "/people"
NEW: Final = "/new"
NEW_GROUP: Final = "/new-group"
JOIN: Final = gating.JOIN
SETTINGS: Final = "/settings"
WELCOME: Final = gating.WELCOME
SIGN_UP: Final = gating.SIGN_UP
CONFIRM: Final = gating.CONFIRM
SIGN_IN: Final = gating.SIGN_IN
RESTORE: Final = gating.RESTORE
CODE: Final = gating.CODE
LINK: Final = gating.LINK
ANEW: Final = gating.ANEW
PROVIDER: Final = gating.PROVIDER
LOCKED: Final = gating.LOCKED
FORGOT: Final = gating.FORGOT
RESET: Final = gating.RESET
KEY: Final = gating.KEY
KEY_CONFIRM: Final = gating.KEY_CONFIRM
#: The panes of a conversation: details, invitations, who may do what, what moderators did; of open channels also search and applications.
PANES: Final = ("details", "invite", "permissions", "audit", "search", "apps")
T = TypeVar("T")


class App(Entering):
    """The root. Observed for the route and for which conversation is open; the parts are observed by themselves."""

    def __init__(self, engine: Engine, bridge: Bridge, spawn: Spawn) -> None:
        super().__init__()
        self.engine, self.bridge, self.spawn = engine, bridge, spawn
        self.session, self.preferences = Session(engine, bridge), Preferences(engine)
        self.telling = Telling(engine, self.preferences)
        self.company = Company(engine, spawn)
        self.pictures, self.faces = Pictures(engine, spawn), Faces(engine, spawn)
        self.chats = Chats(engine, self.company, self.pictures)
        self.keeping, self.finder = Keeping(engine, self.chats), Finder(engine)
        self.group_form = GroupForm(engine, self.finder)
        self.joining, self.channels = Joining(engine), Channels(engine, spawn)
        self.schedule, self.lifetimes = Schedule(engine), Lifetimes(engine)
        self.reminders = Reminders(engine, spawn)
        self.reporting, self.comparing = Reporting(engine), Comparing(engine)
        self.privacy, self.notifications = Privacy(engine), Notifications(bridge)
        self.lock, self.relations = AppLock(engine, bridge), Relations(engine, spawn)
        self.conversation: Conversation | None = None
        self.membership: Membership | None = None
        self.governing: Governing | None = None
        self.thread: Conversation | None = None
        self.pins: Pins | None = None
        self.layers, self.poll_form = Layers(), PollForm(engine)
        self._thread_drafts: dict[str, str] = {}
        self.route: str = WELCOME
        #: Where somebody was before the device was locked.
        self._locked_at = WELCOME
        self.switcher = False
        self.picture: Picture | None = None
        #: Changes when the timeline has to begin anew at its end.
        self.timeline_turn = 0
        self._made: dict[str, Any] = {}
        self._unsubscribe = engine.subscribe(self._hear)

    async def start(self, route: str = "") -> None:
        """Load what the device holds and show where somebody was."""
        await self.preferences.load()
        await self.session.load()
        await self.lock.load()
        self.spawn(self.session.look_for_passkeys())
        if self.session.phase == "signed_in":
            await self.chats.load()
            self.spawn(self.reminders.load())
            self.spawn(self.relations.load())
            self.look_around()
        if self.session.phase == "locked":
            self._locked_at = route or WELCOME
        self.go(self._welcome(route or WELCOME))

    def stop(self) -> None:
        """Hear no more events."""
        self._unsubscribe()

    # --- where

    def go(self, route: str) -> None:
        """Go somewhere, as far as the session allows."""
        route = gating.allowed(self.session, route.split("?", maxsplit=1)[0].rstrip("/") or WELCOME)
        if self.conversation is not None and route != self.route:
            self.conversation.leave()
            self.spawn(self._keep_draft(self.conversation))
        self.route, self.switcher = route, False
        self.spawn(self.lock.touched())
        self.layers.close()
        wanted = self.opened
        if wanted is None:
            self.conversation = self.membership = self.governing = self.pins = None
        elif self.conversation is None or self.conversation.conversation_id != wanted:
            self._open(wanted)
        elif self.details and self.governing is not None:  # which follows what changes only while it is in sight
            self.spawn(self.governing.load())
        self._follow_thread()
        self.changed()

    def open(self, conversation_id: str) -> None:
        """Go to a conversation."""
        self.go(f"{CHATS}/{conversation_id}")

    def show_pane(self, pane: str) -> None:
        """Show a pane of the open conversation."""
        self.go(f"{CHATS}/{self.opened}/{pane}")

    def toggle_switcher(self) -> None:
        """Show or leave the list that jumps to any conversation."""
        self.switcher = not self.switcher and self.session.phase == "signed_in"
        self.changed()

    def escape(self) -> None:
        """Leave what lies on top, then the side pane or page, then the conversation."""
        written = [each for each in (self.thread, self.conversation) if each is not None]
        if self.picture is not None:
            self.view(None)
        elif self.switcher:
            self.toggle_switcher()
        elif self.layers.close() or any(each.completion.close() or each.cancel() for each in written):
            return
        elif self.pane not in {"", "details", "search"}:
            self.show_pane("details")
        elif self.details or self.thread is not None:
            self.open(self.opened or "")
        elif self.route.startswith((NEW, JOIN, DIRECTORY, SETTINGS + "/")) or self.opened:
            self.go(self.route.rsplit("/", 1)[0] if self.route.startswith(SETTINGS + "/") else CHATS)

    def view(self, picture: Picture | None) -> None:
        """Show a picture over everything, or none."""
        self.picture = picture
        self.changed()

    async def lock_now(self) -> None:
        """Keep what is being written, and lock the device."""
        if self.conversation is not None:
            await self.conversation.keep_draft()
        await self.lock.lock_now()

    async def watch(self, *, watched: bool) -> None:
        """Whether somebody looks at the app."""
        if watched:
            await self.lock.touched()
        if self.session.phase == "signed_in":
            with contextlib.suppress(EngineError):
                await self.engine.call("presence.set", {"status": "online" if watched else "away"})
        for each in (self.conversation, self.thread):
            if each is not None:
                await each.watch(watched=watched)

    def arrow(self, step: int) -> None:
        """An arrow key in a composer: another person for a mention, or upwards the last own message to change."""
        for each in (self.thread, self.conversation):
            if each is not None and each.focused:
                if each.completion.found:
                    each.completion.move(step)
                elif step < 0:
                    each.correct_last()
                return

    def bump_timeline(self) -> None:
        """Show the timeline from its end."""
        self.timeline_turn += 1
        self.changed()

    def made(self, name: str, make: Callable[[], T]) -> T:
        """What `make` made the first time: what rows call is the same for ever, so that they stay as they are."""
        if name not in self._made:
            self._made[name] = make()
        found: T = self._made[name]
        return found

    @property
    def opened(self) -> str | None:
        """The id of the conversation that the route names."""
        parts = self.route.split("/")
        return parts[2] if self.route.startswith(CHATS + "/") and len(parts) > 2 else None

    @property
    def details(self) -> bool:
        """Whether the route asks for the conversation's details, or for a part of them."""
        return bool(self.pane)

    @property
    def pane(self) -> str:
        """Which pane beside the conversation the route asks for, empty for none."""
        parts = self.route.split("/")
        return parts[3] if self.opened is not None and len(parts) == 4 and parts[3] in PANES else ""

    @property
    def thread_root(self) -> int | None:
        """The message whose thread the route asks for."""
        parts = self.route.split("/")
        named = self.opened is not None and len(parts) == 5 and parts[3] == "threads" and parts[4].isdecimal()
        return int(parts[4]) if named else None

    # --- messages

    def place(self, *, in_thread: bool) -> Conversation | None:
        """The open thread, or the conversation itself."""
        return self.thread if in_thread else self.conversation

    def item(self, sequence: int, *, in_thread: bool) -> Json | None:
        """A message that is in sight."""
        place = self.place(in_thread=in_thread)
        return place.item(sequence) if place is not None else None

    def open_thread(self, sequence: int) -> None:
        """Go to what stands under a message."""
        self.go(f"{CHATS}/{self.opened}/threads/{sequence}")

    async def jump(self, sequence: int) -> None:
        """Go to a message, in the conversation or the thread where it stands, and mark it."""
        conversation = self.conversation
        if conversation is None:
            return
        where = {"conversation_id": conversation.conversation_id, "sequence": sequence}
        try:
            found = (await self.engine.call("message", where))["message"]
        except EngineError as error:
            conversation.complain(faults.sentence(error))
            return
        if found is None:
            conversation.complain(words.MESSAGE_MISSING)
            return
        root = found["thread_root"]
        if root is not None and root != self.thread_root:
            self.open_thread(root)
        elif root is None and (self.details or self.thread is not None):
            self.open(conversation.conversation_id)
        place = self.place(in_thread=root is not None)
        if place is not None:
            await place.opened()
            await place.show(sequence)

    async def react(self, sequence: int, emoji: str, *, in_thread: bool) -> None:
        """Give a message an emoji or take it back, and remember that it is in use."""
        place, item = self.place(in_thread=in_thread), self.item(sequence, in_thread=in_thread)
        if place is not None and item is not None:
            self.spawn(self.preferences.use_emoji(emoji))
            await place.deeds.react(item, emoji)

    async def do(self, deed: Awaitable[bool]) -> None:
        """Carry a deed out; what fails is said by the composer."""
        await deed

    async def send_poll(self) -> None:
        """Send the poll of the form; it stays open with a sentence where that fails."""
        conversation = self.conversation
        if conversation is not None and await self.poll_form.send(conversation.conversation_id):
            self.poll_form.begin()
            self.layers.close()

    def close_and_do(self, work: Coroutine[Any, Any, Any]) -> None:
        """Let nothing float any more, and do what was chosen."""

        async def run() -> None:
            await work

        self.layers.close()
        self.spawn(run())

    async def mark_unread(self, conversation_id: str, sequence: int | None = None) -> None:
        """Leave a conversation, for what is looked at does not stay unread, and find it so later."""
        if self.opened == conversation_id:
            # Before the server hears of it, which may take a while: who has opened it again by then is not put out of it.
            self.go(CHATS)
        await self.keeping.mark_unread(conversation_id, sequence)

    def look_around(self) -> None:
        """Hear how the people of the open conversation stand, and those whom this person writes with; and what the server tells."""
        self.spawn(self.telling.load())
        members = self.conversation.summary["members"] if self.conversation is not None else []
        here = [member["user_id"] for member in members if member["user_id"] != self.session.me.user_id]
        self.company.watch([*here, *self.chats.partners(self.session.me)])

    def show_menu(self, sequence: int, spot: Spot, *, in_thread: bool) -> None:
        """What can be done with a message."""
        self.layers.show(MenuOf(sequence, in_thread, spot))

    def show_room_menu(self, conversation_id: str = "", spot: Spot | None = None) -> None:
        """What can be done with a conversation: by default that of the row with the focus, else the open one."""
        asked = conversation_id or self.chats.focused or self.opened or ""
        menu = room_menus.of_room(self, asked, spot or Spot())
        if menu is not None:
            self.layers.show(menu)

    def show_picker(self, sequence: int, spot: Spot, *, in_thread: bool) -> None:
        """All emoji, for a message or, with 0, for the composer."""
        self.layers.show(PickerFor(sequence, in_thread, spot))

    def show_adding(self, *, in_thread: bool) -> None:
        """What can be put into a message."""
        self.layers.show(Adding(in_thread))

    def show_poll_form(self) -> None:
        """The form of a new poll."""
        self.poll_form.begin()
        self.layers.show(NewPoll())

    # --- what people do that touches several parts

    async def log_out(self) -> str:
        """Erase this device; a sentence where that failed."""
        fault = await self.session.log_out()
        if not fault:
            self._forget()
        return fault

    async def write_to(self, username: str) -> None:
        """Open the conversation with somebody."""
        summary = await self.finder.write_to(username)
        if summary is not None:
            self.chats.take(summary)
            self.finder.clear()
            self.open(summary["conversation_id"])
        elif self.finder.refusal == "identity_changed":
            self.look_at_keys(username)

    def look_at_keys(self, username: str, conversation_id: str = "") -> None:
        """Show somebody's new keys, to be believed or not; of a conversation, or of nobody's yet."""
        self.layers.show(NewKeys(username, conversation_id))
        self.spawn(self.comparing.begin(username))

    async def make_group(self) -> None:
        """Make the group of the form and open it."""
        made = await self.group_form.make()
        if made:
            await self.chats.refresh(made)
            self.open(made)

    async def add_member(self) -> None:
        """Bring the person of the field into the open group."""
        if self.membership is not None:
            name = self.membership["username"].strip().removeprefix("@")
            if not await self.membership.add() and self.membership.refusal == "identity_changed":
                self.look_at_keys(name)
            await self.refresh(self.membership.conversation_id)

    # --- inside

    def _open(self, conversation_id: str) -> None:
        summary = self.chats.summaries.get(conversation_id)
        if summary is None:
            self.conversation = self.membership = self.governing = self.pins = None
            self.route = CHATS
            return
        self.conversation = Conversation(self.engine, self.spawn, self.session.me, summary)
        self.membership = Membership(self.engine, conversation_id)
        self.governing = Governing(self.engine, summary)
        self.pins = Pins(self.engine, self.session.me, conversation_id)
        self.spawn(self._load(self.conversation))
        self.spawn(self.pins.load())
        self.spawn(self._learn(self.governing))
        self.spawn(self.schedule.load())

    def _follow_thread(self) -> None:
        """Open the thread that the route names, and keep what was written in the one that is left."""
        root, conversation, thread = self.thread_root, self.conversation, self.thread
        here = conversation.conversation_id if conversation is not None else None
        if thread is not None and (thread.thread, thread.conversation_id) == (root, here):
            return
        if thread is not None:
            self._thread_drafts[f"{thread.conversation_id} {thread.thread}"] = thread.draft_to_keep
        self.thread = None
        if root is not None and conversation is not None:
            draft = self._thread_drafts.get(f"{conversation.conversation_id} {root}", "")
            summary = {**conversation.summary, "draft": draft}
            self.thread = Conversation(self.engine, self.spawn, self.session.me, summary, root)
            self.spawn(self.thread.open())

    async def _load(self, conversation: Conversation) -> None:
        self.look_around()
        await conversation.open()
        await self.chats.refresh(conversation.conversation_id)

    async def _keep_draft(self, conversation: Conversation) -> None:
        await conversation.keep_draft()
        await self.chats.refresh(conversation.conversation_id)

    def _hear(self, name: str, params: Any) -> None:
        self.spawn(self._heard(name, params))

    async def _heard(self, name: str, params: Json) -> None:
        self.company.heard(name, params)
        self.faces.heard(name, params)
        self.reminders.heard(name)
        self.relations.heard(name)
        if name in {"connection.changed", "signed_out"}:
            was = self.session.phase
            self.session.heard(name, params.get("state", "offline"), params.get("going_at", ""))
            if was != "signed_out" and self.session.phase == "signed_out":
                self._forget()
        elif name in {"conversation.changed", "outbox.changed"} and self.session.phase == "signed_in":
            await self._conversation_changed(name, params)
        elif name == "privacy.changed":
            self.privacy.heard(params)
        elif name in {"lock.changed", "engine.moved"}:
            await self._follow_lock()
        elif name == "join_requests.changed" and self.opened == params["conversation_id"] and self.governing:
            await self._learn(self.governing)

    async def _conversation_changed(self, name: str, params: Json) -> None:
        open_one = self.conversation
        if open_one is not None and open_one.conversation_id == params["conversation_id"]:
            await open_one.heard(name, params)
            if self.thread is not None:
                await self.thread.heard(name, params)
            if self.pins is not None:
                await self.pins.load()
            if self.governing is not None and self.details:
                await self.governing.load()
        await self.refresh(params["conversation_id"])
        await self.schedule.load()
        self.joining.heard(params["conversation_id"])

    async def _follow_lock(self) -> None:
        """Show nothing of a locked device; and what was there before, once it is open."""
        try:
            locked = (await self.engine.call("lock"))["locked"]
        except EngineError:
            return
        if locked and self.session.phase in {"keeping_key", "signed_in"}:
            self._locked_at = self.route
            self.session.lock_up()
            self._forget()
        elif not locked and self.session.phase == "locked":
            await self.start(self._locked_at)

    async def _learn(self, governing: Governing) -> None:
        await governing.load()
        await governing.ask_who_asks()

    async def refresh(self, conversation_id: str) -> None:
        """Ask the device for a conversation again, and show what it says."""
        await self.chats.refresh(conversation_id)
        summary = self.chats.summaries.get(conversation_id)
        open_one = self.conversation
        if open_one is not None and summary is not None and open_one.conversation_id == conversation_id:
            for each in (open_one, self.thread):
                if each is not None:
                    each.told(summary)

    def _forget(self) -> None:
        self.conversation = self.membership = self.governing = self.thread = self.pins = None
        self._thread_drafts = {}
        self.layers.close()
        for part in (self.chats, self.company, self.privacy, self.reminders, self.pictures, self.finder, self.channels):
            part.clear()
        self.faces.clear()
        self.telling.clear()
        self.go(WELCOME)

"""A signed-in device: its keys, its store, its server, and what runs once at a time.

Invariant: whoever changes a conversation holds `lock(conversation_id)`, so operations on one group are serial; group
states are cached here only as they stand in the store.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from parley_client.api.http import Api
from parley_client.attachments.ports import AttachmentTools
from parley_client.crypto.history import HistoryKey
from parley_client.directory import Directory
from parley_client.errors import NotSignedIn, UsageError
from parley_client.events import Event, Listeners
from parley_client.state.signals import Signals
from parley_client.store.conversations import load_group_state, save_group_state
from parley_client.store.documents import Account
from parley_client.store.history import newest_history_key
from parley_client.store.port import Store
from parley_client.store.queues import OutboxRow
from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId
from parley_contracts.messaging_api import Appended
from parley_mls import Group, Primitives, PublicGroup


@dataclass(frozen=True)
class Device:
    """Who speaks: this device of this person on this server."""

    server_name: str
    user_id: UserId
    device_id: DeviceId
    device_secret: bytes
    certificate: bytes

    @classmethod
    def of(cls, account: Account) -> Device:
        """The device of a profile whose set-up is complete."""
        if account.stage != "ready" or account.user_id is None or account.device_id is None:
            raise NotSignedIn("this profile is not set up yet; register or sign in first")
        return cls(
            account.server.removeprefix("https://"),
            account.user_id,
            account.device_id,
            account.device_secret,
            account.certificate,
        )


class GroupCache:
    """Group states of conversations, decoded once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._states: dict[ConversationId, tuple[Group | None, PublicGroup | None]] = {}

    def load(self, conversation_id: ConversationId) -> tuple[Group | None, PublicGroup | None]:
        """The state as a member and the state as a follower."""
        if conversation_id not in self._states:
            member, follower = load_group_state(self._store, conversation_id)
            self._states[conversation_id] = (
                Group.from_bytes(member) if member else None,
                PublicGroup.from_bytes(follower) if follower else None,
            )
        return self._states[conversation_id]

    def save(self, conversation_id: ConversationId, member: Group | None, follower: PublicGroup | None) -> None:
        """Replace the state; inside a transaction, which must not fail after this without `forget`."""
        save_group_state(
            self._store,
            conversation_id,
            member=member.to_bytes() if member else None,
            follower=follower.to_bytes() if follower else None,
        )
        self._states[conversation_id] = (member, follower)

    def forget(self, conversation_id: ConversationId) -> None:
        """Read the state from the store next time: a transaction failed."""
        self._states.pop(conversation_id, None)


@dataclass
class Session:
    """The signed-in device, as all operations take it; `learning` are the people whose names are being asked for.

    `strays` remembers of a group state and policy whether leaves of people who left are among its leaves; `landing` what was
    said of messages and acknowledged, with its place in the log, until the entry itself is here; `answered` the devices to which
    somebody handed secrets of the past on, and when.
    """

    store: Store
    api: Api
    primitives: Primitives
    device: Device
    directory: Directory
    groups: GroupCache
    locks: dict[ConversationId, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    sending: dict[ConversationId, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    waiting: dict[ClientId, asyncio.Future[Appended]] = field(default_factory=dict)
    listeners: list[Callable[[], None]] = field(default_factory=list)
    events: Listeners = field(default_factory=Listeners)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    learning: set[UserId] = field(default_factory=set)
    answered: dict[DeviceId, float] = field(default_factory=dict)
    landing: dict[ClientId, tuple[int, OutboxRow]] = field(default_factory=dict)
    tools: AttachmentTools | None = None
    strays: dict[ConversationId, tuple[Group, bytes, bool]] = field(default_factory=dict)
    settings_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    blocks_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    keys_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    clock: Callable[[], float] = time.time
    settings_push_planned: bool = False
    uploading: dict[ClientId, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    progress: dict[ClientId, Callable[[int, int], None]] = field(default_factory=dict)
    signals: Signals = field(init=False)

    def __post_init__(self) -> None:
        self.signals = Signals(self)

    @property
    def attachment_tools(self) -> AttachmentTools:
        """What this platform brings for files; `UsageError` where it brings nothing."""
        if self.tools is None:
            raise UsageError("this device can neither send nor fetch files")
        return self.tools

    @property
    def history_key(self) -> HistoryKey:
        """The newest history key: new records are sealed under it."""
        return newest_history_key(self.store)

    def lock(self, conversation_id: ConversationId) -> asyncio.Lock:
        """What must be held to change the conversation."""
        return self.locks[conversation_id]

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something in the background until it is done or the session is closed."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def stop(self) -> None:
        """End what runs in the background."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled():
            # Whoever waits for it hears of its failure; otherwise the store holds what is left to do.
            task.exception()

    def announce(self, conversation_id: ConversationId) -> None:
        """Tell the listeners that the store has something new of this conversation."""
        for listener in list(self.listeners):
            listener()
        self.signals.changed(conversation_id)
        self.events.tell(Event("conversation.changed", {"conversation_id": conversation_id}))

"""One device for all tabs of a browser: one tab's worker runs it, the others call it over a channel.

Invariants: whoever holds the lock runs the device, and nobody else opens its database. When that tab goes, the lock
passes on: calls that may be repeated go to the next one, others fail with `engine_moved`, because they may have happened.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from parley_app.engine import Engine, EngineError, EventListener, Json

#: Reads, and writes that leave the same behind however often they are done.
REPEATABLE = frozenset(
    {
        "account",
        "account.factors",
        "account.sessions",
        "channel.apps",
        "channel.join",
        "channel.list",
        "connection.retry",
        "conversation",
        "conversations",
        "direct.open",
        "draft.save",
        "group.info",
        "group.joins",
        "group.links",
        "group.picture.read",
        "group.requests",
        "history.page",
        "lock",
        "lock.active",
        "lock.now",
        "lock.passphrase",
        "mark_read",
        "message",
        "mark_unread",
        "person.find",
        "pins",
        "preferences",
        "preferences.save",
        "presence",
        "presence.set",
        "presence.watch",
        "privacy",
        "privacy.change",
        "push.key",
        "push.secrets",
        "push.subscribe",
        "push.unsubscribe",
        "receipts",
        "recovery_key",
        "recovery_key.forget",
        "remind",
        "reminder.forget",
        "reminders",
        "schedule.list",
        "search",
        "session",
        "settings",
        "settings.change",
        "summaries",
        "typing",
        "typing.start",
        "typing.stop",
        "whoami",
    }
)
#: Registering and signing in take a while; nobody waits longer for anything.
CALL_TIMEOUT_S = 120.0


class Channel(Protocol):
    """Texts between the tabs of one browser; one's own are not heard."""

    def post(self, text: str) -> None:
        """Send to all other tabs."""
        ...

    def listen(self, listener: Callable[[str], None]) -> None:
        """Hear what the others send."""
        ...


@dataclass
class _Call:
    method: str
    params: Mapping[str, Any]
    answer: asyncio.Future[Json]
    sent_to: str | None = None


class SharedEngine:
    """The device as one tab sees it: its own once it leads, another's until then."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._name = str(uuid.uuid4())
        self._leader: str | None = None
        self._engine: Engine | None = None
        self._failure: EngineError | None = None
        self._calls: dict[str, _Call] = {}
        self._serving: set[asyncio.Task[None]] = set()
        self._listeners: list[EventListener] = []
        channel.listen(self._hear)
        self._post("hello")

    async def lead(self, lock: Callable[[], Awaitable[None]], open_engine: Callable[[], Awaitable[Engine]]) -> None:
        """Wait for the lock, then run the device for everybody; returns once it runs."""
        await lock()
        try:
            self._engine = await open_engine()
        except EngineError as error:
            self._failure = error
        else:
            self._engine.subscribe(self._tell)
        self._follow(self._name)
        self._post("leader")

    async def call(self, method: str, params: Mapping[str, Any] | None = None) -> Json:
        """Carry a method out, here or where the device runs; raises `EngineError`."""
        call = _Call(method, dict(params or {}), asyncio.get_running_loop().create_future())
        key = str(uuid.uuid4())
        self._calls[key] = call
        if self._leader is not None:
            self._send(key, call)
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                return await call.answer
        except TimeoutError:
            raise EngineError("timeout", "The tab that holds your messages did not answer; reload it.") from None
        finally:
            del self._calls[key]

    def subscribe(self, listener: EventListener) -> Callable[[], None]:
        """Call `listener` with the name and parameters of every event, until the answer is called."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    # --- between the tabs

    def _post(self, kind: str, **members: Any) -> None:
        self._channel.post(json.dumps({"kind": kind, "from": self._name, **members}))

    def _hear(self, text: str) -> None:
        said = json.loads(text)
        match said["kind"]:
            case "hello" if self._leader == self._name:
                self._post("leader")
            case "leader":
                self._follow(said["from"])
            case "call" if said["to"] == self._name:
                self._spawn(self._serve(said["from"], said["key"], said["method"], said["params"]))
            case "answer" if said["to"] == self._name:
                self._settle(said["key"], said["outcome"])
            case "event":
                self._pass_on(said["name"], said["params"])

    def _follow(self, leader: str) -> None:
        if leader == self._leader:
            return
        moved = self._leader is not None
        self._leader = leader
        for key, call in list(self._calls.items()):
            if call.sent_to is None or call.method in REPEATABLE:
                self._send(key, call)
            else:
                self._settle(
                    key, {"slug": "engine_moved", "sentence": "This was interrupted; look whether it happened."}
                )
        if moved:
            # Whatever the last one had yet to tell is in the store: the views read it again.
            self._pass_on("engine.moved", {})

    def _send(self, key: str, call: _Call) -> None:
        call.sent_to = self._leader
        if self._leader == self._name:
            self._spawn(self._serve(self._name, key, call.method, call.params))
        else:
            self._post("call", to=self._leader, key=key, method=call.method, params=call.params)

    async def _serve(self, caller: str, key: str, method: str, params: Mapping[str, Any]) -> None:
        outcome = await self._outcome(method, params)
        if caller == self._name:
            self._settle(key, outcome)
        else:
            self._post("answer", to=caller, key=key, outcome=outcome)

    async def _outcome(self, method: str, params: Mapping[str, Any]) -> dict[str, Json]:
        try:
            if self._failure is not None:
                raise self._failure
            assert self._engine is not None
            return {"result": await self._engine.call(method, params)}
        except EngineError as error:
            return {"slug": error.slug, "sentence": error.sentence}

    def _settle(self, key: str, outcome: Mapping[str, Json]) -> None:
        call = self._calls.get(key)
        if call is None or call.answer.done():
            return
        if "slug" in outcome:
            call.answer.set_exception(EngineError(outcome["slug"], outcome["sentence"]))
        else:
            call.answer.set_result(outcome["result"])

    def _tell(self, name: str, params: Mapping[str, Any]) -> None:
        self._post("event", name=name, params=params)
        self._pass_on(name, params)

    def _pass_on(self, name: str, params: Mapping[str, Any]) -> None:
        for listener in list(self._listeners):
            listener(name, params)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

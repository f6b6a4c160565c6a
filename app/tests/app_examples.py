"""Summaries, messages and a device behind the engine's port, with boring defaults."""

import asyncio
import datetime as dt

from parley_app.bridge import PlainBridge
from parley_app.engine import EngineError
from parley_app.model.app import App

ME, BEN, CARLA = "user-me", "user-ben", "user-carla"
NAMES = {ME: "anna", BEN: "ben", CARLA: "carla"}
NOON = dt.datetime(2026, 11, 26, 12, 0, tzinfo=dt.UTC)


def moment(minutes=0):
    return (NOON + dt.timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def item(sequence, text="hello", *, by=BEN, minutes=0, kind="text", **more):
    fields = {"sequence": sequence, "client_id": f"c{sequence}", "user_id": by, "sender": NAMES[by], "own": by == ME}
    return fields | {"kind": kind, "text": text, "attachments": [], "sent_at": moment(minutes)} | more


def outgoing(client_id, text="on its way", *, state="waiting", problem=None, minutes=0):
    fields = {"client_id": client_id, "text": text, "attachments": [], "state": state, "problem": problem}
    return fields | {"queued_at": moment(minutes)}


def member(user_id, role="member"):
    return {"user_id": user_id, "username": NAMES[user_id], "role": role}


def summary(conversation_id="talk", **more):
    fields = {"conversation_id": conversation_id, "kind": "direct", "name": "", "status": "member", "unread": 0}
    fields |= {"members": [member(ME), member(BEN)], "read_sequence": 0, "last": None, "outgoing": None}
    return fields | {"read": {}, "draft": "", "active_at": moment()} | more


class FakeDevice:
    """A device at the engine's port: conversations in lists, answers as `parley_client.rpc` gives them.

    `faults` maps a method to the error that its next calls meet.
    """

    def __init__(self, *, signed_in=True):
        self.signed_in = signed_in
        self.logs = {}
        self.outgoing = {}
        self.summaries = {}
        self.preferences = {}
        self.recovery_key = None
        self.calls = []
        self.faults = {}
        self._listeners = []

    def add(self, one, items=()):
        self.summaries[one["conversation_id"]] = one
        self.logs[one["conversation_id"]] = list(items)
        self.outgoing[one["conversation_id"]] = []

    def subscribe(self, listener):
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, name, **params):
        for listener in list(self._listeners):
            listener(name, params)

    async def call(self, method, params=None):
        params = dict(params or {})
        self.calls.append((method, params))
        await asyncio.sleep(0)
        if method in self.faults:
            raise self.faults[method]
        return getattr(self, "_" + method.replace(".", "_"))(**params)

    def asked(self, method):
        return [params for name, params in self.calls if name == method]

    def _session(self):
        who = {"user_id": ME, "username": "anna", "device_id": "device", "server": "https://parley.test"}
        state = {"signed_in": self.signed_in, "connection": "online", "recovery_key_pending": bool(self.recovery_key)}
        return state | (who if self.signed_in else dict.fromkeys(who, ""))

    def _preferences(self):
        return self.preferences

    def _preferences_save(self, preferences):
        self.preferences = preferences

    def _summaries(self):
        return list(self.summaries.values())

    def _conversation(self, conversation_id):
        return self.summaries[conversation_id]

    def _recovery_key(self):
        return {"recovery_key": self.recovery_key}

    def _recovery_key_forget(self):
        self.recovery_key = None

    def _register(self, **words):
        self.signed_in, self.recovery_key = True, "PARLEY-AAAA-BBBB-1C0D"
        return {}

    def _login(self, **words):
        self.signed_in = True
        return {}

    def _logout(self):
        self.signed_in = False
        self.tell("signed_out")

    def _history_page(self, conversation_id, before=None, after=None, around=None, limit=60):
        log = self.logs[conversation_id]
        if after is not None:
            rows = [row for row in log if row["sequence"] > after][:limit]
        else:
            rows = [row for row in log if before is None or row["sequence"] < before][-limit:]
        ends = {"start": not rows or rows[0] is log[0], "end": not rows or rows[-1] is log[-1]}
        read_sequence = self.summaries[conversation_id]["read_sequence"]
        rest = {"outgoing": list(self.outgoing[conversation_id]), "read": {}, "read_sequence": read_sequence}
        return {"items": rows} | ends | rest

    def _mark_read(self, conversation_id, sequence):
        self.summaries[conversation_id] |= {"read_sequence": sequence, "unread": 0}

    def _draft_save(self, conversation_id, text):
        self.summaries[conversation_id] |= {"draft": text}

    def _send(self, to, text, attachments=()):
        self.logs[to].append(item(len(self.logs[to]) + 1, text, by=ME))
        return {"conversation_id": to}

    def _outbox_retry(self, client_id):
        return {"found": True}

    def _outbox_discard(self, client_id):
        return {"found": True}

    def _person_find(self, username):
        found = [user_id for user_id, name in NAMES.items() if name == username]
        if not found:
            raise EngineError("not_found", "nobody")
        return {"user_id": found[0], "username": username, "own": found[0] == ME}

    def _direct_open(self, username):
        self.add(summary("with-" + username))
        return self.summaries["with-" + username]

    def _group_create(self, name, members):
        self.add(summary("made", kind="group", name=name, members=[member(ME, "owner"), member(BEN)]))
        return {"conversation_id": "made"}

    def _group_add(self, conversation_id, members):
        if members[0] not in NAMES.values():
            raise EngineError("not_found", "nobody")

    def _group_remove(self, conversation_id, members):
        self.summaries[conversation_id] |= {"members": [member(ME, "owner")]}

    def _connection_retry(self):
        return {}


class World:
    """An app on a fake device; `settle` waits until nothing runs in the background any more."""

    def __init__(self, device, server="https://parley.test", bridge=None):
        self.device = device
        self._tasks = set()
        self.app = App(device, bridge or PlainBridge(server), self._spawn)

    def _spawn(self, work):
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def settle(self):
        while self._tasks:
            await asyncio.gather(*self._tasks)


async def started(device, route="", **more):
    world = World(device, **more)
    await world.app.start(route)
    await world.settle()
    return world

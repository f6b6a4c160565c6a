"""Summaries, messages and a device behind the engine's port, with boring defaults."""

import asyncio
import datetime as dt

from app_account import AccountAnswers
from app_channels import ChannelAnswers
from app_locking import LockAnswers
from app_people import PeopleAnswers
from app_rooms import RoomAnswers

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
    said = dict.fromkeys(("edited_at", "deleted_by", "reply_to", "poll", "thread", "thread_root", "expires_at"))
    said |= {"reactions": [], "added": [], "removed": [], "again": [], "pinned": False, "mention": False}
    said |= {"timer": None, "retention": None, "changed": []}
    return fields | {"kind": kind, "text": text, "attachments": [], "sent_at": moment(minutes)} | said | more


def outgoing(client_id, text="on its way", *, state="waiting", problem=None, minutes=0, **more):
    fields = {"client_id": client_id, "text": text, "attachments": [], "state": state, "problem": problem}
    return fields | {"queued_at": moment(minutes), "reply_to": None, "thread_root": None} | more


def person(user_id):
    return {"user_id": user_id, "username": NAMES[user_id]}


def reaction(emoji, *people):
    return {"emoji": emoji, "people": [person(user_id) for user_id in people], "own": ME in people}


def poll(options, *, several=False, closed=False):
    """`options` maps an answer to who chose it."""
    shown = [{"text": o, "people": [person(p) for p in people], "own": ME in people} for o, people in options.items()]
    voters = len({p for people in options.values() for p in people})
    return {"options": shown, "several": several, "closed": closed, "voters": voters}


def quote(sequence, text="hello", *, by=BEN, files=0, gone=False):
    return {"sequence": sequence, "sender": person(by), "text": text, "files": files, "gone": gone}


def thread(replies, last_sequence, *people, minutes=0):
    fields = {"replies": replies, "last_sequence": last_sequence, "last_at": moment(minutes)}
    return fields | {"people": [person(user_id) for user_id in people]}


def member(user_id, role="member", muted_until=None):
    return {"user_id": user_id, "username": NAMES[user_id], "role": role, "muted_until": muted_until}


def summary(conversation_id="talk", **more):
    fields = {
        "conversation_id": conversation_id,
        "kind": "direct",
        "name": "",
        "status": "member",
        "unread": 0,
        "mentions": 0,
        "may": ["pin", "send"],
    }
    fields |= {"members": [member(ME), member(BEN)], "read_sequence": 0, "last": None, "outgoing": None}
    fields |= {"archived": False, "muted_until": None, "favourite": False, "pinned": False, "folder": "", "topic": ""}
    fields |= {"timer_s": None, "retention_s": None, "picture": "", "request": False, "blocked": False}
    fields |= {"renewed": [], "doubted": []}
    after = more.get("read_sequence", 0)
    fields |= {"unread_after": after, "marked_unread": False, "read": {}, "delivered": {}, "draft": ""}
    return fields | {"active_at": moment()} | more


def presence(user_id, status="online", seen=None):
    return {"user_id": user_id, "status": status, "last_seen_at": seen}


class FakeDevice(RoomAnswers, ChannelAnswers, LockAnswers, AccountAnswers, PeopleAnswers):
    """A device at the engine's port: conversations in lists, answers as `parley_client.rpc` gives them.

    `faults` maps a method to the error that its next calls meet.
    """

    def __init__(self, *, signed_in=True):
        super().__init__()
        self.signed_in = signed_in
        self.logs = {}
        self.outgoing = {}
        self.summaries = {}
        self.presences = {}
        self.groups = {}
        self.pictures = {}
        #: What people show besides their names; pictures in base64url.
        self.shown = {}
        self.joins = []
        self.made = summary
        self.channels = []
        self.posts = []
        self.applications = {}
        self.verified = set()
        self.changed = set()
        self.privacy = {"receipts": True, "typing": True, "presence": True, "strangers": True}
        self.contacts, self.blocked, self.by_name = [], [], True
        self.scheduled = []
        self.reminded = []
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
        if self.locked and not method.startswith("lock"):
            raise EngineError("profile_locked", "this device is locked")
        answer = getattr(self, "_" + method.replace(".", "_"))(**params)
        return await answer if asyncio.iscoroutine(answer) else answer

    def asked(self, method):
        return [params for name, params in self.calls if name == method]

    def _session(self):
        who = {"user_id": ME, "username": "anna", "device_id": "device", "server": "https://parley.test"}
        state = {"signed_in": self.signed_in, "connection": "online", "recovery_key_pending": bool(self.recovery_key)}
        return state | (who if self.signed_in else dict.fromkeys(who, "")) | {"unfinished": False}

    def _preferences(self):
        return self.preferences

    def _preferences_save(self, preferences):
        self.preferences = preferences

    def _summaries(self):
        return list(self.summaries.values())

    def _conversation(self, conversation_id):
        return self.summaries[conversation_id]

    def _shown_by(self, user_id):
        known = {"user_id": user_id, "username": NAMES[user_id], "display_name": NAMES[user_id], "picture": None}
        return known | dict.fromkeys(("about", "pronouns", "time_zone"), "") | self.shown.get(user_id, {})

    def _profiles(self, user_ids):
        return [self._shown_by(user_id) for user_id in user_ids if user_id in NAMES]

    def _profile(self, user_id):
        if user_id not in NAMES:
            raise EngineError("not_found", "nobody")
        return self._shown_by(user_id)

    def _account_profile(self, **words):
        self.profile |= words
        self._show(**words)
        return dict(self.profile)

    def _account_picture(self, data):
        self._show(picture=data)
        return dict(self.profile)

    def _show(self, **more):
        self.shown[ME] = self.shown.get(ME, {}) | more
        self.tell("profile.changed", user_id=ME)

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

    def _history_page(self, conversation_id, before=None, after=None, around=None, thread=None, limit=60):
        log = [row for row in self.logs[conversation_id] if row["thread_root"] == thread]
        if after is not None:
            rows = [row for row in log if row["sequence"] > after][:limit]
        elif around is not None:
            earlier = [row for row in log if row["sequence"] < around][-(limit // 2) :]
            rows = earlier + [row for row in log if row["sequence"] >= around][: limit - len(earlier)]
        else:
            rows = [row for row in log if before is None or row["sequence"] < before][-limit:]
        ends = {"start": not rows or rows[0] is log[0], "end": not rows or rows[-1] is log[-1]}
        waiting = [each for each in self.outgoing[conversation_id] if each["thread_root"] == thread]
        read_sequence = self.summaries[conversation_id]["read_sequence"]
        return {
            "items": list(rows),
            "outgoing": waiting,
            "read": {},
            "delivered": {},
            "read_sequence": read_sequence,
        } | ends

    def _find(self, conversation_id, sequence):
        return next((row for row in self.logs[conversation_id] if row["sequence"] == sequence), None)

    def _message(self, conversation_id, sequence):
        return {"message": self._find(conversation_id, sequence)}

    def _pins(self, conversation_id):
        return [row for row in self.logs[conversation_id] if row["pinned"]]

    def _change(self, conversation_id, sequence, **more):
        log = self.logs[conversation_id]
        index = next(index for index, row in enumerate(log) if row["sequence"] == sequence)
        log[index] = log[index] | more
        self.tell("conversation.changed", conversation_id=conversation_id)
        return {"sequence": 0}

    def _message_edit(self, conversation_id, sequence, text):
        return self._change(conversation_id, sequence, text=text, edited_at=moment())

    def _message_delete(self, conversation_id, sequence):
        gone = {"kind": "deleted", "text": "", "deleted_by": person(ME), "reactions": [], "pinned": False, "poll": None}
        return self._change(conversation_id, sequence, **gone)

    def _message_react(self, conversation_id, sequence, emoji, removed):
        others = [each for each in self._find(conversation_id, sequence)["reactions"] if each["emoji"] != emoji]
        return self._change(conversation_id, sequence, reactions=[*others, *([] if removed else [reaction(emoji, ME)])])

    def _message_pin(self, conversation_id, sequence, removed):
        return self._change(conversation_id, sequence, pinned=not removed)

    def _poll_create(self, to, question, options, several):
        asked = poll(dict.fromkeys(options, ()), several=several)
        self.logs[to].append(item(len(self.logs[to]) + 1, question, by=ME, kind="poll", poll=asked))
        self.tell("conversation.changed", conversation_id=to)

    def _poll_vote(self, conversation_id, sequence, choices):
        shown = self._find(conversation_id, sequence)["poll"]
        texts = [option["text"] for option in shown["options"]]
        chosen = {text: [ME] if index in choices else [] for index, text in enumerate(texts)}
        return self._change(conversation_id, sequence, poll=poll(chosen, several=shown["several"]))

    def _poll_close(self, conversation_id, sequence):
        return self._change(
            conversation_id, sequence, poll=self._find(conversation_id, sequence)["poll"] | {"closed": True}
        )

    def _mark_read(self, conversation_id, sequence):
        self.summaries[conversation_id] |= {"read_sequence": sequence, "unread": 0, "marked_unread": False}

    def _draft_save(self, conversation_id, text):
        self.summaries[conversation_id] |= {"draft": text}

    def _send(self, to, text, attachments=(), reply_to=None, thread=None):
        quoted = quote(reply_to, self._find(to, reply_to)["text"]) if reply_to else None
        self.logs[to].append(item(len(self.logs[to]) + 1, text, by=ME, reply_to=quoted, thread_root=thread))
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

    def _safety_number(self, username):
        digits = "0123456789" * 6
        number = {
            "user_id": BEN,
            "number": digits,
            "code": f"PARLEY SAFETY NUMBER {digits}",
            "verified": username in self.verified,
        }
        return number | {"changed": username in self.changed}

    def _identity_accept(self, username, number):
        assert number == "0123456789" * 6
        self.changed.discard(username)
        for one in self.summaries.values():
            one["doubted"] = []
            one["renewed"] = one["renewed"] if one["kind"] == "group" else []
        return self._safety_number(username)

    def _person_let_in_again(self, conversation_id, username):
        assert username not in self.changed
        self.summaries[conversation_id]["renewed"] = []
        return {}

    def _safety_number_verify(self, username, number):
        self.verified.add(username)
        self.changed.discard(username)
        return self._safety_number(username)

    def _safety_number_forget(self, username):
        self.verified.discard(username)
        return {}

    def _direct_open(self, username):
        self.add(summary("with-" + username))
        return self.summaries["with-" + username]

    def _group_create(self, name, members):
        self.add(summary("made", kind="group", name=name, members=[member(ME, "owner"), member(BEN)]))
        return {"conversation_id": "made"}

    def _group_add(self, conversation_id, members):
        if members[0] not in NAMES.values():
            raise EngineError("not_found", "nobody")

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

"""The fake server's positions, marks and settings, and the commands that its sockets were sent."""

from collections import defaultdict

import msgspec

from parley_contracts import problems
from parley_contracts.state_api import PrivacySettings, ReadState, read_state_bucket, read_states_digest


class FakeState:
    """`commands` is what devices have said; `reads` the last position that each has told, by person and conversation."""

    def __init__(self, sockets: dict) -> None:
        self._sockets = sockets
        self.commands: list[dict] = []
        self.reads: dict[tuple[str, str], int] = {}
        self.delivered: dict[tuple[str, str], int] = {}
        self.receipts_asked: list[str] = []
        self.privacy: dict[str, PrivacySettings] = defaultdict(PrivacySettings)

    def _read(self, user_id: str, log, conversation_id: str, sequence: int) -> None:
        read, ordinal, mark, version = log.read_states.get(user_id, (0, 0, 0, 0))
        log.read_states[user_id] = (max(read, sequence), ordinal, 0, version + (mark > 0))
        self._tell_own(user_id, log, conversation_id)
        frame = {"type": "receipt.updated", "conversation_id": conversation_id, "user_id": user_id}
        for other in set(log.first_visible) - {user_id}:
            for socket in self._sockets[other]:
                socket.push(frame | {"read_sequence": sequence, "delivered_sequence": sequence})

    def conversation(self, session: dict, log, conversation_id: str, part: str, body: dict) -> object:
        user_id = session["user"]
        if part == "receipt":
            self.reads[user_id, conversation_id] = body["read_sequence"]
            self._read(user_id, log, conversation_id, body["read_sequence"])
            return None
        if part == "unread":
            read, ordinal, _, version = log.read_states.get(user_id, (0, 0, 0, 0))
            log.read_states[user_id] = (read, ordinal, body["unread_sequence"], version + 1)
            self._tell_own(user_id, log, conversation_id)
            return self._state(user_id, log, conversation_id)
        if part == "delivery":
            self.delivered[user_id, conversation_id] = body["delivered_sequence"]
            return None
        self.receipts_asked.append(conversation_id)
        others = [user for user in log.first_visible if user != user_id]
        positions = [(user, log.read_states.get(user, (0,))[0]) for user in others]
        rows = [(user, read, max(read, self.delivered.get((user, conversation_id), 0))) for user, read in positions]
        return {"receipts": [{"user_id": u, "read_sequence": r, "delivered_sequence": d} for u, r, d in rows if d]}

    def settings(self, user_id: str, method: str, body: dict) -> object:
        if method == "PUT":
            wanted = msgspec.convert(body, PrivacySettings)
            if wanted.version != self.privacy[user_id].version + 1:
                raise problems.VersionStale(version=self.privacy[user_id].version)
            self.privacy[user_id] = wanted
            for socket in self._sockets[user_id]:
                socket.push({"type": "privacy.changed", "settings": body})
            return None
        return self.privacy[user_id]

    def ready(self, user_id: str, logs: dict, digest: list[int]) -> dict:
        states = [self._state(user_id, log, where) for where, log in logs.items() if user_id in log.first_visible]
        here = read_states_digest(states)
        changed = [s for s in states if here[b := read_state_bucket(s.conversation_id)] != digest[b]]
        return {"read_states": msgspec.to_builtins(changed), "privacy": msgspec.to_builtins(self.privacy[user_id])}

    def command(self, connection, message: dict) -> None:
        if message["type"] != "heartbeat":
            self.commands.append(message)
            connection.push({"type": "ack", "ref": message["ref"]})
        for watched in message.get("people", ()):
            status = "online" if self._sockets[watched["user_id"]] else "offline"
            connection.push({"type": "presence.changed", "status": status, "last_seen_at": None, **watched})

    def said(self, kind: str) -> list[dict]:
        return [command for command in self.commands if command["type"] == kind]

    def _state(self, user_id: str, log, conversation_id: str) -> ReadState:
        read, _, mark, version = log.read_states.get(user_id, (0, 0, 0, 0))
        return ReadState(conversation_id, read, mark, version)

    def _tell_own(self, user_id: str, log, conversation_id: str) -> None:
        state = msgspec.to_builtins(self._state(user_id, log, conversation_id))
        for socket in self._sockets[user_id]:
            socket.push({"type": "read_state.updated", "state": state})

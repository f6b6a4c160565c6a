"""What the fake server does around conversations besides their logs: requests to join, what is sent later, sealed settings, preferences."""

from parley_contracts import problems
from parley_contracts.encoding import b64decode
from parley_contracts.envelope import MessageHeader
from parley_contracts.ids import self_conversation_id
from parley_contracts.policy import decode_policy
from parley_contracts.reporting_api import is_committed


class FakeRooms:
    """A part of `FakeServer`; like it, it keeps the rules and none of the cryptography."""

    def __init__(self) -> None:
        self.settings: dict[str, dict] = {}
        self.preferences: dict[tuple[str, str], dict] = {}
        self.scheduled: dict[str, dict] = {}
        self.reports: list[tuple] = []
        self.requests_to_join: dict[tuple[str, str], dict] = {}

    def take_report(self, session, log, conversation_id, sequence, body) -> object:
        header = MessageHeader.decode(b64decode(log.entries[sequence - 1].header))
        if not is_committed(header, b64decode(body["commitment_key"]), b64decode(body["content"])):
            raise problems.InvalidRequest
        self.reports.append((conversation_id, sequence, session["user"], body["reason"], b64decode(body["content"])))
        return None

    def _join(self, session, path, body) -> object:
        conversation_id, *rest = path
        log = self.logs.get(conversation_id)
        policy = decode_policy(log.policy) if log else None
        who = session["user"]
        if rest == ["join-request"]:
            link = policy.link(body["link_id"]) if policy else None
            if link is None or not link.is_open(0) or who in policy.banned:
                raise problems.NotFound
            about = {"conversation_id": conversation_id, "user_id": who, "requested_at": "2026-01-01T00:00:00.000Z"}
            self.requests_to_join[conversation_id, who] = about | body
        elif len(rest) > 1:
            if rest[1] != who and (policy is None or not policy.may(who, "add")):
                raise problems.NotFound
            if self.requests_to_join.pop((conversation_id, rest[1]), None) is None:
                raise problems.NotFound
        else:
            if not policy.may(who, "add"):
                raise problems.PolicyRefused
            waiting = [r for (where, _), r in self.requests_to_join.items() if where == conversation_id]
            return {"join_requests": [r for r in waiting if r["user_id"] not in policy.user_ids]}
        self._tell(policy.user_ids, {"type": "join_requests.changed", "conversation_id": conversation_id})
        return None

    def _messaging_join_requests(self, session, method, rest, body, query) -> object:
        return {"join_requests": [r for (_, who), r in self.requests_to_join.items() if who == session["user"]]}

    def schedule(self, conversation_id, client_id, body) -> None:
        self.scheduled[client_id] = body | {"conversation_id": conversation_id, "client_id": client_id}

    def _messaging_scheduled(self, session, method, rest, body, query) -> object:
        return {"scheduled": [each | {"state": "waiting"} for each in self.scheduled.values()]}

    def sealed_settings(self, user_id, method, body, query) -> object:
        stored = self.settings.get(user_id, {"version": 0, "sealed": ""})
        if method == "GET":
            known = int(query["known"]) == stored["version"]
            return {"version": stored["version"], "sealed": "" if known else stored["sealed"]}
        if body != stored and body["version"] != stored["version"] + 1:
            raise problems.VersionStale(version=stored["version"])
        b64decode(body["sealed"])
        self.settings[user_id] = body
        self._tell([user_id], {"type": "settings.updated", "version": body["version"]})
        return None

    def _notifications_preferences(self, session, method, rest, body, query) -> object:
        self.preferences[session["user"], rest[0]] = body
        assert rest[0] != self_conversation_id(session["user"]) or body["level"] in {"all", "none"}
        return {"conversation_id": rest[0], **body}

    def _tell(self, user_ids, frame) -> None:
        for user_id in user_ids:
            for socket in list(self.sockets[user_id]):
                socket.push(frame)

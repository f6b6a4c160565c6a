"""Open channels of the fake server: the same logs, the same rules as the real one, and lies on request."""

import hashlib
import time

import msgspec
from fake_log import Log

from parley_contracts import channel_rules, problems
from parley_contracts.channels_api import ChannelDescription, read_post
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import as_channel
from parley_contracts.messaging_api import Appended
from parley_contracts.policy import PolicyDocument, decode_policy
from parley_contracts.policy_changes import check_change


class OpenLog(Log):
    """One channel: `standing` is its policy document, `described` its description."""

    def __init__(self, standing: PolicyDocument, described: dict) -> None:
        self.entries, self.hashes, self.read_states = [], [], {}
        self.first_visible: dict[str, int] = {}
        self.last_visible: dict[str, int] = {}
        self.standing, self.described, self.since = standing, described, 1
        self.applications: dict[str, dict] = {}

    @property
    def policy(self) -> bytes:
        return self.standing.encode()

    @property
    def epoch(self) -> int:
        return self.since

    def stand(self, standing: PolicyDocument) -> None:
        for user_id in standing.user_ids:
            self.first_visible[user_id] = 1
            self.last_visible.pop(user_id, None)
        for user_id in self.standing.user_ids - standing.user_ids:
            self.last_visible[user_id] = len(self.entries) + 1
        self.standing, self.since = standing, len(self.entries) + 1

    def remove(self, sequence: int) -> None:
        entry = self.entries[sequence - 1]
        digest = b64encode(hashlib.sha256((entry.body or "").encode()).digest())
        gone = msgspec.structs.replace(entry, body=None, ciphertext_hash=digest)
        self.entries[sequence - 1] = gone if entry.body else entry


class FakeChannels:
    """A part of `FakeServer`."""

    def _messaging_channels(self, session, method, rest, body, query) -> object:
        if not rest:
            return self._directory(session, query["query"], int(query["limit"]))
        if as_channel(rest[0]) is None:
            raise problems.NotFound
        log, who = self.logs.get(rest[0]), session["user"]
        if rest[1:2] == ["applications"]:
            return self._applications(log, who, method, rest, body)
        if method == "GET":
            if log is None:
                raise problems.NotFound
            return self._listed(rest[0], log, who)
        if not rest[1:]:
            if log is not None:
                raise problems.ConversationExists
            described = {name: body[name] for name in ("name", "topic", "description")}
            log = self.logs[rest[0]] = OpenLog(channel_rules.first_policy(rest[0], who), described)
            log.stand(log.standing)
            told = {
                "policy": b64encode(log.policy),
                "body": msgspec.json.encode(ChannelDescription(**described)).decode(),
            }
            return self._append_clear(session, rest[0], log, body["client_id"], "channel.created", **told)
        known = [e for e in log.entries if (e.device_id, e.client_id) == (session["device"], rest[2])] if log else []
        if known:
            return self._appended(known[0])
        return self._change_channel(session, rest[0], log, rest[1], rest[2], body)

    def _change_channel(self, session, channel_id, log, part, client_id, body) -> object:
        who = session["user"]
        if log is None or (part != "joins" and who not in log.standing.user_ids):
            raise problems.NotFound
        if part in {"reports", "scheduled"}:
            return self._keep_beside(session, channel_id, log, part, client_id, body)
        match part:
            case "joins":
                log.stand(channel_rules.joined(log.standing, who))
                return self._append_clear(session, channel_id, log, client_id, "member.joined")
            case "leaves":
                log.stand(channel_rules.left(log.standing, who))
                return self._append_clear(session, channel_id, log, client_id, "member.left")
            case "description":
                log.described, log.since = body, len(log.entries) + 1
                text = msgspec.json.encode(ChannelDescription(**body)).decode()
                return self._append_clear(session, channel_id, log, client_id, "channel.described", body=text)
            case "policy":
                if body["epoch"] != log.epoch:
                    raise problems.EpochStale(epoch=log.epoch, head=len(log.entries))
                after = decode_policy(b64decode(body["policy"]))
                people = {
                    "added": after.user_ids - log.standing.user_ids,
                    "removed": log.standing.user_ids - after.user_ids,
                }
                check_change(log.standing, after, actor=who, present=after.user_ids, external=False, **people)
                log.stand(after)
                return self._append_clear(session, channel_id, log, client_id, "policy.changed", policy=body["policy"])
        read_post(body["content_kind"], body["body"].encode())
        log.standing.check_speaks(who, time.time())
        return self._append_clear(session, channel_id, log, client_id, "post.created", **body)

    def _keep_beside(self, session, channel_id, log, part, name, body) -> None:
        """What concerns a channel and is no entry of it; `name` is a client id, or of a report the sequence."""
        if part == "scheduled":
            read_post(body["content_kind"], body["body"].encode())
            self.scheduled[name] = body | {"conversation_id": channel_id, "client_id": name}
            return
        found = [each for each in log.entries if each.sequence == int(name) and each.type == "post.created"]
        if not found or not found[0].body:
            raise problems.NotFound
        self.reports.append((channel_id, int(name), session["user"], body["reason"], found[0].body.encode()))

    def _applications(self, log, who, method, rest, body) -> object:
        if log is None or not log.standing.may(who, "invite"):
            raise problems.PolicyRefused
        if method == "GET":
            return {"applications": list(log.applications.values())}
        if method == "DELETE":
            if log.applications.pop(rest[2], None) is None:
                raise problems.NotFound
            return None
        about = {"application_id": rest[2], "conversation_id": rest[0], "created_by": who, "created_at": ""}
        log.applications[rest[2]] = about | body
        return {"application": about | body, "token": f"token of {rest[2]}", "signing_secret": "secret"}

    def _append_clear(self, session, channel_id, log, client_id, kind, **fields) -> object:
        who = {"user_id": session["user"], "device_id": session["device"]}
        entry = log.append(conversation_id=channel_id, client_id=client_id, type=kind, **who, **fields)
        for user_id in log.first_visible:
            for socket in self.sockets[user_id]:
                if kind != "post.created":
                    socket.push({"type": "conversation.added", "head": msgspec.to_builtins(log.head(user_id))})
                socket.push(msgspec.to_builtins(entry))
        return self._appended(entry)

    @staticmethod
    def _appended(entry) -> Appended:
        who = (entry.conversation_id, entry.client_id)
        return Appended(*who, entry.sequence, entry.ordinal, entry.epoch, entry.stored_at)

    def _directory(self, session, query: str, limit: int) -> object:
        open_logs = [(where, log) for where, log in self.logs.items() if isinstance(log, OpenLog)]
        found = [self._listed(where, log, session["user"]) for where, log in open_logs]
        return {"channels": [each for each in found if query.lower() in each["name"].lower()][:limit], "next": None}

    @staticmethod
    def _listed(channel_id: str, log: OpenLog, who: str) -> dict:
        members = log.standing.user_ids
        return {"conversation_id": channel_id, **log.described, "members": len(members), "joined": who in members}

    def _messaging_search(self, session, method, rest, body, query) -> object:
        hits = []
        for where, log in self.logs.items():
            if isinstance(log, OpenLog) and session["user"] in log.standing.user_ids:
                texts = [(e, read_post(1, e.body.encode()).text) for e in log.entries if e.content_kind == 1 and e.body]
                hits += [
                    {
                        "conversation_id": where,
                        "sequence": e.sequence,
                        "user_id": e.user_id,
                        "text": text,
                        "stored_at": e.stored_at,
                    }
                    for e, text in texts
                    if body["query"] in text
                ]
        return {"hits": hits, "next": None}

"""What the server in memory keeps of a person's keys: statements and vault, devices, key packages, and links of devices."""

import hashlib
import os

from parley_contracts import problems
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.identity import AccountStatement, DeviceCertificate

SLOTS = ("offer", "answer", "reveal", "package")


class FakeKeys:
    """A part of `FakeServer`. `shown_link` is what a device sees of a link: tests that attack change it."""

    def __init__(self) -> None:
        super().__init__()
        self.links: dict[str, dict] = {}
        self.ended_devices: set[str] = set()
        self.seen_key_packages: set[str] = set()
        self.recovery_words: dict[str, dict] = {}
        self.recovery_passkeys: dict[str, dict] = {}
        self.pepper_secret = "outside the database"
        self.shown_link = lambda session, link: {name: value for name, value in link.items() if name != "user"}

    def _auth_me(self, session, method, rest, body, query) -> object:
        user = self._user("id", session["user"])
        match rest:
            case [] | ["avatar"]:
                if method != "GET":
                    self._show(user["id"], method, rest, body)
                has = bool(self.statements[user["id"]])
                return {**self._profile(user), "email": "", "device_id": session["device"], "has_statement": has}
            case ["statements" | "new-root", *version]:
                return self._state(user["id"], session, version, body)
            case ["vault"]:
                return {"version": len(self.statements[user["id"]]), "vault": self.vaults[user["id"]]}
            case ["devices", device_id]:
                certificate = DeviceCertificate.decode(b64decode(body["certificate"]))
                again = self.devices[user["id"]].get(device_id) == body["certificate"]
                if device_id in self.ended_devices:
                    raise problems.Conflict
                if not again and certificate.statement_version != len(self.statements[user["id"]]):
                    raise problems.InvalidRequest(field="certificate")
                self.devices[user["id"]][device_id] = body["certificate"]
                return self._tokens({"user": user["id"], "device": device_id})
            case ["links", *link]:
                return self._link(session, method, link, body)
            case [other]:
                return self._kept(other)(session, method, body)

    def _put_statement(self, user_id: str, version: int, body: dict) -> object:
        statement = AccountStatement.decode(b64decode(body["statement"]))
        signed = {"version": version, "statement": body["statement"], "signature": body["signature"]}
        if signed not in self.statements[user_id]:
            if version != len(self.statements[user_id]) + 1:
                raise problems.VersionStale(version=len(self.statements[user_id]))
            before = [AccountStatement.decode(b64decode(each["statement"])) for each in self.statements[user_id]]
            if any(each.recovery_key != statement.recovery_key for each in before[-1:]):
                self.recovery_words.pop(user_id, None)
                self.recovery_passkeys.pop(user_id, None)
            self.statements[user_id].append(signed)
        self.vaults[user_id] = body["vault"]
        if version > 1:
            kept = {device.device_id for device in statement.devices}
            for device_id in set(self.devices[user_id]) - kept:
                self.end_device(user_id, device_id)
        return signed

    def _state(self, user_id: str, session: dict, version: list, body: dict) -> object:
        known = [signed["statement"] for signed in self.statements[user_id]]
        if not version and body["statement"] not in known and session["device"] is not None:
            raise problems.Conflict
        stated = AccountStatement.decode(b64decode(body["statement"])).version
        return self._put_statement(user_id, int(version[0]) if version else stated, body)

    def _kept(self, name: str):
        return {
            "recovery-words": self._own_words,
            "recovery-passkey": self._own_recovery_passkey,
            "key-packages": self._own_key_packages,
        }[name]

    def _own_words(self, session: dict, method: str, body: dict) -> object:
        """The pepper is of person and salt, as the server's is."""
        user_id = session["user"]
        match method:
            case "POST":
                salt = os.urandom(16)
                return {"salt": b64encode(salt), "pepper": self._pepper(user_id, b64encode(salt))}
            case "PUT":
                self.recovery_words[user_id] = body
            case "DELETE":
                self.recovery_words.pop(user_id, None)
            case _:
                if user_id not in self.recovery_words:
                    raise problems.NotFound
                kept = self.recovery_words[user_id]
                return {"wrap": kept["wrap"], "pepper": self._pepper(user_id, kept["salt"])}
        return None

    def _own_recovery_passkey(self, session: dict, method: str, body: dict) -> object:
        user_id = session["user"]
        match method:
            case "PUT":
                self.recovery_passkeys[user_id] = body
            case "DELETE":
                self.recovery_passkeys.pop(user_id, None)
            case _:
                if user_id not in self.recovery_passkeys:
                    raise problems.NotFound
                return self.recovery_passkeys[user_id]
        return None

    def _pepper(self, user_id: str, salt: str) -> str:
        return b64encode(hashlib.sha256(f"{self.pepper_secret} {user_id} {salt}".encode()).digest())

    def end_device(self, user_id: str, device_id: str) -> None:
        self.ended_devices.add(device_id)
        del self.devices[user_id][device_id]
        self.sessions = {token: s for token, s in self.sessions.items() if s["device"] != device_id}

    def _own_key_packages(self, session: dict, method: str, body: dict) -> object:
        device_id = session["device"]
        if method == "POST":
            fresh = [package for package in body["key_packages"] if package not in self.seen_key_packages]
            self.seen_key_packages.update(fresh)  # one that was claimed comes back by no repetition
            self.key_packages[device_id] += fresh
            self.last_resorts |= {device_id: body["last_resort"]} if body["last_resort"] else {}
        has_last = device_id in self.last_resorts
        return {"available": len(self.key_packages[device_id]), "has_last_resort": has_last}

    def _link(self, session: dict, method: str, rest: list, body: dict) -> object:
        if not rest:
            waiting = [link for link in self.links.values() if link["new_device"] and link["answer"] is None]
            return {"links": [self.shown_link(session, link) for link in waiting if link["user"] == session["user"]]}
        if method == "DELETE":
            self.links.pop(rest[0], None)
            return {}
        if method == "PUT" and body["slot"] == "offer":
            who = {"user": session["user"], "new_device": session["device"] is None, "name": body["name"]}
            self.links.setdefault(rest[0], {"link_id": rest[0], **who, **dict.fromkeys(SLOTS)})
        link = self.links.get(rest[0])
        if link is None or link["user"] != session["user"]:
            raise problems.NotFound
        if method == "PUT":
            if link[body["slot"]] not in {None, body["data"]}:
                raise problems.Conflict
            link[body["slot"]] = body["data"]
        return self.shown_link(session, link)

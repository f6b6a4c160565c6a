"""Accounts that are asked to go, and that are gone, on the server in memory."""

from parley_contracts import problems
from parley_contracts.limits import EXPORT_PART_SIZE_BYTES
from parley_contracts.names import DELETED_USERNAME

DUE_AT = "2026-12-11T09:00:00Z"
ARCHIVE = b"PK" * (EXPORT_PART_SIZE_BYTES // 2) + b"the end"


class Bytes(bytes):
    """An answer that is no picture."""


class FakeRights:
    """A part of `FakeServer`. `going` are those who asked."""

    users: dict
    sessions: dict
    devices: dict

    def __init__(self) -> None:
        super().__init__()
        self.going: set[str] = set()
        self.archives: dict[str, list[dict]] = {}

    def _auth_me(self, session, method, rest, body, query) -> object:
        if rest == ["deletion"]:
            return self._ask_to_go(session["user"])
        if rest == ["reauthenticate"]:
            return {}
        if rest[:1] == ["exports"]:
            return self._exports(session["user"], method, rest[1:], query)
        return super()._auth_me(session, method, rest, body, query)

    def _exports(self, user_id: str, method: str, rest: list, query: dict) -> object:
        mine = self.archives.setdefault(user_id, [])
        if method == "POST":
            if any(each["state"] == "waiting" for each in mine):
                raise problems.Conflict
            at = {"asked_at": DUE_AT, "expires_at": None, "size_bytes": None}
            mine.insert(0, {"export_id": f"e{len(mine)}", "state": "waiting", "progress_percent": 0, **at})
            return mine[0]
        if not rest:
            told = {"exports": [dict(each) for each in mine]}
            for each in mine:  # what was asked for is ready the next time
                each |= {"state": "ready", "progress_percent": 100, "size_bytes": len(ARCHIVE), "expires_at": DUE_AT}
            return told
        first = int(query["part"]) * EXPORT_PART_SIZE_BYTES
        return Bytes(ARCHIVE[first : first + EXPORT_PART_SIZE_BYTES])

    def _ask_to_go(self, user_id: str) -> dict:
        self.going.add(user_id)
        self.sessions = {token: s for token, s in self.sessions.items() if s["user"] != user_id}
        return {"due_at": DUE_AT}

    def erase(self, user_id: str) -> None:
        """What is left of somebody once their account is gone: statements, and that they are."""
        (user,) = [user for user in self.users.values() if user["id"] == user_id]
        user["username"] = DELETED_USERNAME
        self.devices[user_id].clear()

"""Accounts that are asked to go, and that are gone, on the server in memory."""

from parley_contracts.rights_api import DELETED_USERNAME

DUE_AT = "2026-12-11T09:00:00Z"


class FakeRights:
    """A part of `FakeServer`. `going` are those who asked."""

    users: dict
    sessions: dict
    devices: dict

    def __init__(self) -> None:
        super().__init__()
        self.going: set[str] = set()

    def _auth_me(self, session, method, rest, body, query) -> object:
        if rest == ["deletion"]:
            return self._ask_to_go(session["user"])
        return super()._auth_me(session, method, rest, body, query)

    def _ask_to_go(self, user_id: str) -> dict:
        self.going.add(user_id)
        self.sessions = {token: s for token, s in self.sessions.items() if s["user"] != user_id}
        return {"due_at": DUE_AT}

    def erase(self, user_id: str) -> None:
        """What is left of somebody once their account is gone: statements, and that they are."""
        (user,) = [user for user in self.users.values() if user["id"] == user_id]
        user["username"] = DELETED_USERNAME
        self.devices[user_id].clear()

"""How people show themselves, on the server in memory. Pictures are kept as they come: what the real server makes of them is its own business."""

import hashlib
from collections import defaultdict

from parley_contracts import problems
from parley_contracts.encoding import b64decode


class FakeProfiles:
    """A part of the server; `lie` is what it sends in place of every picture."""

    users: dict

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[str, dict] = defaultdict(dict)
        self.pictures: dict[str, bytes] = {}
        self.lie: bytes | None = None

    def _profile(self, user: dict) -> dict:
        plain = {"user_id": user["id"], "username": user["username"], "display_name": user["username"]}
        return plain | self.shown[user["id"]]

    def _auth_profiles(self, session, method, rest, body, query) -> object:
        wanted = body["user_ids"]
        return {"profiles": [self._profile(user) for user in self.users.values() if user["id"] in wanted]}

    def _show(self, user_id: str, method: str, rest: list, body: dict) -> None:
        if not rest:
            self.shown[user_id] |= {name: text for name, text in body.items() if text is not None}
            return
        data = b64decode(body["image"]) if method == "PUT" else b""
        name = hashlib.sha256(data).hexdigest() if data else ""
        self.pictures[name] = data
        self.shown[user_id]["avatar"] = name

    def _auth_avatars(self, session, method, rest, body, query) -> object:
        return self._picture(*rest)

    def _picture(self, user_id: str, name: str) -> bytes:
        if self.shown[user_id].get("avatar") != name:
            raise problems.NotFound
        return self.pictures[name] if self.lie is None else self.lie

"""What the fake server knows of how people stand to each other: blocks, and who is found by name."""

from collections import defaultdict

from parley_contracts import problems
from parley_contracts.policy import decode_policy


class FakePeople:
    """A part of `FakeServer`. `blocks` has for each person whom they have blocked, the first first."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: dict[str, list[str]] = defaultdict(list)
        self.blocks_version: dict[str, int] = defaultdict(int)
        self.hidden: set[str] = set()

    def _auth_me(self, session, method, rest, body, query) -> object:
        if rest == ["discovery"]:
            return self._discovery(session["user"], method, body)
        if rest[:1] == ["blocks"]:
            return self._own_blocks(session["user"], method, rest[1:])
        return super()._auth_me(session, method, rest, body, query)

    def _own_blocks(self, user_id: str, method: str, rest: list) -> object:
        blocked = self.blocks[user_id]
        if method != "GET" and (rest[0] in blocked) != (method == "PUT"):
            self._user("id", rest[0])
            (blocked.append if method == "PUT" else blocked.remove)(rest[0])
            self.blocks_version[user_id] += 1
            self._tell([user_id], {"type": "blocks.changed", "version": self.blocks_version[user_id]})
        names = {user["id"]: user["username"] for user in self.users.values()}
        listed = [{"user_id": who, "username": names[who], "blocked_at": "2026-01-01T00:00:00Z"} for who in blocked]
        return {"blocks": listed[::-1], "version": self.blocks_version[user_id]}

    def _discovery(self, user_id: str, method: str, body: dict) -> object:
        if method == "PUT":
            (self.hidden.discard if body["by_name"] else self.hidden.add)(user_id)
        return {"by_name": user_id not in self.hidden}

    def found(self, session: dict, username: str) -> dict:
        user = self._user("username", username)
        if session["user"] in self.blocks[user["id"]] or (user["id"] in self.hidden and user["id"] != session["user"]):
            raise problems.NotFound
        return user

    def check_claim(self, session: dict, user_id: str) -> None:
        if session["user"] in self.blocks[user_id]:
            raise problems.NotFound

    def check_block(self, session: dict, policy: bytes) -> None:
        """Nobody writes to one person alone over a block, or begins anything with whom has blocked them."""
        own, document = session["user"], decode_policy(policy)
        others = document.user_ids - {own}
        against = any(own in self.blocks[other] for other in others)
        if against or (document.kind == "direct" and others & set(self.blocks[own])):
            raise problems.PolicyRefused("somebody of this conversation cannot be reached, or has another root key")

"""The media service and its object store in dictionaries: what the client's tests need of them."""

import re
from dataclasses import dataclass, field

from parley_client.api.network import Answer, Request
from parley_contracts import problems
from parley_contracts.ids import media_object_id
from parley_contracts.media_api import OBJECTS_PATH, SIGNATURE_HEADER, part_sizes


@dataclass
class FakeObject:
    """An announced object and the parts that came."""

    owner: str
    conversation: str
    size_bytes: int
    digest: str
    parts: dict[int, bytes] = field(default_factory=dict)
    stored: bool = False

    @property
    def content(self) -> bytes:
        return b"".join(self.parts[number] for number in sorted(self.parts))


class FakeMedia:
    """Objects by their ids. `signature` is behind every path: another one ends the old paths."""

    def __init__(self) -> None:
        self.objects: dict[str, FakeObject] = {}
        self.signature = 1
        self.refuse: problems.Problem | None = None

    def upload(self, user: str, method: str, rest: list[str], body: dict) -> object:
        object_id = media_object_id(user, rest[0])
        found = self.objects.get(object_id)
        if rest[1:] == ["complete"]:
            if found is None:
                raise problems.NotFound
            sizes = part_sizes(found.size_bytes)
            missing = [n for n, size in enumerate(sizes, 1) if len(found.parts.get(n, b"")) != size]
            if missing:
                raise problems.UploadIncomplete(missing=missing)
            found.stored = True
            return {"object_id": object_id, "size_bytes": found.size_bytes}
        if self.refuse is not None:
            raise self.refuse
        if found is None:
            found = FakeObject(user, body["conversation_id"], body["size_bytes"], body["digest"])
            self.objects[object_id] = found
        if (found.size_bytes, found.digest) != (body["size_bytes"], body["digest"]):
            raise problems.ClientIdReused
        sizes = [] if found.stored else part_sizes(found.size_bytes)
        parts = [
            {"number": n, "size_bytes": size, "path": f"{OBJECTS_PATH}{object_id}?part={n}&sig={self.signature}"}
            for n, size in enumerate(sizes, 1)
        ]
        state = "stored" if found.stored else "open"
        return {"object_id": object_id, "state": state, "parts": parts, "paths_expire_at": "", "expires_at": ""}

    def download(self, object_id: str) -> object:
        found = self.objects.get(object_id)
        if found is None or not found.stored:
            raise problems.NotFound
        path = f"{OBJECTS_PATH}{object_id}?sig={self.signature}"
        return {"object_id": object_id, "size_bytes": found.size_bytes, "path": path, "path_expires_at": ""}

    def store(self, request: Request) -> Answer:
        """The object store behind the paths."""
        assert "authorization" not in request.headers
        signature = request.headers.get(SIGNATURE_HEADER, "")
        found = self.objects.get(request.path.removeprefix(OBJECTS_PATH))
        if found is None or f"sig={self.signature}" not in signature:
            return Answer(403, {}, b"<Error/>")
        if request.method == "PUT":
            number = int(re.search(r"part=(\d+)", signature)[1])
            if len(request.body) != part_sizes(found.size_bytes)[number - 1]:
                return Answer(403, {}, b"<Error/>")
            found.parts[number] = request.body
            return Answer(200, {}, b"")
        first, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers["range"]).groups())
        return Answer(206, {}, found.content[first : last + 1])

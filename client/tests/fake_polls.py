"""The fake server's long poll: what its sockets hear, over GET."""

import asyncio
import contextlib
import json
from urllib.parse import parse_qsl, urlsplit

import msgspec

from parley_client.api.network import Answer
from parley_contracts.limits import CURSOR_BUCKETS, READ_STATE_BUCKETS
from parley_contracts.problems import Unauthenticated
from parley_contracts.sync_api import cursor_bucket, cursors_digest, parse_digest


class FakePolls:
    """A part of `FakeServer`. `without_sockets`: no socket opens; `forgetful`: what comes between polls is lost."""

    without_sockets = False
    sockets_asked = 0
    polls = 0

    async def poll(self, request) -> Answer:
        session = self.sessions.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if session is None:
            return Answer(401, {}, json.dumps(Unauthenticated().to_dict()).encode())
        self.polls += 1
        query, user = dict(parse_qsl(urlsplit(request.path).query)), session["user"]
        known = parse_digest(query.get("cursors", ""), CURSOR_BUCKETS)
        read = parse_digest(query.get("read_states", ""), READ_STATE_BUCKETS)
        heads = [log.head(user) for log in self.logs.values() if user in log.first_visible]
        here = cursors_digest({head.conversation_id: head.last_visible_sequence or head.head for head in heads})
        changed = [head for head in heads if here[b := cursor_bucket(head.conversation_id)] != known[b]]
        state = self.state.ready(user, self.logs, read)
        frames = []
        if not changed and not state["read_states"] and int(query["wait_s"]):
            frames = await self._next_frames(user)
        ready = {"type": "ready", "user_id": user, "device_id": session["device"], "conversations": changed, **state}
        answer = {"server_generation": self.generation, "cursors_digest": here, "ready": ready, "frames": frames}
        return Answer(200, {}, msgspec.json.encode(answer))

    async def _next_frames(self, user: str) -> list:
        waiting = _Waiting()
        self.sockets[user].append(waiting)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.3):
                    frames = [await waiting.frames.get()]
                    while not waiting.frames.empty():
                        frames.append(waiting.frames.get_nowait())
                    return frames
            return []
        finally:
            self.sockets[user].remove(waiting)


class _Waiting:
    def __init__(self) -> None:
        self.frames: asyncio.Queue[object] = asyncio.Queue()

    def push(self, frame: object) -> None:
        self.frames.put_nowait(frame)

"""Which nodes live: each says so every second under a key that expires.

Invariant: what is read here only chooses who appends; where Redis is away every node appends for itself.
"""

from __future__ import annotations

import asyncio
from typing import cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

PREFIX = "messaging:"
BEAT_INTERVAL_S = 1.0
NODE_LIFETIME_MS = 3000
_NAMES = PREFIX + "nodes"
_log = structlog.get_logger("parley_messaging.nodes")


class NodeRegistry:
    """This node's heartbeat and its view of the others: Unix socket paths by node id."""

    def __init__(self, redis: Redis, node_id: str, socket_path: str) -> None:
        self._redis = redis
        self._node_id = node_id
        self._socket_path = socket_path
        self.live: dict[str, str] = {}

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            try:
                await self._beat()
            except (RedisError, OSError):
                if self.live:
                    _log.warning("redis_away")
                self.live = {}
            await asyncio.sleep(BEAT_INTERVAL_S)

    async def leave(self) -> None:
        """Stop counting as live: the others take over."""
        self.live = {}
        try:
            await self._redis.delete(self._key(self._node_id))
        except (RedisError, OSError):
            _log.warning("redis_away")

    async def _beat(self) -> None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.set(self._key(self._node_id), self._socket_path, px=NODE_LIFETIME_MS)
            pipeline.sadd(_NAMES, self._node_id)
            pipeline.smembers(_NAMES)
            names = sorted(name.decode() for name in (await pipeline.execute())[-1])
        paths = cast("list[bytes | None]", await self._redis.mget([self._key(name) for name in names]))
        self.live = {name: path.decode() for name, path in zip(names, paths, strict=True) if path}
        gone = [name for name in names if name not in self.live]
        if gone:
            await self._redis.srem(_NAMES, *gone)

    @staticmethod
    def _key(node_id: str) -> str:
        return f"{PREFIX}node:{node_id}"

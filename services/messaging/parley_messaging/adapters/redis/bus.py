"""Publications between nodes: 256 bucket channels (sharded pub/sub), a counter for each node and bucket, a beat each second.

Invariant: a hint that may be lost. A jump of a counter, a beat that says more than was heard, a node that falls silent and
a broken connection all end in `missed`, upon which the log is read.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from parley_contracts.ids import new_uuid7
from parley_contracts.limits import FANOUT_BEAT_INTERVAL_S, FANOUT_BUCKETS
from parley_messaging.adapters.redis.nodes import PREFIX
from parley_messaging.adapters.redis.subscriber import Subscriber
from parley_messaging.domain.publications import Hint, Publication, bucket_of

QUEUE_MAX = 50_000
PIPELINE_MAX = 500
HINTS_MAX = 1000
SILENCE_S_MAX = 3.0
RETRY_S = 0.5
REVOCATIONS_CHANNEL = "auth:revocations"
_BEATS = PREFIX + "beats"
_HINTS = PREFIX + "hints"
_BUCKET = PREFIX + "bucket:"
_BUCKETS = [f"{_BUCKET}{number}" for number in range(FANOUT_BUCKETS)]
_ENCODER = msgspec.msgpack.Encoder()
_log = structlog.get_logger("parley_messaging.bus")


class _Told(msgspec.Struct, array_like=True):
    """One publication on a bucket channel."""

    node: str
    bucket: int
    counter: int
    publication: Publication


class _Beat(msgspec.Struct, array_like=True):
    """A node lives, and this is how much it has handed over on each bucket: what was heard lags behind by no beat."""

    node: str
    counters: list[int]


_TOLD = msgspec.msgpack.Decoder(_Told)
_BEAT = msgspec.msgpack.Decoder(_Beat)
_HINT = msgspec.msgpack.Decoder(tuple[str, Hint])


class RedisBus:
    """`Publisher`, and the listener to the other nodes."""

    def __init__(
        self,
        redis: Redis,
        *,
        received: Callable[[Sequence[Publication]], None],
        missed: Callable[[int | None], None],
        auth_hint: Callable[[], None],
        hinted: Callable[[Hint], None],
    ) -> None:
        self._redis = redis
        self._received = received
        self._missed = missed
        self._auth_hint = auth_hint
        self._hinted = hinted
        self._node = new_uuid7()
        self._counters = [0] * FANOUT_BUCKETS
        self._handed_over = [0] * FANOUT_BUCKETS
        self._queue: deque[tuple[int, int, bytes]] = deque()
        self._hints: deque[bytes] = deque(maxlen=HINTS_MAX)
        self._wake = asyncio.Event()
        self._heard: dict[str, dict[int, int]] = {}
        self._beat_at: dict[str, float] = {}
        #: Nodes whose beat was heard since this one listens: what another lost before that, no counter here can show.
        self._in_step: set[str] = set()

    def publish(self, publication: Publication) -> None:
        """Hand over without waiting; what does not fit in the queue shows as a jump of the counter."""
        bucket = bucket_of(publication.conversation_id)
        self._counters[bucket] += 1
        if len(self._queue) >= QUEUE_MAX:
            self._handed_over[bucket] = self._counters[bucket]
            return
        told = _Told(self._node, bucket, self._counters[bucket], publication)
        self._queue.append((bucket, self._counters[bucket], _ENCODER.encode(told)))
        self._wake.set()

    def hint(self, hint: Hint) -> None:
        """Say whose presence or settings have changed, without waiting; who misses it looks again in time."""
        self._hints.append(_ENCODER.encode((self._node, hint)))
        self._wake.set()

    async def _publish_hints(self) -> None:
        hints = [self._hints.popleft() for _ in range(len(self._hints))]
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for payload in hints:
                    pipeline.publish(_HINTS, payload)
                await pipeline.execute()
        except (RedisError, OSError):
            _log.warning("hints_lost", count=len(hints))

    async def run_publisher(self) -> None:
        """Send what is queued, many in one round trip, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._hints:
                await self._publish_hints()
            while self._queue:
                waiting = [self._queue.popleft() for _ in range(min(PIPELINE_MAX, len(self._queue)))]
                try:
                    async with self._redis.pipeline(transaction=False) as pipeline:
                        for bucket, _, payload in waiting:
                            pipeline.execute_command("SPUBLISH", _BUCKETS[bucket], payload)
                        await pipeline.execute()
                except (RedisError, OSError):
                    _log.warning("publications_lost", count=len(waiting))
                for bucket, counter, _ in waiting:
                    self._handed_over[bucket] = max(counter, self._handed_over[bucket])

    async def run_beat(self) -> None:
        """Say each second how much was told, and notice who fell silent, until cancelled."""
        while True:
            try:
                await self._redis.publish(_BEATS, _ENCODER.encode(_Beat(self._node, self._handed_over)))
            except (RedisError, OSError):
                _log.debug("beat_lost")
            await asyncio.sleep(FANOUT_BEAT_INTERVAL_S)
            oldest = time.monotonic() - SILENCE_S_MAX
            for node in [node for node, at in self._beat_at.items() if at < oldest]:
                del self._beat_at[node]
                self._heard.pop(node, None)
                self._in_step.discard(node)
                self._missed(None)

    async def run_listener(self) -> None:
        """Listen until cancelled. While the connection is away, the log is read each time round."""
        while True:
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                _log.warning("channels_lost", reason=type(error).__name__)
            self._missed(None)
            await asyncio.sleep(RETRY_S)

    async def _listen(self) -> None:
        channels = [_BEATS, REVOCATIONS_CHANNEL, _HINTS]
        # Its own beat is heard, whoever else is there.
        patience_s = 2 * FANOUT_BEAT_INTERVAL_S + 1
        await Subscriber(self._begin, self._take).listen(self._redis, channels, _BUCKETS, silence_s_max=patience_s)

    def _begin(self) -> None:
        self._heard.clear()
        self._in_step.clear()
        self._missed(None)

    def _take(self, channel: bytes, data: bytes) -> None:
        try:
            match channel.decode():
                case name if name.startswith(_BUCKET):
                    self._take_told(_TOLD.decode(data))
                case name if name == _BEATS:
                    self._take_beat(_BEAT.decode(data))
                case name if name == _HINTS:
                    node, hint = _HINT.decode(data)
                    if node != self._node:
                        self._hinted(hint)
                case _:
                    self._auth_hint()
        except msgspec.DecodeError:
            _log.warning("foreign_publication")

    def _take_told(self, told: _Told) -> None:
        if told.node == self._node:
            return
        heard = self._heard.setdefault(told.node, {})
        before = heard.get(told.bucket)
        heard[told.bucket] = max(told.counter, before or 0)
        if before is not None and told.counter > before + 1:
            self._missed(told.bucket)
        self._received([told.publication])

    def _take_beat(self, beat: _Beat) -> None:
        if beat.node == self._node:
            return
        if beat.node not in self._in_step:
            self._in_step.add(beat.node)
            self._missed(None)
        self._beat_at[beat.node] = time.monotonic()
        heard = self._heard.setdefault(beat.node, {})
        for bucket, counter in enumerate(beat.counters):
            before = heard.get(bucket)
            if before is not None and counter > before:
                self._missed(bucket)
            heard[bucket] = max(counter, before or 0)

"""Where the other nodes forward appends to: a Unix socket beside that of the API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import structlog

from parley_contracts.messaging_api import Appended
from parley_contracts.problems import Forbidden, Internal, Problem
from parley_contracts.tokens import KeySet, verify_service_token
from parley_messaging.adapters.peer_frames import PARCEL, FrameProtocol
from parley_messaging.config import SERVICE
from parley_messaging.domain.entries import Submission
from parley_messaging.ports import Outcome

TOKEN_TIMEOUT_S = 2.0
_TOKEN = msgspec.msgpack.Decoder(str)
_log = structlog.get_logger("parley_messaging.peer_server")
Submit = Callable[[Submission], asyncio.Future[Appended]]


class PeerServer:
    """Appends what other nodes forward; the callers are those nodes' to have proven."""

    def __init__(self, path: Path, keys: KeySet, submit: Submit) -> None:
        self._path = path
        self._keys = keys
        self._submit = submit
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()

    async def start(self) -> None:
        """Listen; `OSError` where that cannot be."""
        self._path.unlink(missing_ok=True)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(self._connected, self._path)

    async def close(self) -> None:
        """End every connection: what is not answered, its askers append themselves."""
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._connections):
            connection.close()
        self._path.unlink(missing_ok=True)

    def _connected(self) -> _Connection:
        return _Connection(self._keys, self._submit, self._connections)


class _Connection(FrameProtocol):
    """Another node, once its token has shown that it is one."""

    def __init__(self, keys: KeySet, submit: Submit, connections: set[_Connection]) -> None:
        super().__init__()
        self._keys = keys
        self._submit = submit
        self._connections = connections
        self._patience: asyncio.TimerHandle | None = None
        self._proven = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the token, not for long."""
        super().connection_made(transport)
        self._connections.add(self)
        self._patience = asyncio.get_running_loop().call_later(TOKEN_TIMEOUT_S, self.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """The other node is gone, or we are."""
        del exc
        self._connections.discard(self)
        self._be_patient()

    def heard(self, body: bytearray) -> None:
        """The token, then parcels."""
        if not self._proven:
            if verify_service_token(_TOKEN.decode(body), self._keys, audience=SERVICE) != SERVICE:
                raise Forbidden
            self._proven = True
            self._be_patient()
            return
        number, submissions = PARCEL.decode(body)
        # Queued here and now, so that what follows is not queued before it.
        _Answer([self._submit(submission) for submission in submissions], number, self.send)

    def refused(self) -> None:
        """Say so."""
        _log.warning("peer_refused")

    def _be_patient(self) -> None:
        if self._patience is not None:
            self._patience.cancel()


class _Answer:
    """What becomes of a parcel, sent once all of it is known."""

    def __init__(
        self, waiting: Sequence[asyncio.Future[Appended]], number: int, send: Callable[[object], None]
    ) -> None:
        self._waiting, self._number, self._send = waiting, number, send
        self._left = len(waiting)
        for each in waiting:
            each.add_done_callback(self._settled)
        if not waiting:
            send((number, []))

    def _settled(self, _: asyncio.Future[Appended]) -> None:
        self._left -= 1
        if not self._left:
            self._send((self._number, [_outcome(each) for each in self._waiting]))


def _outcome(answer: asyncio.Future[Appended]) -> Outcome:
    if answer.cancelled():
        return Outcome(problem=Internal().to_dict())
    error = answer.exception()
    if error is None:
        return Outcome(appended=answer.result())
    return Outcome(problem=(error if isinstance(error, Problem) else Internal()).to_dict())

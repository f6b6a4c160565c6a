"""Where the other nodes forward appends to: a Unix socket beside that of the API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from parley_contracts.messaging_api import Appended
from parley_contracts.problems import Internal, Problem
from parley_contracts.tokens import KeySet, verify_service_token
from parley_messaging.adapters.peer_frames import PARCEL, Answer, FrameError, FrameWriter, read_frame
from parley_messaging.config import SERVICE
from parley_messaging.domain.entries import Submission
from parley_messaging.ports import Outcome
from parley_serving.fastapi.background import end_tasks

TOKEN_TIMEOUT_S = 2.0
_TOKEN = msgspec.msgpack.Decoder(str)
_log = structlog.get_logger("parley_messaging.peer_server")


class PeerServer:
    """Appends what other nodes forward; the callers are those nodes' to have proven."""

    def __init__(self, path: Path, keys: KeySet, submit: Callable[[Submission], asyncio.Future[Appended]]) -> None:
        self._path = path
        self._keys = keys
        self._submit = submit
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen; `OSError` where that cannot be."""
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._connected, self._path)

    async def close(self) -> None:
        """End every connection: what is not answered, its askers append themselves."""
        if self._server is None:
            return
        self._server.close()
        await end_tasks(self._tasks)
        self._path.unlink(missing_ok=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._keep(asyncio.create_task(self._serve(reader, writer)))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers: FrameWriter[Answer] = FrameWriter(writer)
        try:
            async with asyncio.timeout(TOKEN_TIMEOUT_S):
                token = await read_frame(reader, _TOKEN)
            if verify_service_token(token, self._keys, audience=SERVICE) != SERVICE:
                return
            while True:
                number, submissions = await read_frame(reader, PARCEL)
                # Queued here and now, so that what follows is not queued before it.
                waiting = [self._submit(submission) for submission in submissions]
                self._keep(asyncio.create_task(_answer(answers, number, waiting)))
        except (FrameError, Problem):
            _log.warning("peer_refused")
        except (OSError, EOFError, TimeoutError):
            pass  # the other node is gone
        finally:
            writer.close()


async def _answer(answers: FrameWriter[Answer], number: int, waiting: list[asyncio.Future[Appended]]) -> None:
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    answers.send((number, [_outcome(each) for each in outcomes]))


def _outcome(answer: Appended | BaseException) -> Outcome:
    if isinstance(answer, Appended):
        return Outcome(appended=answer)
    return Outcome(problem=(answer if isinstance(answer, Problem) else Internal()).to_dict())

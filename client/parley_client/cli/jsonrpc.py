"""JSON-RPC 2.0 over lines: requests on standard input, answers and events as notifications on standard output.

Invariant: every request with an id gets exactly one answer; several may be in flight; lines never mix.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import msgspec

from parley_client.client import Client
from parley_client.events import Event
from parley_client.rpc import METHOD_NOT_FOUND, CallError, Rpc

LINE_SIZE_BYTES_MAX = 1024 * 1024
REQUESTS_IN_FLIGHT_MAX = 1000
PARSE_ERROR = -32700
INVALID_REQUEST = -32600


class Request(msgspec.Struct):
    """A JSON-RPC request; without `id` it is a notification and gets no answer."""

    jsonrpc: str
    method: str
    params: dict[str, Any] = {}
    id: int | str | msgspec.UnsetType | None = msgspec.UNSET


class Server:
    """One client behind JSON-RPC; methods and events are those of `parley_client.rpc`."""

    def __init__(self, client: Client, write: Callable[[bytes], None]) -> None:
        self._rpc = Rpc(client)
        self._write = write
        self._unsubscribe = self._rpc.subscribe(self._notify)

    def start(self) -> None:
        """Go online where the profile is signed in; what happens becomes notifications from now on."""
        self._rpc.start()

    def stop(self) -> None:
        """Send no more notifications."""
        self._unsubscribe()
        self._rpc.stop()

    async def handle(self, line: bytes) -> None:
        """Carry one request out and write its answer."""
        try:
            request = msgspec.json.decode(line, type=Request)
        except msgspec.ValidationError:
            self._answer(None, error=_error(INVALID_REQUEST, "this is no JSON-RPC request", "invalid_request"))
            return
        except (msgspec.DecodeError, RecursionError):
            self._answer(None, error=_error(PARSE_ERROR, "this line is not JSON", "invalid_request"))
            return
        result, error = await self._outcome(request)
        if request.id is not msgspec.UNSET:
            self._answer(request.id, result=result, error=error)

    async def _outcome(self, request: Request) -> tuple[object, dict[str, object] | None]:
        if request.jsonrpc != "2.0":
            return None, _error(METHOD_NOT_FOUND, f"there is no method {request.method}", "method_not_found")
        try:
            return await self._rpc.call(request.method, request.params), None
        except CallError as error:
            return None, _error(error.code, error.sentence, error.slug)

    def _answer(self, request_id: object, *, result: object = None, error: dict[str, object] | None = None) -> None:
        body = {"error": error} if error is not None else {"result": result}
        self._write(msgspec.json.encode({"jsonrpc": "2.0", "id": request_id} | body))

    def _notify(self, event: Event) -> None:
        self._write(msgspec.json.encode({"jsonrpc": "2.0", "method": event.name, "params": event.params}))


async def serve(client: Client, source: BinaryIO | None = None, sink: BinaryIO | None = None) -> None:
    """Serve until the input ends; then wait for what is in flight."""
    source = source or sys.stdin.buffer
    sink = sink or sys.stdout.buffer

    def write(line: bytes) -> None:
        sink.write(line + b"\n")
        sink.flush()

    server = Server(client, write)
    server.start()
    in_flight: set[asyncio.Task[None]] = set()
    room = asyncio.Semaphore(REQUESTS_IN_FLIGHT_MAX)

    def finished(task: asyncio.Task[None]) -> None:
        in_flight.discard(task)
        room.release()

    while line := await asyncio.to_thread(source.readline, LINE_SIZE_BYTES_MAX):
        if line.strip():
            await room.acquire()
            task = asyncio.create_task(server.handle(line))
            in_flight.add(task)
            task.add_done_callback(finished)
    await asyncio.gather(*in_flight)
    server.stop()


def _error(code: int, message: str, slug: str) -> dict[str, object]:
    return {"code": code, "message": message, "data": {"slug": slug}}

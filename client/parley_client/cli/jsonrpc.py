"""JSON-RPC 2.0 over lines: requests on standard input, answers and `message` notifications on standard output.

Invariant: every request with an id gets exactly one answer; several may be in flight; lines never mix.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable
from typing import Any, BinaryIO

import msgspec

from parley_client.client import Client
from parley_client.errors import ClientError
from parley_contracts.problems import InvalidRequest, Problem

LINE_SIZE_BYTES_MAX = 1024 * 1024
REQUESTS_IN_FLIGHT_MAX = 1000
PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
#: A problem or a client error; `data.slug` says which.
PROBLEM = -32000


class Request(msgspec.Struct):
    """A JSON-RPC request; without `id` it is a notification and gets no answer."""

    jsonrpc: str
    method: str
    params: dict[str, Any] = {}
    id: int | str | msgspec.UnsetType | None = msgspec.UNSET


class _Params(msgspec.Struct, forbid_unknown_fields=True):
    """Base of parameters: an unknown one is an error."""


class NoParams(_Params):
    """For methods that take nothing."""


class SendParams(_Params):
    """`send`."""

    to: str
    text: str


class ReceiveParams(_Params):
    """`receive`: waits up to `timeout_s` for the first message; `history` gives all that is readable, again."""

    timeout_s: float = 0
    history: bool = False


class RegisterParams(_Params):
    """`register`."""

    server: str
    username: str
    email: str
    password: str
    ca_file: str | None = None


class LoginParams(_Params):
    """`login`."""

    server: str
    username: str
    password: str
    ca_file: str | None = None
    recovery_key: str | None = None


class CreateParams(_Params):
    """`group.create`."""

    name: str
    members: list[str]


class ChangeParams(_Params):
    """`group.add` and `group.remove`."""

    conversation_id: str
    members: list[str]


class Server:
    """One client behind JSON-RPC."""

    def __init__(self, client: Client, write: Callable[[bytes], None]) -> None:
        self._client = client
        self._write = write
        self._notifying: asyncio.Task[None] | None = None
        self._methods: dict[str, tuple[type[_Params], Callable[[Any], Awaitable[object]]]] = {
            "register": (RegisterParams, self._register),
            "login": (LoginParams, self._login),
            "logout": (NoParams, self._logout),
            "whoami": (NoParams, self._whoami),
            "send": (SendParams, self._send),
            "receive": (ReceiveParams, self._receive),
            "conversations": (NoParams, self._conversations),
            "group.create": (CreateParams, self._group_create),
            "group.add": (ChangeParams, self._group_add),
            "group.remove": (ChangeParams, self._group_remove),
        }

    def start(self) -> None:
        """Go online where the profile is signed in; arriving messages become notifications from now on."""
        with contextlib.suppress(ClientError):
            self._client.whoami()
            self._client.connect()
            if self._notifying is None:
                self._notifying = asyncio.create_task(self._notify())

    def stop(self) -> None:
        """Send no more notifications."""
        if self._notifying is not None:
            self._notifying.cancel()
            self._notifying = None

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
        method = self._methods.get(request.method)
        if request.jsonrpc != "2.0" or method is None:
            return None, _error(METHOD_NOT_FOUND, f"there is no method {request.method}", "method_not_found")
        kind, call = method
        try:
            return await call(msgspec.convert(request.params, kind)), None
        except msgspec.ValidationError as error:
            return None, _error(INVALID_PARAMS, str(error), InvalidRequest.slug)
        except Problem as problem:
            return None, _error(PROBLEM, problem.detail, problem.slug)
        except ClientError as error:
            return None, _error(PROBLEM, str(error), error.slug)
        except Exception as error:  # noqa: BLE001 - a bug must answer too, and must not end the others
            return None, _error(INTERNAL_ERROR, f"a bug: {type(error).__name__}", "internal")

    def _answer(self, request_id: object, *, result: object = None, error: dict[str, object] | None = None) -> None:
        body = {"error": error} if error is not None else {"result": result}
        self._write(msgspec.json.encode({"jsonrpc": "2.0", "id": request_id} | body))

    async def _notify(self) -> None:
        async for message in self._client.messages():
            self._write(msgspec.json.encode({"jsonrpc": "2.0", "method": "message", "params": message}))

    # --- methods

    async def _register(self, params: RegisterParams) -> object:
        registration = await self._client.register(**msgspec.structs.asdict(params))
        self._client.forget_recovery_key()
        self.start()
        return registration

    async def _login(self, params: LoginParams) -> object:
        answer = await self._client.login(**msgspec.structs.asdict(params))
        self.start()
        return answer

    async def _logout(self, _: NoParams) -> object:
        self.stop()
        await self._client.logout()
        return {}

    async def _whoami(self, _: NoParams) -> object:
        return self._client.whoami()

    async def _send(self, params: SendParams) -> object:
        return await self._client.send(params.to, params.text, patient=True)

    async def _receive(self, params: ReceiveParams) -> object:
        if params.history:
            known = self._client.conversations()
            return [m for c in known for m in await self._client.history(c.conversation_id)]
        batch = await self._client.receive(timeout_s=params.timeout_s)
        self._client.received(batch)
        return batch

    async def _conversations(self, _: NoParams) -> object:
        return self._client.conversations()

    async def _group_create(self, params: CreateParams) -> object:
        return await self._client.group_create(params.name, params.members)

    async def _group_add(self, params: ChangeParams) -> object:
        return await self._client.group_add(params.conversation_id, params.members)

    async def _group_remove(self, params: ChangeParams) -> object:
        return await self._client.group_remove(params.conversation_id, params.members)


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

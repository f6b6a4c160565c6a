"""The socket: hello, identify, ready, then live entries and commands.

Invariant: commands of one socket are queued in the order in which they arrive; at most `SOCKET_COMMANDS_IN_FLIGHT_MAX`
of them are open, and reading pauses until one is answered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from typing import Any

import msgspec
import structlog
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from parley_contracts.channels_api import PostSend
from parley_contracts.limits import (
    CONVERSATIONS_PER_USER_MAX,
    FRAME_SIZE_BYTES_MAX,
    HEARTBEAT_INTERVAL_S,
    IDENTIFY_TIMEOUT_S,
    READ_STATE_BUCKETS,
    SOCKET_COMMANDS_IN_FLIGHT_MAX,
    TOKEN_LEEWAY_S,
)
from parley_contracts.messaging_api import (
    CLOSE_HEARTBEAT,
    CLOSE_INVALID_FRAME,
    CLOSE_RECONNECT,
    CLOSE_RESUME,
    CLOSE_UNAUTHENTICATED,
    Ack,
    ClientFrame,
    Heartbeat,
    Hello,
    Identify,
    MessageSend,
    Ready,
    ReceiptMark,
    Refusal,
    TokenRenew,
)
from parley_contracts.problems import Forbidden, Internal, OriginRefused, Problem, Unauthenticated
from parley_messaging.api.admitting import address_of, admit
from parley_messaging.api.readiness import differing_states, visible
from parley_messaging.api.ready_frames import EXTENSION, ReadyFramesProtocol
from parley_messaging.api.submissions import message_submission, post_submission
from parley_messaging.domain.publications import json_frame
from parley_messaging.node import Node, node_of
from parley_serving.fastapi.problems import problem_response
from parley_serving.fastapi.requests import Caller, caller_by_token
from parley_serving.refusals import refusals

PATH = "/api/v1/messaging/socket"
_DECODER: msgspec.json.Decoder[ClientFrame] = msgspec.json.Decoder(ClientFrame)
_HEARTBEAT_FRAME = json_frame(Heartbeat())
_log = structlog.get_logger("parley_messaging.socket")


class Sockets:
    """A node's application with its sockets in front of all layers: what is called on the way stays in memory while a socket lasts."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry a socket from its upgrade to its end; hand on everything else."""
        if scope["type"] != "websocket" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        scope["app"] = self._app
        device = await _opened(WebSocket(scope, receive, send))
        if device is not None:
            await device.run()


async def _opened(websocket: WebSocket) -> DeviceSocket | None:
    """Take a device in that says who it is; None where it is refused."""
    node = node_of(websocket)
    unverified_origin = websocket.headers.get("origin")
    if unverified_origin is not None and unverified_origin != node.config.origin:
        await websocket.send_denial_response(problem_response(OriginRefused()))
        return None
    protocol = websocket.scope["extensions"][EXTENSION]
    try:
        generation = await node.generation.value()
    except Problem as problem:
        await websocket.send_denial_response(problem_response(problem))
        return None
    await websocket.accept()
    address = address_of(websocket)
    protocol.forget_handshake()
    protocol.write_frames(json_frame(Hello(HEARTBEAT_INTERVAL_S, FRAME_SIZE_BYTES_MAX, generation)))
    try:
        async with asyncio.timeout(IDENTIFY_TIMEOUT_S):
            identify, caller = await _identified(node, protocol)
    except TimeoutError:
        protocol.close_now(CLOSE_UNAUTHENTICATED)
    except (_InvalidFrame, WebSocketDisconnect):
        protocol.close_now(CLOSE_INVALID_FRAME)
    except Problem as problem:
        refused = isinstance(problem, Unauthenticated | Forbidden)
        protocol.close_now(CLOSE_UNAUTHENTICATED if refused else CLOSE_RECONNECT)
    else:
        return DeviceSocket(node, protocol, caller, address, identify)
    return None


class _InvalidFrame(Exception):  # noqa: N818 - the name of the close code
    """A frame broke the contract."""


async def _identified(node: Node, protocol: ReadyFramesProtocol) -> tuple[Identify, Caller]:
    frame = await _receive(protocol)
    if not isinstance(frame, Identify) or len(frame.cursors) > 2 * CONVERSATIONS_PER_USER_MAX:
        raise _InvalidFrame
    if len(frame.read_states_digest) not in {0, READ_STATE_BUCKETS}:
        raise _InvalidFrame
    return frame, await caller_by_token(node.tokens, frame.access_token)


async def _receive(protocol: ReadyFramesProtocol) -> ClientFrame:
    """The next frame; `_InvalidFrame` where it is none, `WebSocketDisconnect` at the end."""
    event: Mapping[str, Any] = await protocol.receive()
    if event["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(event.get("code", 1000))
    text = event.get("text")
    if text is None:
        raise _InvalidFrame
    try:
        return _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise _InvalidFrame from error


class DeviceSocket:
    """One identified socket; a `Connection` of the hub."""

    # There are ten thousand of them.
    __slots__ = (
        "_address",
        "_caller",
        "_early",
        "_heard_at",
        "_identify",
        "_in_flight",
        "_node",
        "_protocol",
        "_tasks",
        "device_id",
        "session_id",
        "user_id",
    )

    def __init__(
        self, node: Node, protocol: ReadyFramesProtocol, caller: Caller, address: str | None, identify: Identify
    ) -> None:
        self._node = node
        self._protocol = protocol
        self._caller = caller
        self._address = address
        #: Until the device is ready: its cursors may be many.
        self._identify: Identify | None = identify
        self._early: list[bytes] | None = []
        self._in_flight = asyncio.Semaphore(SOCKET_COMMANDS_IN_FLIGHT_MAX)
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard_at = time.monotonic()
        self.user_id = caller.user_id
        self.device_id = caller.device_id
        self.session_id = caller.session_id

    def push(self, frames: bytes) -> None:
        """Write ready frames, or close where the device reads too slowly. Before `ready` they wait."""
        if self._early is not None:
            self._early.append(frames)
        elif not self._protocol.write_frames(frames) and not self._protocol.close_sent:
            self._node.metrics.slow_sockets += 1
            self.close(CLOSE_RESUME)

    def close(self, code: int) -> None:
        """Say why and close; nothing more is delivered."""
        self._node.hub.detach(self)
        self._protocol.close_now(code)

    async def run(self) -> None:
        """Be ready, then serve until the socket ends."""
        self._node.watch.add(self)
        try:
            await self._get_ready()
            self._node.presence.arrived(self)
            while True:
                self._command(await self._next())
        except _InvalidFrame:
            self.close(CLOSE_INVALID_FRAME)
        except WebSocketDisconnect:
            pass
        except Problem:
            self.close(CLOSE_RECONNECT)
        finally:
            self._node.watch.remove(self)
            self._node.presence.left(self)
            self._node.hub.detach(self)

    async def _next(self) -> ClientFrame:
        """The next command, once there is room for it; nobody holds the one before meanwhile."""
        frame = await _receive(self._protocol)
        self._heard_at = time.monotonic()
        await self._in_flight.acquire()
        return frame

    async def _get_ready(self) -> None:
        identify, self._identify = self._identify, None
        assert identify is not None
        heads = await self._node.hub.attach(self)
        changed = [head for head in heads if identify.cursors.get(head.conversation_id) != visible(head)]
        states = differing_states(heads, identify.read_states_digest)
        settings = await self._node.privacy.of(self.user_id)
        early, self._early = self._early or [], None
        blocks = self._node.blocks.version(self.user_id)
        self.push(json_frame(Ready(self.user_id, self.device_id, changed, states, settings, blocks)))
        if early:
            self.push(b"".join(early))
        self._node.hub.resume(self)

    def _command(self, frame: ClientFrame) -> None:
        """Begin a command before anything else can: the order of the frames is the order of the log."""
        match frame:
            case Heartbeat():
                self.push(_HEARTBEAT_FRAME)
                self._in_flight.release()
            case MessageSend() | PostSend():
                self._send(frame)
            case ReceiptMark():
                self._start(frame.ref, self._mark(frame))
            case TokenRenew():
                self._start(frame.ref, self._renew(frame))
            case Identify():
                raise _InvalidFrame
            case _:
                self._start(frame.ref, self._node.state_commands.carry_out(self, frame))

    def _send(self, frame: MessageSend | PostSend) -> None:
        try:
            admit(self._node.admission, self._caller, self._address)
            if isinstance(frame, PostSend):
                submission = post_submission(self._caller, frame.conversation_id, frame.client_id, frame)
            else:
                submission = message_submission(self._caller, frame.conversation_id, frame.client_id, frame)
        except Problem as problem:
            self._in_flight.release()
            self.push(json_frame(_refusal(frame.ref, problem)))
            return
        answer = self._node.appending.submit(submission)

        async def acknowledged() -> Ack:
            return Ack(frame.ref, await answer)

        self._start(frame.ref, acknowledged())

    async def _mark(self, frame: ReceiptMark) -> Ack:
        admit(self._node.admission, self._caller, self._address)
        await self._node.receipts.mark(self.user_id, frame.conversation_id, frame.read_sequence)
        return Ack(frame.ref)

    async def _renew(self, frame: TokenRenew) -> Ack:
        admit(self._node.admission, self._caller, self._address)
        caller = await caller_by_token(self._node.tokens, frame.access_token)
        if replace(caller, expires_at=self._caller.expires_at) != self._caller:
            raise Forbidden("The token is not of this socket's session.")
        self._caller = caller
        return Ack(frame.ref)

    def _start(self, ref: str, work: Coroutine[None, None, Ack]) -> None:
        task = asyncio.create_task(self._answer(ref, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, ref: str, work: Coroutine[None, None, Ack]) -> None:
        answer: Ack | Refusal
        try:
            answer = await work
        except Problem as problem:
            answer = _refusal(ref, problem)
        except Exception:  # noqa: BLE001 - a bug answers the command and is logged
            _log.exception("command_failed")
            answer = Refusal(ref, Internal().to_dict())
        finally:
            self._in_flight.release()
        self.push(json_frame(answer))

    def end_if_overdue(self, now_s: float, monotonic_s: float) -> None:
        """End the socket where its last token has expired or no heartbeat comes."""
        if now_s > self._caller.expires_at + TOKEN_LEEWAY_S:
            self.close(CLOSE_UNAUTHENTICATED)
        elif monotonic_s > self._heard_at + 2 * HEARTBEAT_INTERVAL_S:
            self.close(CLOSE_HEARTBEAT)


def _refusal(ref: str, problem: Problem) -> Refusal:
    refusals.note(problem)
    return Refusal(ref, problem.to_dict())

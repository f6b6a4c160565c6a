"""uvicorn's `websockets` sans-I/O protocol, with ready frames written straight to the transport, and no memory of its beginning.

Invariant: what waits in a socket's write buffer is bounded by `SOCKET_QUEUE_SIZE_BYTES_MAX`; whoever reads more slowly is
closed with `CLOSE_RESUME`.
"""

from __future__ import annotations

from typing import cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.http11 import Request

from parley_contracts.limits import SOCKET_QUEUE_SIZE_BYTES_MAX

EXTENSION = "parley.ready_frames"
ABORT_AFTER_S = 2.0


class ReadyFramesProtocol(WebSocketsSansIOProtocol):
    """The protocol; the application finds it in the scope's extensions under `EXTENSION`."""

    def handle_connect(self, event: Request) -> None:
        """Begin the application with this protocol in its scope."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions = cast("dict[str, object]", self.scope["extensions"])
            extensions[EXTENSION] = self

    def forget_handshake(self) -> None:
        """Let the headers of both sides go, which are a fifth of what an idle socket costs; nothing reads them any more."""
        self.request.headers.clear()
        self.response.headers.clear()
        self.scope["headers"] = []

    def write_frames(self, frames: bytes) -> bool:
        """Write ready frames; False where the buffer is full or the socket is closing."""
        transport = self.transport
        if self.close_sent or self.disconnected or transport.is_closing():
            return False
        if transport.get_write_buffer_size() + len(frames) > SOCKET_QUEUE_SIZE_BYTES_MAX:
            return False
        transport.write(frames)
        return True

    def close_now(self, code: int) -> None:
        """Send a close frame at once, past whatever the application is doing, and give the peer a moment."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        try:
            self.conn.send_close(code)
        except InvalidState:
            return
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": ""})
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(ABORT_AFTER_S, self.transport.abort)

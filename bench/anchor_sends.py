"""The least that a fan-out costs: a frame that comes from one socket is sent to all others, and nothing else happens.

    anchor_sends.py PATH

A program of its own, for its CPU. It listens on a Unix socket and greets as a node does, so that the same load generator drives both;
who identifies as `SPEAKER` speaks, everybody else listens.
"""

import socket
import sys

SPEAKER = "speaker"
GREETING = b"{}"
_END_OF_HEAD = b"\r\n\r\n"
_HEAD_SIZE_BYTES, _MASK_SIZE_BYTES = 2, 4


def listener(path: str) -> socket.socket:
    """A Unix socket with room for everybody who comes at once."""
    made = socket.socket(socket.AF_UNIX)
    made.bind(path)
    made.listen(2048)
    return made


def serve(path: str) -> None:
    """A blocking loop: listeners come one after the other, the speaker last; then each frame is sent to each."""
    accepting, room = listener(path), list[socket.socket]()
    while True:
        connection, _ = accepting.accept()
        while _END_OF_HEAD not in connection.recv(4096):
            pass
        connection.sendall(b"HTTP/1.1 101 Switching Protocols" + _END_OF_HEAD + _text(GREETING))
        speaks = SPEAKER.encode() in _read(connection)
        connection.sendall(_text(GREETING))
        if speaks:
            break
        room.append(connection)
    while payload := _read(connection):
        frame = _text(payload)
        for each in room:
            each.send(frame)


def _text(payload: bytes) -> bytes:
    size = len(payload)
    return bytes((0x81, size)) + payload if size < 126 else bytes((0x81, 126)) + size.to_bytes(2) + payload


def _read(connection: socket.socket) -> bytes:
    """The payload of the next frame, whose mask the load generator leaves zero; empty at the end."""
    head = _exactly(connection, _HEAD_SIZE_BYTES)
    if not head:
        return b""
    size = head[1] & 0x7F
    if size == 126:
        size = int.from_bytes(_exactly(connection, 2))
    return _exactly(connection, _MASK_SIZE_BYTES + size)[_MASK_SIZE_BYTES:]


def _exactly(connection: socket.socket, size: int) -> bytes:
    return connection.recv(size, socket.MSG_WAITALL)


if __name__ == "__main__":
    serve(sys.argv[1])

"""RFC 6455 against the real socket, straight to a node and through nginx: bytes as no library would send them.

One line is one case: what is sent, and by which code the socket ends, or what it answers while it stays.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e_devices import Device, Stack, access_token
from e2e_raw_socket import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Arrived,
    RawSocket,
    close_frame,
    frame,
    text_frame,
)

from parley_contracts.limits import FRAME_SIZE_BYTES_MAX
from parley_contracts.messaging_api import CLOSE_INVALID_FRAME

OK, PROTOCOL_ERROR, NOT_TEXT, TOO_BIG = 1000, 1002, 1007, 1009
HEARTBEAT = b'{"type": "heartbeat"}'
WAYS = pytest.mark.parametrize("way", ["direct", "gateway"])


@pytest.fixture(scope="module")
def token(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("frames")
    device = Device(folder / "anna", stack, f"anna_{folder.parent.name.rpartition('-')[2]}_{stack.home.stat().st_ino}")
    device.register()
    yield access_token(device)


def named(cases: dict[str, tuple[bytes, int | None]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("sent", "code"), list(cases.values()), ids=list(cases))


ENDING: dict[str, tuple[bytes, int | None]] = {
    # framing
    "framing: not masked": (frame(TEXT, HEARTBEAT, masked=False), PROTOCOL_ERROR),
    "framing: ping not masked": (frame(PING, b"x", masked=False), PROTOCOL_ERROR),
    "framing: no frames at all": (b"GET / HTTP/1.1\r\n\r\n", PROTOCOL_ERROR),
    "framing: length with its highest bit": (frame(TEXT, announced=1 << 63), TOO_BIG),
    # ping and pong
    "ping: 126 bytes": (frame(PING, bytes(126)), PROTOCOL_ERROR),
    "ping: in fragments": (frame(PING, b"a", fin=False) + frame(CONTINUATION, b"b"), PROTOCOL_ERROR),
    "pong: 126 bytes": (frame(PONG, bytes(126)), PROTOCOL_ERROR),
    # reserved bits
    **{f"reserved bit {bit}": (frame(TEXT, HEARTBEAT, rsv=bit), PROTOCOL_ERROR) for bit in (1, 2, 4, 7)},
    "reserved bit on a ping": (frame(PING, b"x", rsv=4), PROTOCOL_ERROR),
    "reserved bit on a continuation": (
        frame(TEXT, b"{", fin=False) + frame(CONTINUATION, b"}", rsv=4),
        PROTOCOL_ERROR,
    ),
    # opcodes
    **{f"opcode {opcode}": (frame(opcode, b"x"), PROTOCOL_ERROR) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "opcode 2, binary": (frame(BINARY, HEARTBEAT), CLOSE_INVALID_FRAME),
    # fragmentation
    "fragments: continuation of nothing": (frame(CONTINUATION, b"x"), PROTOCOL_ERROR),
    "fragments: unfinished continuation of nothing": (frame(CONTINUATION, b"x", fin=False), PROTOCOL_ERROR),
    "fragments: text within text": (frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"), PROTOCOL_ERROR),
    "fragments: binary within text": (frame(TEXT, b"{", fin=False) + frame(BINARY, b"}"), PROTOCOL_ERROR),
    "fragments: binary": (frame(BINARY, b"a", fin=False) + frame(CONTINUATION, b"b"), CLOSE_INVALID_FRAME),
    # UTF-8
    "utf-8: lone continuation byte": (frame(TEXT, b'"\x80"'), NOT_TEXT),
    "utf-8: cut off": (frame(TEXT, b'"\xc3'), NOT_TEXT),
    "utf-8: overlong": (frame(TEXT, b'"\xc0\xaf"'), NOT_TEXT),
    "utf-8: overlong in three bytes": (frame(TEXT, b'"\xe0\x80\xaf"'), NOT_TEXT),
    "utf-8: surrogate": (frame(TEXT, b'"\xed\xa0\x80"'), NOT_TEXT),
    "utf-8: beyond U+10FFFF": (frame(TEXT, b'"\xf4\x90\x80\x80"'), NOT_TEXT),
    "utf-8: 0xff": (frame(TEXT, b'"\xff"'), NOT_TEXT),
    "utf-8: broken in the last fragment": (frame(TEXT, b'"a', fin=False) + frame(CONTINUATION, b'\xff"'), NOT_TEXT),
    "utf-8: broken across fragments": (frame(TEXT, b'"\xc3', fin=False) + frame(CONTINUATION, b'"'), NOT_TEXT),
    "utf-8: sound across fragments": (
        frame(TEXT, b'"\xe2\x82', fin=False) + frame(CONTINUATION, b'\xac"'),
        CLOSE_INVALID_FRAME,
    ),
    # close
    **{
        f"close: {code}": (close_frame(code), code)
        for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
    },
    **{
        f"close: {code}, which is none": (close_frame(code), PROTOCOL_ERROR)
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)
    },
    "close: empty": (frame(CLOSE), None),
    "close: one byte": (frame(CLOSE, b"\x03"), PROTOCOL_ERROR),
    "close: longest reason": (close_frame(OK, b"x" * 123), OK),
    "close: reason too long": (close_frame(OK, b"x" * 124), PROTOCOL_ERROR),
    "close: reason that is no text": (close_frame(OK, b"\xff"), NOT_TEXT),
    "close: in fragments": (frame(CLOSE, b"\x03\xe8", fin=False), PROTOCOL_ERROR),
    "close: what follows is ignored": (close_frame(OK) + frame(TEXT, HEARTBEAT) + frame(PING, b"late"), OK),
    # The RFC would let it pass; whoever leaves in the middle of a message is told so.
    "close: within a fragmented message": (frame(TEXT, b"{", fin=False) + close_frame(OK), PROTOCOL_ERROR),
    # limits
    "limit: largest frame": (frame(TEXT, b'"' + b"x" * (FRAME_SIZE_BYTES_MAX - 2) + b'"'), CLOSE_INVALID_FRAME),
    # Announced and not sent: with bytes still on their way, the end of the connection may overtake the close frame.
    "limit: one byte more": (frame(TEXT, announced=FRAME_SIZE_BYTES_MAX + 1), TOO_BIG),
    "limit: a tebibyte": (frame(TEXT, announced=1 << 40), TOO_BIG),
    "limit: in fragments": (
        frame(TEXT, b'"' + b"x" * (FRAME_SIZE_BYTES_MAX - 1), fin=False) + frame(CONTINUATION, announced=2),
        TOO_BIG,
    ),
    "limit: binary": (frame(BINARY, announced=FRAME_SIZE_BYTES_MAX + 1), TOO_BIG),
    # compression, which nobody agreed to
    "compression: a compressed frame": (frame(TEXT, b"\xaa\x56\x2a\xa9\x2c\x48\x55\xb2\x52", rsv=4), PROTOCOL_ERROR),
}


@WAYS
@named(ENDING)
def test_a_socket_ends_by_the_right_code(stack: Stack, way: str, sent: bytes, code: int | None):
    with RawSocket(stack, way) as raw:
        raw.open()
        raw.send(sent)
        assert raw.until_close() == code
        if code is not None:
            raw.send(close_frame(code if code < 5000 else OK))
        assert raw.ended()


STAYING: dict[str, tuple[list[bytes], list[bytes]]] = {
    "ping: empty": ([frame(PING)], [b""]),
    "ping: 125 bytes": ([frame(PING, bytes(range(125)))], [bytes(range(125))]),
    "ping: ten in a row": ([frame(PING, b"%d" % n) for n in range(10)], [b"%d" % n for n in range(10)]),
    "ping: within a fragmented message": (
        [frame(TEXT, HEARTBEAT[:5], fin=False), frame(PING, b"between"), frame(CONTINUATION, HEARTBEAT[5:])],
        [b"between"],
    ),
    "pong: nobody asked for": ([frame(PONG, b"unasked")], []),
    "fragments: many": (
        [
            frame(TEXT, HEARTBEAT[:1], fin=False),
            *(frame(CONTINUATION, HEARTBEAT[n : n + 1], fin=False) for n in range(1, len(HEARTBEAT) - 1)),
            frame(CONTINUATION, HEARTBEAT[-1:]),
        ],
        [],
    ),
    "fragments: empty ones": (
        [frame(TEXT, b"", fin=False), frame(CONTINUATION, HEARTBEAT, fin=False), frame(CONTINUATION, b"")],
        [],
    ),
    "framing: byte by byte": ([bytes([byte]) for byte in frame(TEXT, HEARTBEAT)], []),
    "framing: two frames at once": ([frame(TEXT, HEARTBEAT) + frame(PING, b"a")], [b"a"]),
    "framing: a length said in eight bytes": ([frame(TEXT, HEARTBEAT, wide=8)], []),
    "utf-8: what is new to the contract is ignored": (
        [frame(TEXT, '{"type": "heartbeat", "ü": "€𝄞\\u0000"}'.encode())],
        [],
    ),
}


@WAYS
@pytest.mark.parametrize(("sent", "pongs"), list(STAYING.values()), ids=list(STAYING))
def test_a_sound_socket_stays(stack: Stack, token: str, way: str, sent: list[bytes], pongs: list[bytes]):
    """Each ping has its pong, in order, and each heartbeat its answer, the one that follows all this, too."""
    heartbeats = 1 + any(data[0] & 0x0F not in {PING, PONG} for data in sent)
    with RawSocket(stack, way) as raw:
        raw.open(token)
        for data in sent:
            raw.send(data)
        raw.send(text_frame({"type": "heartbeat"}))
        arrived = [raw.next() for _ in range(len(pongs) + heartbeats)]
        assert [one.payload for one in arrived if one.opcode == PONG] == pongs
        assert arrived.count(Arrived(TEXT, b'{"type":"heartbeat"}')) == heartbeats
        raw.send(close_frame(OK))
        assert raw.next().close_code == OK


UPGRADES: dict[str, tuple[dict[str, str | None], set[int]]] = {
    "no key": ({"Sec_WebSocket_Key": None}, {400}),
    "key of another length": ({"Sec_WebSocket_Key": "AAAA"}, {400}),
    "key that is no base64": ({"Sec_WebSocket_Key": "!" * 24}, {400}),
    "version 8": ({"Sec_WebSocket_Version": "8"}, {400, 426}),
    "no version": ({"Sec_WebSocket_Version": None}, {400, 426}),
    "another protocol": ({"Upgrade": "h2c"}, {400, 404, 426}),
    "no upgrade": ({"Upgrade": None, "Connection": "close"}, {400, 404, 426}),
    "POST": ({"method": "POST"}, {400, 404, 405}),
    "a path below": ({"path": "/api/v1/messaging/socket/more"}, {400, 403, 404}),
    "a foreign origin": ({"Origin": "https://evil.example"}, {403}),
    "an origin of nobody": ({"Origin": "null"}, {403}),
}


@WAYS
@pytest.mark.parametrize(("asked", "statuses"), list(UPGRADES.values()), ids=list(UPGRADES))
def test_what_is_no_upgrade_is_refused(stack: Stack, way: str, asked: dict[str, str], statuses: set[int]):
    with RawSocket(stack, way) as raw:
        assert raw.request(**asked) in statuses


@WAYS
@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits; server_no_context_takeover, x-webkit-deflate-frame",
        "permessage-deflate; server_max_window_bits=99",
        "no-such-extension",
    ],
)
def test_no_compression_is_agreed_to(stack: Stack, way: str, offer: str):
    with RawSocket(stack, way) as raw:
        assert raw.request(Sec_WebSocket_Extensions=offer) == 101
        assert "sec-websocket-extensions" not in raw.headers
        assert raw.next().rsv == 0
        raw.send(frame(TEXT, b"\xaa\x56\x2a\xa9\x2c\x48\x55\xb2\x52", rsv=4))
        assert raw.until_close() == PROTOCOL_ERROR

"""Logs that are sent elsewhere: every line once, through rotation, restarts and a collector that is away."""

import json
import socket
import ssl
import threading
from contextlib import contextmanager, suppress

import pytest

from parley_ops import doctor
from parley_ops.certificates import make_certificates
from parley_ops.forwarding import tailing
from parley_ops.forwarding.__main__ import forward, send_fresh
from parley_ops.forwarding.state import State, load_state
from parley_ops.forwarding.syslog import MESSAGE_SIZE_BYTES_MAX, Collector, frame
from parley_ops.forwarding.tailing import read_on
from parley_ops.layout import Home

WAIT_S = 20


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path)
    for folder in (made.log, made.data, made.tls):
        folder.mkdir()
    make_certificates(made, "localhost")
    return made


class Taker:
    """A collector that keeps what it is sent, by TLS under the home's certificate."""

    def __init__(self, home, port=0):
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(home.tls / "server.crt", home.tls / "server.key")
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        self.got = b""
        self._heard = threading.Condition()
        self._streams = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self):
        while True:
            try:
                plain, _ = self._listener.accept()
                stream = self._tls.wrap_socket(plain, server_side=True)
            except OSError:
                if self._listener.fileno() < 0:
                    return
                continue
            self._streams.append(stream)
            threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream):
        try:
            while content := stream.recv(65536):
                with self._heard:
                    self.got += content
                    self._heard.notify_all()
        except OSError:
            return

    def messages(self, count):
        """The first `count` messages, once they are there: each behind its length."""
        with self._heard:
            assert self._heard.wait_for(lambda: len(self._split()) >= count, WAIT_S), self.got
            return self._split()

    def _split(self):
        found, rest = [], self.got
        while b" " in rest and len(rest) >= (size := int(rest.partition(b" ")[0])) + rest.index(b" ") + 1:
            start = rest.index(b" ") + 1
            found.append(rest[start : start + size].decode())
            rest = rest[start + size :]
        return found

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for stream in self._streams:
            with suppress(OSError):  # the forwarder may have gone first
                stream.shutdown(socket.SHUT_RDWR)
            stream.close()


@contextmanager
def forwarding(home, port):
    tls = ssl.create_default_context(cafile=home.tls / "ca.crt")
    stopped = threading.Event()
    work = threading.Thread(
        target=forward, args=(home, "chat.example", Collector("localhost", port, tls), stopped), daemon=True
    )
    work.start()
    try:
        yield
    finally:
        stopped.set()
        work.join(WAIT_S)


def write(log, *lines):
    with log.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def rotate(log):
    for number in (2, 1):
        old = log.with_name(f"{log.name}.{number}")
        if old.exists():
            old.rename(log.with_name(f"{log.name}.{number + 1}"))
    log.rename(log.with_name(f"{log.name}.1"))


def test_every_line_is_read_once_through_rotation(tmp_path, monkeypatch):
    monkeypatch.setattr(tailing, "CHUNK_SIZE_BYTES", 16)
    log, seen, place = tmp_path / "auth.log", [], None
    assert read_on(log, None) == ([], None)
    for number in range(40):
        write(log, f"line {number}")
        if number % 13 == 7:
            rotate(log)
        if number % 3 == 0:
            lines, place = read_on(log, place)
            seen += lines
    while lines:
        lines, place = read_on(log, place)
        seen += lines
    assert seen == [f"line {number}".encode() for number in range(40)]
    with log.open("a") as file:
        file.write("half")
    assert read_on(log, place) == ([], place)
    write(log, " a line")
    lines, place = read_on(log, place)
    assert lines == [b"half a line"]
    write(log, "x" * 40)
    assert b"".join(read_on(log, place)[0]) == b"x" * 16, "a line longer than a chunk holds nothing up"


def test_a_file_that_begins_anew_is_read_from_its_beginning(tmp_path):
    log = tmp_path / "auth-migrate.log"
    write(log, "one", "two")
    _, place = read_on(log, None)
    log.write_text("new\n")
    assert read_on(log, place)[0] == [b"new"]


def test_messages_say_who_when_and_how_grave():
    line = json.dumps({"timestamp": "2026-11-27T08:00:00.123456Z", "level": "warning", "event": "refused"}).encode()
    size, _, message = frame("messaging-1", line, "chat.example").partition(b" ")
    assert int(size) == len(message)
    assert message == b"<132>1 2026-11-27T08:00:00.123456Z chat.example messaging-1 - - - " + line
    plain = frame("postgres", b"LOG: ready", "chat.example")
    assert plain.split(b" ")[1] == b"<133>1" and plain.endswith(b" chat.example postgres - - - LOG: ready")
    for odd in (b'{"timestamp": "never"}', b'{"level": 7}', b"{", b"\xff\xfe", b'{"at": "2026 <1>1 x"}'):
        assert frame("x", odd, "h").split(b" ")[1] == b"<133>1"
    assert len(frame("x", b"y" * 100_000, "h").partition(b" ")[2]) == MESSAGE_SIZE_BYTES_MAX


def test_lines_reach_a_collector_that_was_away_once_each(home):
    taker = Taker(home)
    port = taker.port
    write(home.log / "auth.log", "first")
    with forwarding(home, port):
        assert [each.rpartition(" ")[2] for each in taker.messages(1)] == ["first"]
        taker.close()
        write(home.log / "auth.log", "second")
        write(home.log / "nginx.log", "third")
        back = Taker(home, port)
        assert sorted(each.rpartition(" ")[2] for each in back.messages(2)) == ["second", "third"]
    write(home.log / "auth.log", "fourth")
    with forwarding(home, port):
        assert back.messages(3)[2].endswith(" auth - - - fourth"), "after a restart it goes on where it was"
    assert load_state(home).fault == ""
    back.close()


def test_a_collector_that_is_not_who_it_says_gets_nothing(home, tmp_path):
    taker = Taker(home)
    write(home.log / "auth.log", "secret enough")
    state = State()
    with pytest.raises(ssl.SSLError):
        send_fresh(home, "chat.example", Collector("localhost", taker.port, ssl.create_default_context()), state)
    assert state.places == {} and taker.got == b""
    taker.close()


def test_doctor_says_that_lines_wait(home):
    with forwarding(home, 1):
        write(home.log / "auth.log", "waits")
        deadline = threading.Event()
        for _ in range(200):
            if load_state(home).fault:
                break
            deadline.wait(0.1)
    (finding,) = doctor.forwarding(home, "localhost:1")
    assert not finding.well and "does not take lines" in finding.seen and finding.advice
    assert list(doctor.forwarding(home, "")) == []

"""Linking a device on the command line: two commands, and digits that are typed from the one into the other."""

import asyncio
import json
import queue
import threading

import pytest

from parley_client.cli.main import main

SERVER = ["--server", "https://parley.test", "--username", "alice"]


class Terminal:
    """A command in a thread of its own, with lines in and out."""

    def __init__(self, running, server, profile, *words):
        self.typed, self.lines, self.code = queue.Queue(), queue.Queue(), None
        self.network = lambda name, ca_file: server
        self.thread = threading.Thread(target=self._run, args=(["--profile", str(profile), *words],))
        running[self.thread] = self
        self.thread.start()

    def _run(self, words):
        self.code = main(words, network=self.network)
        self.lines.put(None)

    def line(self):
        return self.lines.get(timeout=30)


@pytest.fixture
def terminals(monkeypatch, server, tmp_path, no_pauses):
    """Opens terminals: what their commands print and read is theirs, whichever thread of theirs does it."""
    (tmp_path / "password").write_text("a long enough password\n")
    password = ["--password-file", str(tmp_path / "password")]
    running = {}
    monkeypatch.setattr("parley_client.linking.waiting._POLL_S", 0.01)
    monkeypatch.setattr("parley_client.cli.linking._POLL_S", 0.01)

    def shown(answer):
        running[threading.current_thread()].lines.put(json.loads(json.dumps(answer, default=vars_of)))

    async def typed():
        return await asyncio.to_thread(running[threading.current_thread()].typed.get, timeout=30)

    for module in ("main", "linking"):
        monkeypatch.setattr(f"parley_client.cli.{module}.show", shown)
        monkeypatch.setattr(f"parley_client.cli.{module}.typed_digits", typed)
    opened = []

    def start(profile, *words):
        given = password if words[0] in {"login", "register"} else []
        opened.append(Terminal(running, server, tmp_path / profile, *words, *given))
        return opened[-1]

    start("laptop", "register", *SERVER, "--email", "a@x.test").thread.join(30)
    yield start
    for terminal in opened:
        terminal.typed.put("")
        terminal.thread.join(30)


def vars_of(answer):
    return {name: getattr(answer, name) for name in answer.__struct_fields__}


def test_by_code(terminals, tmp_path):
    new = terminals("tablet", "login", *SERVER, "--link")
    old = terminals("laptop", "link", "start")
    old.line()
    old.typed.put(new.line()["digits"])
    new.typed.put(old.line()["digits"])
    assert new.line()["username"] == "alice"
    assert (old.line(), new.line(), old.code, new.code) == (None, None, 0, 0)


def test_a_wrong_digit_ends_both(terminals):
    new = terminals("tablet", "login", *SERVER, "--link")
    old = terminals("laptop", "link", "start")
    old.line()
    digits = new.line()["digits"]
    old.typed.put(f"{(int(digits) + 1) % 10**6:06}")
    assert (old.line(), old.code) == (None, 2)
    new.typed.put("123456")
    assert (new.line(), new.code) == (None, 2)


def test_by_scanning(terminals, tmp_path):
    old = terminals("laptop", "link", "show")
    (tmp_path / "scanned").write_text(old.line()["text"])
    new = terminals("tablet", "login", *SERVER, "--scanned-file", str(tmp_path / "scanned"))
    assert new.line()["username"] == "alice"
    assert (old.line(), new.line(), old.code, new.code) == (None, None, 0, 0)

"""`./parley client` as people type it: three people, a group, and a fourth device that reads everything."""

import json
import secrets
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from e2e_devices import Stack

LAUNCHER = Path(__file__).resolve().parents[2] / "parley"
FIELDS = {"conversation_id", "sequence", "client_id", "sender", "text", "attachments", "sent_at"}


class Shell:
    """One profile on the command line."""

    def __init__(self, stack: Stack, folder: Path, profile: str) -> None:
        self._stack, self._folder = stack, folder
        self.command = [str(LAUNCHER), "client", "--profile", str(folder / profile)]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self.command, *words], capture_output=True, text=True, timeout=120, check=False)

    def lines(self, *words: str) -> list[Any]:
        """The JSON lines that a command prints."""
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def complaint(self, *words: str) -> str:
        """The sentence with which a command ends that cannot be."""
        done = self.run(*words)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1
        return done.stderr

    def texts(self) -> dict[str, str]:
        """What arrived since the last time: text and sender."""
        messages = self.lines("receive", "--json", "--timeout", "20")
        assert all(set(message) == FIELDS for message in messages)
        return {message["text"]: message["sender"] for message in messages}

    def whose(self, username: str, password: str = "password") -> list[str]:
        where = ["--server", self._stack.address, "--ca", self._stack.ca_file]
        return [*where, "--username", username, "--password-file", str(self._folder / password)]


class People:
    """Three people, each with a profile."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack, self.folder = stack, folder
        (folder / "password").write_text(f"{secrets.token_hex(8)} horse\n")
        self.names = [f"{name}_{secrets.token_hex(4)}" for name in ("anna", "berta", "carl")]
        with ThreadPoolExecutor(3) as pool:
            self.shells = list(pool.map(self._register, self.names))

    def _register(self, name: str) -> Shell:
        shell = self.shell(name)
        (answer,) = shell.lines("register", *shell.whose(name), "--email", f"{name}@example.org")
        assert set(answer) == {"user_id", "device_id", "recovery_key"}
        (self.folder / f"{name}.recovery").write_text(answer["recovery_key"] + "\n")
        return shell

    def shell(self, profile: str) -> Shell:
        return Shell(self.stack, self.folder, profile)


@pytest.fixture
def people(stack: Stack, tmp_path: Path) -> People:
    return People(stack, tmp_path)


def test_three_people_and_a_fourth_device(people: People):
    (anna, berta, carl), (a, b, c) = people.shells, people.names
    (sent,) = anna.lines("send", "--to", f"@{b}", "hello berta")
    assert set(sent) == {"conversation_id", "client_id", "sequence"}
    assert berta.texts() == {"hello berta": a}
    berta.lines("send", "--to", sent["conversation_id"], "hello anna")
    assert anna.texts() == {"hello anna": b}

    (made,) = anna.lines("group", "create", "Garden", f"@{b}")
    anna.lines("group", "add", made["conversation_id"], f"@{c}")
    with subprocess.Popen([*carl.command, "receive", "--json", "--follow"], stdout=subprocess.PIPE) as following:
        assert following.stdout is not None
        anna.lines("send", "--to", "Garden", "welcome carl")
        live = json.loads(following.stdout.readline())
        following.terminate()
    assert (live["text"], live["sender"], set(live)) == ("welcome carl", a, FIELDS)
    carl.lines("send", "--to", made["conversation_id"], "thank you")
    assert berta.texts() == {"welcome carl": a, "thank you": c}
    (listed,) = berta.lines("conversations", "--json")
    names = {each["conversation_id"]: each["name"] for each in listed}
    assert names == {sent["conversation_id"]: "", made["conversation_id"]: "Garden"}
    anna.lines("group", "remove", "Garden", f"@{c}")
    assert "belong" in carl.complaint("send", "--to", "Garden", "still there?")

    phone = people.shell("phone")
    phone.lines("login", *phone.whose(a), "--recovery-key-file", str(people.folder / f"{a}.recovery"))
    assert phone.texts() == {"hello berta": a, "hello anna": b, "welcome carl": a, "thank you": c}
    phone.lines("send", "--to", "Garden", "from the phone")
    assert berta.texts() == {"from the phone": a}
    assert "from the phone" in anna.texts()

    assert phone.lines("logout") == []
    assert phone.complaint("whoami", "--json")
    assert anna.lines("whoami", "--json")[0]["username"] == a
    (folder_of_phone,) = people.folder.glob("phone")
    held = b"".join(path.read_bytes() for path in folder_of_phone.rglob("*") if path.is_file())
    assert b"hello berta" not in held


def test_a_file_goes_and_comes(people: People):
    (anna, berta, _), (_, b, _) = people.shells, people.names
    report = people.folder / "report.pdf"
    report.write_bytes(secrets.token_bytes(700_000))
    (sent,) = anna.lines("send", "--to", f"@{b}", "the report", "--attach", str(report))
    (message,) = berta.lines("receive", "--json", "--timeout", "20")
    (attached,) = message["attachments"]
    assert attached == {
        "index": 0,
        "name": "report.pdf",
        "media_type": "application/pdf",
        "size_bytes": 700_000,
        "width": None,
        "height": None,
    }
    where = [sent["conversation_id"], str(sent["sequence"]), "0"]
    berta.lines("attachment", "get", *where, "--output", str(people.folder / "got.pdf"))
    assert (people.folder / "got.pdf").read_bytes() == report.read_bytes()
    assert "no such" in berta.complaint("attachment", "get", *where[:2], "7", "--output", str(people.folder / "no"))


def test_what_is_refused_changes_nothing(people: People):
    (anna, _, _), (a, b, _) = people.shells, people.names
    (people.folder / "wrong").write_text("not the password\n")
    (people.folder / "weak").write_text("password12\n")
    new = people.shell("new")
    recovery = ["--recovery-key-file", str(people.folder / f"{a}.recovery")]
    assert "password" in new.complaint("login", *new.whose(a, "wrong"), *recovery)
    assert "recovery key" in new.complaint(
        "login", *new.whose(a), "--recovery-key-file", str(people.folder / f"{b}.recovery")
    )
    assert "taken" in new.complaint("register", *new.whose(a), "--email", "new@example.org")
    assert "password" in new.complaint("register", *new.whose("newname", "weak"), "--email", f"n{a}@example.org")
    assert "nobody_at_all" in anna.complaint("send", "--to", "@nobody_at_all", "hello")
    assert "at most" in anna.complaint("send", "--to", f"@{b}", "x" * 20_000)
    assert "--unknown" in anna.complaint("send", "--to", f"@{b}", "--unknown", "x")
    assert new.complaint("whoami")
    anna.lines("send", "--to", f"@{b}", "still fine")
    new.lines("login", *new.whose(a), *recovery)
    assert new.texts() == {"still fine": a}

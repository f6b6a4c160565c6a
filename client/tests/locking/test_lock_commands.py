"""The app lock on the command line."""

import json

import pytest
from locked_profiles import PASSPHRASE, files_with, quick_stretch

from parley_client.cli.main import main


@pytest.fixture
def run(server, tmp_path, capsys, monkeypatch):
    """Runs a command in a profile; gives exit code, JSON lines of the output, and the complaint."""
    monkeypatch.setattr("parley_client.platforms.cpython.stretch", quick_stretch)

    def command(*words, passphrase=None):
        before = ["--profile", str(tmp_path / "alice")]
        if passphrase is not None:
            (tmp_path / "given").write_text(f"{passphrase}\n")
            before += ["--passphrase-file", str(tmp_path / "given")]
        code = main([*before, *words], network=lambda server_name, ca_file: server)
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    return command


@pytest.fixture
def new(tmp_path):
    """Gives the option that names a new passphrase."""

    def option(passphrase):
        (tmp_path / "new").write_text(f"{passphrase}\n")
        return ["--new-passphrase-file", str(tmp_path / "new")]

    return option


def test_a_profile_is_locked_used_and_opened(run, new, tmp_path):
    (tmp_path / "password").write_text("a long enough password\n")
    words = ["--username", "alice", "--password-file", str(tmp_path / "password")]
    code, (made,), _ = run("register", "--server", "https://parley.test", *words, "--email", "a@x.test")
    assert code == 0 and run("lock", "show") == (0, [{"set": False}], "")
    assert run("lock", "set", *new(PASSPHRASE), "--idle", "600") == (0, [], "")
    assert run("lock", "show") == (0, [{"set": True}], "")
    assert run("lock", "show", passphrase=PASSPHRASE)[1] == [{"set": True, "idle_s": 600}]
    code, _, complaint = run("whoami")
    assert code == 2 and complaint == "this profile is locked: its passphrase opens it\n"
    code, _, complaint = run("whoami", passphrase="not this one")
    assert code == 2 and complaint == "this is not the passphrase of this device\n"
    assert run("send", "--to", "@alice", "note well", passphrase=PASSPHRASE)[0] == 0
    ((line,),) = (run("receive", "--history", passphrase=PASSPHRASE)[1],)
    assert line["text"] == "note well" and files_with(tmp_path / "alice", b"note well") == []
    assert run("lock", "change", *new("the next one"), passphrase=PASSPHRASE) == (0, [], "")
    assert run("lock", "idle", "0", passphrase="the next one") == (0, [], "")
    assert run("lock", "show", passphrase="the next one")[1] == [{"set": True, "idle_s": 0}]
    assert run("lock", "remove", passphrase="the next one") == (0, [], "")
    assert run("whoami")[1][0]["user_id"] == made["user_id"]


def test_a_forgotten_lock_and_one_that_was_signed_out_leave_nothing(run, new, tmp_path):
    (tmp_path / "password").write_text("a long enough password\n")
    words = ["--server", "https://parley.test", "--username", "alice", "--password-file", str(tmp_path / "password")]
    _, (made,), _ = run("register", *words, "--email", "a@x.test")
    (tmp_path / "key").write_text(made["recovery_key"])
    for end in ("forget", "logout"):
        assert run("lock", "set", *new(PASSPHRASE)) == (0, [], "")
        if end == "forget":
            assert run("lock", "forget") == (0, [], "")
        else:
            assert run("logout", passphrase=PASSPHRASE) == (0, [], "")
        assert run("lock", "show") == (0, [{"set": False}], "")
        assert run("whoami")[0] == 2
        assert run("login", *words, "--recovery-key-file", str(tmp_path / "key"))[0] == 0


def test_what_makes_no_sense_is_said(run, new):
    assert len(run("lock", "words")[1][0]["passphrase"].split()) == 6
    assert run("lock", "forget") == (2, [], "this profile has no lock: `logout` erases it\n")
    code, _, complaint = run("lock", "remove")
    assert code == 2 and complaint == "give the present passphrase: --passphrase-file stands before `lock`\n"
    assert run("lock", "set", *new("short")) == (2, [], "a passphrase has 8 to 256 characters\n")
    code, _, complaint = run("lock", "set", *new(PASSPHRASE), "--idle", "5")
    assert code == 2 and complaint.startswith("a lock closes after 60 seconds to 7 days")
    assert run("whoami", passphrase=PASSPHRASE)[2] == "this profile has no app lock: leave the passphrase out\n"

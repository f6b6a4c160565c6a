"""The command line with files: those of messages, and everything of a person in a folder."""

import json
import os

from fake_rights import ARCHIVE, DUE_AT


def test_files_go_and_come_by_the_command_line(run, register, tmp_path):
    register("alice")
    register("bob")
    (tmp_path / "notes.txt").write_bytes(b"some notes " * 40_000)
    (tmp_path / "empty.bin").write_bytes(b"")
    attach = ["--attach", str(tmp_path / "notes.txt"), "--attach", str(tmp_path / "empty.bin")]
    code, (sent,), _ = run("alice", "send", "--to", "@bob", "here", *attach)
    assert code == 0
    ((line,),) = (run("bob", "receive", "--json")[1],)
    plain = {"width": None, "height": None}
    assert line["attachments"] == [
        {"index": 0, "name": "notes.txt", "media_type": "text/plain", "size_bytes": 440_000, **plain},
        {"index": 1, "name": "empty.bin", "media_type": "application/octet-stream", "size_bytes": 0, **plain},
    ]
    where = [sent["conversation_id"], str(sent["sequence"])]
    code, (saved,), _ = run("bob", "attachment", "get", *where, "0", "--output", str(tmp_path / "got"))
    assert code == 0 and saved["size_bytes"] == 440_000
    assert (tmp_path / "got").read_bytes() == (tmp_path / "notes.txt").read_bytes()
    assert run("bob", "attachment", "get", *where, "1", "--output", str(tmp_path / "none"))[0] == 0
    assert (tmp_path / "none").read_bytes() == b""
    code, out, complaint = run("bob", "attachment", "get", *where, "2", "--output", str(tmp_path / "no"))
    assert (code, out) == (2, []) and "no such" in complaint
    assert run("alice", "send", "--to", "@bob", "--attach", str(tmp_path / "absent"))[0] == 2
    assert not list(tmp_path.glob(".*.part"))


def test_saving_goes_on_and_a_spoilt_file_is_not_saved(run, register, tmp_path, server):
    register("alice")
    register("bob")
    data = os.urandom(600_000)
    (tmp_path / "film").write_bytes(data)
    _, (sent,), _ = run("alice", "send", "--to", "@bob", "--attach", str(tmp_path / "film"))
    run("bob", "receive", "--json")
    where = [sent["conversation_id"], str(sent["sequence"]), "0"]
    (found,) = server.media.objects.values()
    whole = found.content
    found.parts = {1: whole[:-1] + bytes([whole[-1] ^ 1])}
    code, out, complaint = run("bob", "attachment", "get", *where, "--output", str(tmp_path / "got"))
    assert (code, out) == (2, []) and "not the one that was sent" in complaint
    assert not (tmp_path / "got").exists()
    (partial,) = tmp_path.glob(".got.*.part")
    assert 0 < partial.stat().st_size < len(data) and data.startswith(partial.read_bytes())
    found.parts = {1: whole}
    before = len(server.requests)
    assert run("bob", "attachment", "get", *where, "--output", str(tmp_path / "got"))[0] == 0
    assert (tmp_path / "got").read_bytes() == data
    ranges = [r.headers["range"] for r in server.requests[before:] if "range" in r.headers]
    assert ranges and not ranges[0].startswith("bytes=0-")


def test_everything_of_a_person_is_written_into_a_folder(run, register, tmp_path, monkeypatch):
    monkeypatch.setattr("parley_client.cli.exporting.LOOK_INTERVAL_S", 0.01)
    for name in ("alice", "bob"):
        register(name)
    run("alice", "send", "--to", "@bob", "hello")
    run("bob", "send", "--to", "@alice", "and hello")
    folder = tmp_path / "mine"
    password = ["--password-file", str(tmp_path / "password")]
    code, (written,), _ = run("alice", "export", str(folder), *password)
    assert code == 0 and written == {
        "history": str(folder / "history.jsonl"),
        "archive": str(folder / "account.zip"),
    }
    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    assert [line.get("text") for line in lines if line["kind"] == "entry"] == ["hello", "and hello"]
    assert (folder / "account.zip").read_bytes() == ARCHIVE
    assert [(path.name, path.stat().st_mode & 0o777) for path in sorted(folder.iterdir())] == [
        ("account.zip", 0o600),
        ("history.jsonl", 0o600),
    ]
    code, (again,), _ = run("alice", "export", str(folder), "--here")
    assert code == 0 and set(again) == {"history"}
    code, _, complaint = run("alice", "account", "delete", *password)
    assert code == 2 and "--understood" in complaint
    code, (going,), _ = run("alice", "account", "delete", "--understood", *password)
    assert code == 0 and going == {"due_at": DUE_AT}
    assert run("alice", "conversations")[0] == 2, "it is signed out"

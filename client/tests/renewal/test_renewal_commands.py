"""Beginning an account anew on the command line, and letting its person in again; and the same by method names."""

import json

import pytest

from parley_client.cli.main import main

SERVER = ["--server", "https://parley.test"]


@pytest.fixture
def run(server, tmp_path, capsys, no_pauses):
    (tmp_path / "password").write_text("a long enough password\n")

    def command(profile, *words):
        code = main(["--profile", str(tmp_path / profile), *words], network=lambda server_name, ca_file: server)
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    return command


def test_commands_begin_anew_and_let_in_again(run, tmp_path):
    password = ["--password-file", str(tmp_path / "password")]
    for name in ("alice", "bob"):
        assert run(name, "register", *SERVER, "--username", name, "--email", f"{name}@x.test", *password)[0] == 0
    assert run("alice", "group", "create", "Garden", "@bob")[0] == 0
    assert run("alice", "send", "--to", "@bob", "of before")[0] == 0
    words = ("account", "begin-anew", *SERVER, "--username", "bob", *password)
    code, out, complaint = run("anew", *words)
    assert (code, out) == (2, []) and "closed for good" in complaint
    code, (made,), complaint = run("anew", *words, "--understood")
    assert (code, set(made), complaint) == (0, {"user_id", "device_id", "recovery_key"}, "")
    code, _, complaint = run("anew", "send", "--to", "@alice", "it is me")
    assert code == 2 and "let you in again" in complaint
    code, _, complaint = run("alice", "group", "let-in-again", "Garden", "@bob")
    assert code == 2 and "does not wait" in complaint
    code, _, complaint = run("alice", "accept", "@bob")
    assert code == 2 and "by another way" in complaint
    code, (number,), _ = run("alice", "accept", "@bob", "--understood")
    assert code == 0 and (number["changed"], number["verified"]) == (False, False)
    assert run("alice", "group", "let-in-again", "Garden", "@bob")[0] == 0
    assert run("alice", "send", "--to", "Garden", "welcome back")[0] == 0
    assert [line["text"] for line in run("anew", "receive", "--json")[1]] == ["welcome back"]

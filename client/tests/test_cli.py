"""The command line: JSON out, one sentence of complaint, exit codes, and JSON-RPC line by line."""

import asyncio
import io
import json
import os
import threading

import pytest

from parley_client.cli.jsonrpc import LINE_SIZE_BYTES_MAX, serve
from parley_client.cli.main import main
from parley_client.errors import NetworkError, ProfileInUse
from parley_client.platforms.sqlite import SqliteStore

SERVER = ["--server", "https://parley.test"]


def test_commands_make_a_conversation(run, register, tmp_path):
    alice = register("alice")
    assert set(alice) == {"user_id", "device_id", "recovery_key"}
    register("bob")
    code, (sent,), _ = run("alice", "send", "--to", "@bob", "hello")
    assert code == 0 and set(sent) == {"conversation_id", "client_id", "sequence"}
    code, lines, _ = run("bob", "receive", "--json")
    expected = {"conversation_id", "sequence", "client_id", "sender", "text", "attachments", "sent_at"}
    assert code == 0 and [set(line) for line in lines] == [expected]
    assert (lines[0]["sender"], lines[0]["text"], lines[0]["sequence"]) == ("alice", "hello", sent["sequence"])
    assert run("bob", "receive", "--json") == (0, [], "")
    assert run("bob", "receive", "--json", "--timeout", "0.1") == (0, [], "")
    assert [line["text"] for line in run("bob", "receive", "--json", "--history")[1]] == ["hello"]
    _, ((conversation,),), _ = run("bob", "conversations", "--json")
    assert conversation["conversation_id"] == sent["conversation_id"] and conversation["members"] == ["alice", "bob"]
    (tmp_path / "key").write_text(alice["recovery_key"])
    words = ["--username", "alice", "--password-file", str(tmp_path / "password")]
    code, _, _ = run("phone", "login", *SERVER, *words, "--recovery-key-file", str(tmp_path / "key"))
    assert code == 0
    assert [line["text"] for line in run("phone", "receive", "--json")[1]] == ["hello"]
    assert run("phone", "whoami", "--json")[1][0]["username"] == "alice"
    assert run("phone", "logout") == (0, [], "")
    assert run("phone", "whoami", "--json")[0] == 2


def test_channel_commands(run, register):
    for name in ("alice", "bob"):
        register(name)
    _, (made,), _ = run("alice", "channels", "create", "Town", "--topic", "News")
    assert (made["kind"], made["name"], made["members"]) == ("open", "Town", ["alice"])
    _, (page,), _ = run("bob", "channels", "list", "tow")
    assert [(c["name"], c["members"], c["joined"]) for c in page["channels"]] == [("Town", 1, False)]
    _, (joined,), _ = run("bob", "channels", "join", "#Town")
    assert joined["conversation_id"] == page["channels"][0]["conversation_id"]
    code, (sent,), _ = run("bob", "send", "--to", "#Town", "hi town")
    assert code == 0
    assert [line["text"] for line in run("alice", "receive", "--json")[1]] == ["hi town"]
    _, (found,), _ = run("alice", "search", "hi", "--conversation", "#Town")
    assert [hit["sequence"] for hit in found["hits"]] == [sent["sequence"]]
    _, (secrets,), _ = run(
        "alice", "channels", "app", "create", "#Town", "Builds", "--scope", "post", "--scope", "read"
    )
    assert secrets["token"] and secrets["application"]["scopes"] == ["post", "read"]
    assert run("alice", "channels", "app", "create", "#Town", "x", "--scope", "all")[0] == 2
    _, (listed,), _ = run("alice", "channels", "app", "list", "#Town")
    assert [each["name"] for each in listed] == ["Builds"]
    assert run("alice", "channels", "app", "revoke", "#Town", listed[0]["application_id"])[0] == 0
    assert run("bob", "channels", "leave", "#Town")[1][0]["status"] == "removed"
    code, _, complaint = run("bob", "send", "--to", "Town", "x")
    assert code == 2 and "called Town" in complaint


def test_group_commands(run, register):
    for name in ("alice", "bob", "carol"):
        register(name)
    _, (made,), _ = run("alice", "group", "create", "Trip", "@bob")
    assert made["name"] == "Trip" and made["members"] == ["alice", "bob"]
    _, (added,), _ = run("alice", "group", "add", made["conversation_id"], "@carol")
    assert added["members"] == ["alice", "bob", "carol"]
    run("alice", "send", "--to", made["conversation_id"], "hi all")
    assert [line["text"] for line in run("carol", "receive", "--json")[1]] == ["hi all"]
    _, (fewer,), _ = run("alice", "group", "remove", "Trip", "@carol")
    assert fewer["members"] == ["alice", "bob"]
    code, _, complaint = run("carol", "send", "--to", made["conversation_id"], "hello?")
    assert code == 2 and "belong" in complaint


def test_state_commands(run, register, server):
    alice, bob = register("alice"), register("bob")
    assert [each["username"] for each in run("bob", "people", "add", "@alice")[1][0]] == ["alice"]
    _, (sent,), _ = run("alice", "send", "--to", "@bob", "hello")
    where, sequence = sent["conversation_id"], sent["sequence"]
    _, ((listed,),), _ = run("bob", "unread")
    assert listed == {"conversation_id": where, "name": "", "unread": 1, "marked_unread": False}
    assert server.state.delivered[bob["user_id"], where] >= sequence
    assert run("bob", "mark-read", where) == (0, [], "")
    assert run("bob", "unread")[1] == [[]]
    _, (told,), _ = run("alice", "receipts", where)
    assert told["read"][bob["user_id"]] >= sequence and set(told) == {"read", "delivered"}
    assert run("bob", "mark-unread", where)[0] == 0
    assert run("bob", "unread")[1] == [[listed | {"marked_unread": True}]]
    assert run("alice", "presence", "@bob")[1] == [
        [{"user_id": bob["user_id"], "status": "offline", "last_seen_at": None}]
    ]
    everything = {"version": 0, "receipts": True, "typing": True, "presence": True, "strangers": True}
    assert run("alice", "privacy")[1] == [everything]
    assert run("alice", "privacy", "--no-typing", "--presence")[1] == [everything | {"version": 1, "typing": False}]
    assert run("alice", "privacy", "--no-strangers")[1][0]["strangers"] is False
    assert alice["user_id"] in server.state.privacy
    code, _, complaint = run("bob", "mark-read", "nowhere")
    assert code == 2 and "nowhere" in complaint


def test_people_commands(run, register):
    alice, bob = register("alice"), register("bob")
    _, (sent,), _ = run("alice", "send", "--to", "@bob", "do I know you?")
    where = sent["conversation_id"]
    assert run("bob", "people", "requests")[1] == [[where]]
    assert run("bob", "people", "accept", where) == (0, [], "")
    assert run("bob", "people", "requests")[1] == [[]]
    _, ((blocked,),), _ = run("bob", "people", "block", "@alice")
    assert (blocked["user_id"], blocked["username"]) == (alice["user_id"], "alice")
    assert run("bob", "people", "blocked")[1] == [[blocked]]
    code, _, complaint = run("bob", "send", "--to", "@alice", "never mind")
    assert code == 2 and "unblock" in complaint
    code, _, complaint = run("alice", "send", "--to", "@bob", "listen")
    assert code == 2 and "cannot be reached" in complaint
    assert run("bob", "people", "unblock", "alice")[1] == [[]]
    known = {"user_id": bob["user_id"], "username": "bob", "contact": False}
    assert run("alice", "people", "search", "b")[1] == [[known]]
    assert run("alice", "people", "add", "bob")[1] == run("alice", "people", "contacts")[1]
    assert run("alice", "people", "remove", "bob")[1] == [[]]
    assert run("alice", "people", "discovery")[1] == [{"by_name": True}]
    assert run("alice", "people", "discovery", "--no-by-name")[1] == [{"by_name": False}]


def test_group_policy_commands(run, register):
    for name in ("alice", "bob", "carol"):
        register(name)
    run("alice", "group", "create", "Trip", "@bob", "--topic", "Rome")
    _, (info,), _ = run("alice", "group", "role", "Trip", "@bob", "moderator")
    assert [person["role"] for person in info["members"] if person["username"] == "bob"] == ["moderator"]
    _, (info,), _ = run("alice", "group", "permit", "Trip", "send", "moderator")
    assert info["permissions"]["send"] == "moderator"
    _, (named,), _ = run("alice", "group", "describe", "Trip", "--name", "Journey")
    assert named["name"] == "Journey"
    code, (info,), _ = run("bob", "group", "info", "Journey")
    assert (code, info["topic"], info["may"]) == (0, "Rome", ["remove", "ban", "pin", "send"])
    _, (link,), _ = run("alice", "group", "link", "create", "Journey", "--uses", "1", "--hours", "1")
    _, (asked,), _ = run("carol", "group", "join", link["url"])
    assert asked["state"] == "requested"
    assert [asking["username"] for asking in run("alice", "group", "requests", "Journey")[1][0]] == ["carol"]
    assert run("alice", "group", "deny", "Journey", "@carol") == (0, [], "")
    run("carol", "group", "join", link["url"])
    _, (joined,), _ = run("alice", "group", "approve", "Journey", "@carol")
    assert joined["members"] == ["alice", "bob", "carol"]
    assert [link["uses"] for link in run("alice", "group", "link", "list", "Journey")[1][0]] == [1]
    assert run("alice", "group", "link", "revoke", "Journey", link["link_id"]) == (0, [], "")
    _, (muted,), _ = run("bob", "group", "mute", "Journey", "@carol", "--hours", "1")
    assert [(person["username"], person["muted_until"][-1]) for person in muted["muted"]] == [("carol", "Z")]
    assert run("bob", "group", "unmute", "Journey", "@carol")[1][0]["muted"] == []
    run("bob", "group", "ban", "Journey", "@carol")
    _, (page,), _ = run("alice", "group", "audit", "Journey", "--limit", "2")
    assert [(deed["kind"], deed["by"]["username"]) for deed in page["deeds"]] == [("banned", "bob"), ("unmuted", "bob")]
    assert run("alice", "group", "audit", "Journey", "--before", str(page["next"]))[1][0]["deeds"][0]["kind"] == "muted"
    assert "ban" in run("alice", "group", "add", "Journey", "@carol")[2]
    run("alice", "group", "unban", "Journey", "@carol")
    assert run("bob", "group", "leave", "Journey")[1][0]["status"] == "removed"
    for words in (["role", "Journey", "@carol", "king"], ["permit", "Journey", "fly", "owner"], ["join", "nowhere"]):
        code, out, complaint = run("alice", "group", *words)
        assert (code, out, complaint.count("\n")) == (2, [], 1)


def test_marks_reach_another_profile(run, register, tmp_path):
    alice = register("alice")
    register("bob")
    _, (sent,), _ = run("alice", "send", "--to", "@bob", "hello")
    where = sent["conversation_id"]
    _, (marks,), _ = run("alice", "mark", where, "--archived", "--folder", "Work", "--mute", "always")
    assert (marks["archived"], marks["folder"], marks["muted_until"]) == (True, "Work", "always")
    (tmp_path / "key").write_text(alice["recovery_key"])
    words = ["--username", "alice", "--password-file", str(tmp_path / "password")]
    run("phone", "login", *SERVER, *words, "--recovery-key-file", str(tmp_path / "key"))
    assert run("phone", "settings")[1] == [{where: marks}]
    run("phone", "mark", where, "--no-archived", "--folder", "", "--mute", "")
    assert run("alice", "settings")[1] == [{}]
    code, out, complaint = run("alice", "mark", where, "--mute", "soon")
    assert (code, out, complaint.count("\n")) == (2, [], 1)


def test_safety_numbers_are_compared(run, register):
    register("alice")
    register("bob")
    (shown,) = run("bob", "verify", "@alice")[1]
    _, (verified,), _ = run("alice", "verify", "bob", "--number", shown["number"])
    assert (shown["verified"], verified["verified"], verified["number"]) == (False, True, shown["number"])
    assert run("alice", "verify", "bob")[1] == [verified]
    assert run("alice", "verify", "bob", "--forget")[1] == [verified | {"verified": False}]
    for wrong in (["--number", "1" * 60], ["--number", "1"], ["--number", "1" * 60, "--forget"]):
        code, out, complaint = run("alice", "verify", "bob", *wrong)
        assert (code, out, complaint.count("\n")) == (2, [], 1)


def test_recovery_key_is_shown_until_printed(run, register, server, tmp_path):
    register("alice")
    words = ["--username", "alice", "--email", "a@x.test", "--password-file", str(tmp_path / "password")]
    code, out, complaint = run("alice", "register", *SERVER, *words)
    assert (code, out) == (2, []) and "registered already" in complaint


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["send", "--to", "@nobody", "x"], "nobody"),
        (["send", "--to", "@alice", ""], "nothing to send"),
        (["send", "--to", "@alice", "x" * 20_000], "at most"),
        (["send", "--to", "no such group", "x"], "no conversation"),
        (["send", "--to", "01a20e54-02f6-73b5-ba3a-c2ddfe8a0272", "x"], "no such conversation"),
        (["send", "--too", "@alice", "x"], "--too"),
        (["sing"], "sing"),
        (["group", "create", "", "@alice"], "name"),
        (["receive", "--timeout", "-1"], "--timeout"),
    ],
)
def test_complaints_are_one_sentence(run, register, words, expected):
    register("alice")
    code, out, complaint = run("alice", *words)
    assert (code, out) == (2, [])
    assert expected in complaint and complaint.count("\n") == 1 and "Traceback" not in complaint


@pytest.mark.parametrize("server_name", ["http://parley.test", "https://", "https://parley.test/path"])
def test_server_must_be_https(run, tmp_path, server_name):
    words = ["--username", "alice", "--password-file", str(tmp_path / "password")]
    code, _, complaint = run("alice", "login", "--server", server_name, *words)
    assert code == 2 and complaint


def test_taken_name_and_wrong_password(run, register, tmp_path):
    register("alice")
    words = ["--username", "alice", "--email", "m@x.test", "--password-file", str(tmp_path / "password")]
    assert run("other", "register", *SERVER, *words)[0::2] == (2, "This user name is taken.\n")
    (tmp_path / "password").write_text("wrong\n")
    (tmp_path / "key").write_text("PARLEY-0000\n")
    words = ["--username", "alice", "--password-file", str(tmp_path / "password")]
    assert "recovery key" in run("other2", "login", *SERVER, *words)[2]
    words += ["--recovery-key-file", str(tmp_path / "key")]
    assert run("other2", "login", *SERVER, *words)[0] == 2
    assert "cannot be read" in run("other2", "login", *SERVER, *words[:-1], str(tmp_path / "none"))[2]


def test_network_is_another_exit_code(run, register, server, no_pauses):
    register("alice")
    server.fault = lambda request: "lose_request"
    code, out, complaint = run("alice", "conversations", "--json")
    assert (code, out) == (1, []) and complaint.count("\n") == 1


def test_unreachable_server_over_tls(tmp_path, capsys):
    (tmp_path / "password").write_text("a long enough password\n")
    words = ["--username", "alice", "--email", "a@x.test", "--password-file", str(tmp_path / "password")]
    code = main(["--profile", str(tmp_path / "p"), "register", "--server", "https://127.0.0.1:9", *words])
    assert code == 1 and "cannot be reached" in capsys.readouterr().err
    code = main(
        ["--profile", str(tmp_path / "p"), "register", "--server", "https://127.0.0.1:9", "--ca", "/no", *words]
    )
    assert code == 2


def test_profile_is_private_and_single(tmp_path):
    store = SqliteStore(tmp_path / "p")
    with pytest.raises(ProfileInUse):
        SqliteStore(tmp_path / "p", lock_timeout_s=0.1)
    assert (tmp_path / "p").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "p" / "client.db").stat().st_mode & 0o777 == 0o600
    store.close()
    SqliteStore(tmp_path / "p", lock_timeout_s=0.1).close()


class Lines:
    """Standard input and output of a JSON-RPC session, in memory."""

    def __init__(self):
        reader, writer = os.pipe()
        self.source, self._input = os.fdopen(reader, "rb"), os.fdopen(writer, "wb")
        self.sink = io.BytesIO()
        self._ids = iter(range(1, 1000))

    def ask(self, method, **params):
        number = next(self._ids)
        self.say({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return number

    def say(self, message):
        self._input.write((message if isinstance(message, bytes) else json.dumps(message).encode()) + b"\n")
        self._input.flush()

    def end(self):
        self._input.close()

    def close(self):
        self.source.close()

    @property
    def written(self):
        return [json.loads(line) for line in self.sink.getvalue().splitlines()]

    async def answer(self, number):
        return await self.until(lambda message: message.get("id") == number)

    async def until(self, wanted):
        while True:
            for message in self.written:
                if wanted(message):
                    return message
            await asyncio.sleep(0.01)


async def test_jsonrpc_talks(people):
    alice, bob = await people.register("alice"), await people.register("bob")
    lines = Lines()
    serving = asyncio.create_task(serve(bob, lines.source, lines.sink))
    first, second = lines.ask("send", to="@alice", text="one"), lines.ask("whoami")
    assert (await lines.answer(second))["result"]["username"] == "bob"
    assert set((await lines.answer(first))["result"]) == {"conversation_id", "client_id", "sequence"}
    await alice.send("@bob", "two")
    notes = await lines.until(lambda m: m.get("method") == "message")
    assert notes["params"]["text"] == "two" and "id" not in notes
    received = (await lines.answer(lines.ask("receive", timeout_s=1)))["result"]
    assert [m["text"] for m in received] == ["two"]
    assert (await lines.answer(lines.ask("receive")))["result"] == []
    whole = (await lines.answer(lines.ask("receive", history=True)))["result"]
    assert [m["text"] for m in whole] == ["one", "two"]
    made = (await lines.answer(lines.ask("group.create", name="Trip", members=["@alice"])))["result"]
    assert made["members"] == ["alice", "bob"]
    listed = (await lines.answer(lines.ask("conversations")))["result"]
    assert {c["kind"] for c in listed} == {"direct", "group"}
    lines.end()
    await serving
    lines.close()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", -32700),
        (b"[1]", -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"sing"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"send","params":{}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"send","params":{"to":"@a","text":"x","why":1}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"whoami"}', -32000),
        (b'"' + b"x" * LINE_SIZE_BYTES_MAX + b'"', -32700),
    ],
)
async def test_jsonrpc_answers_nonsense(people, line, code):
    lines = Lines()
    threading.Thread(target=lambda: (lines.say(line), lines.end())).start()
    await serve(people.open("new"), lines.source, lines.sink)
    lines.close()
    assert lines.written[0]["error"]["code"] == code
    assert lines.written[0]["error"]["data"]["slug"]


async def test_jsonrpc_send_waits_for_the_server(people, server, no_pauses):
    await people.register("alice")
    bob = await people.register("bob")
    server.fault = lambda request: "lose_request"
    lines = Lines()
    serving = asyncio.create_task(serve(bob, lines.source, lines.sink))
    number = lines.ask("send", to="@alice", text="patience")
    await asyncio.sleep(0.1)
    assert not [message for message in lines.written if "id" in message]
    server.fault = lambda request: None
    assert "result" in await lines.answer(number)
    lines.end()
    await serving
    lines.close()
    assert not isinstance(serving.exception(), NetworkError)


def test_a_refused_name_does_not_bind_the_profile(run, register, tmp_path):
    register("alice")
    words = ["--email", "m@x.test", "--password-file", str(tmp_path / "password")]
    assert run("other", "register", *SERVER, "--username", "alice", *words)[0] == 2
    assert run("other", "register", *SERVER, "--username", "mallory", *words)[0] == 0
    assert run("other", "whoami")[1][0]["username"] == "mallory"
    assert run("other", "register", *SERVER, "--username", "alice", *words)[0] == 2


def test_a_newcomer_reads_the_history_that_a_group_shares(run, register):
    for name in ("alice", "bob"):
        register(name)
    assert run("alice", "group", "create", "Garden", "@alice")[0] == 0
    code, (info,), _ = run("alice", "group", "history", "Garden", "on")
    assert code == 0 and info["history_sharing"]
    run("alice", "send", "--to", "Garden", "said before")
    assert run("alice", "group", "add", "Garden", "@bob")[0] == 0
    assert run("bob", "receive", "--json")[0] == 0
    _, lines, _ = run("bob", "receive", "--json", "--history")
    assert [line["text"] for line in lines] == ["said before"]
    code, _, said = run("bob", "group", "history", "Garden", "ask")
    assert code != 0 and said.startswith("what was shared from before you joined is here already")
    assert run("alice", "group", "history", "Garden", "perhaps")[0] != 0


def test_the_log_of_people_s_keys_is_shown(run, register, server):
    register("alice")
    code, (status,), _ = run("alice", "transparency")
    assert code == 0 and (status["state"], status["size"], status["alarms"]) == ("self_audited", 1, [])
    assert run("alice", "transparency", "--at-least", "1")[0] == 2
    witness = ["--witness", server.key_log.signer.text(), "--at-least", "1"]
    assert run("alice", "transparency", *witness)[1][0]["at_least"] == 1
    assert run("alice", "transparency", "--at-least", "0")[1][0]["witnesses"] == []
    server.key_log.leaves.clear()
    server.log_statements = lambda: server.key_log
    assert run("alice", "transparency")[1][0]["state"] == "alarm"
    server.log_statements = type(server).log_statements.__get__(server)
    assert run("alice", "transparency", "--start-anew")[1][0]["state"] == "self_audited"

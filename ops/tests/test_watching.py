"""Auditor and witness of a log of people's keys, against a server that keeps it well and one that cheats."""

import json
import stat
import time

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from parley_contracts.checkpoints import (
    Checkpoint,
    NoteKey,
    open_note,
    origin_of,
    parse_checkpoint,
    sign_head,
    write_note,
)
from parley_contracts.encoding import b64encode
from parley_contracts.ids import new_uuid7
from parley_contracts.key_log import encode_leaves, leaf_of
from parley_contracts.merkle import consistency_proof, root_of
from parley_mls import default_primitives
from parley_ops.errors import OperationError, UsageError
from parley_ops.watching import key_log
from parley_ops.watching.key_log import Contradiction

ORIGIN = origin_of("chat.example")
NAME = "watch.example"


class Log:
    """A server's log as `WatchedServer` would answer for it."""

    netloc = "chat.example"

    def __init__(self, leaves=(), seed=bytes(32)) -> None:
        self.leaves = list(leaves)
        self.private = Ed25519PrivateKey.from_private_bytes(seed)
        self.behind = 0
        self.cosigned: list[str] = []
        self.pages = 7
        self.change = lambda path, answer: answer

    @property
    def key(self) -> NoteKey:
        return NoteKey(ORIGIN, self.private.public_key().public_bytes_raw())

    def grow(self, count) -> None:
        self.leaves += [leaf_of(new_uuid7(), 1, b"statement") for _ in range(count)]

    def get_json(self, path: str) -> bytes:
        name, _, query = path.rpartition("/")[2].partition("?")
        numbers = {key: int(value) for key, _, value in (part.partition("=") for part in query.split("&") if part)}
        return json.dumps(self.change(name, getattr(self, f"_{name}")(**numbers))).encode()

    def post_json(self, path: str, body) -> bytes:
        self.cosigned.append(msgspec.to_builtins(body)["checkpoint"])
        return b""

    def _head(self) -> dict:
        checkpoint = Checkpoint(ORIGIN, len(self.leaves), root_of([leaf.hash for leaf in self.leaves]))
        said = sign_head(checkpoint, int(time.time()) - self.behind, self.private.sign)
        return {"key": self.key.text(), "checkpoint": write_note(checkpoint, self.key, said), "witnessed": []}

    def _leaves(self, first, size) -> dict:
        return {"first": first, "leaves": b64encode(encode_leaves(self.leaves[first:size][: self.pages]))}

    def _consistency(self, first, second) -> dict:
        hashes = [leaf.hash for leaf in self.leaves]
        proof = consistency_proof(first, second, lambda start, end: root_of(hashes[start:end]))
        return {"hashes": [b64encode(step) for step in proof]}


@pytest.fixture
def log():
    kept = Log()
    kept.grow(20)
    return kept


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state.json"


def watch(log, state, folder, **changes):
    private, name = key_log.witness_key(folder / "witness.key", NAME)
    return key_log.witness(log, state, private, name, changes.get("log_key"))


def audit(log, state, **changes):
    return key_log.audit(log, state, changes.get("log_key"), time.time())


# --- audits


def test_a_sound_log_is_read_whole(log, state):
    found = audit(log, state)
    assert (found.size, found.people, found.irregular, found.stale, found.continues) == (20, 20, [], False, 0)
    log.grow(5)
    assert (audit(log, state).size, audit(log, state).continues) == (25, 25)
    assert audit(log, None, log_key=log.key.text()).key == log.key.text()


def test_versions_that_are_not_in_order_are_told(log, state):
    somebody = new_uuid7()
    log.leaves += [leaf_of(somebody, 1, b"one"), leaf_of(somebody, 1, b"another one")]
    assert len(audit(log, state).irregular) == 1


def test_an_old_head_is_told(log, state):
    log.behind = 2 * 24 * 3600
    assert audit(log, state).stale


@pytest.mark.parametrize("cheat", ["rolled back", "changed", "reordered"])
def test_a_log_that_does_not_continue_is_a_contradiction_for_good(log, state, cheat):
    audit(log, state)
    kept = list(log.leaves)
    log.leaves = {
        "rolled back": kept[:-1],
        "changed": [*kept[:-1], leaf_of(new_uuid7(), 1, b"other")],
        "reordered": [*kept[:-2], kept[-1], kept[-2]],
    }[cheat]
    log.grow(0 if cheat == "rolled back" else 3)
    with pytest.raises(Contradiction):
        audit(log, state)
    log.leaves = kept
    with pytest.raises(Contradiction, match="contradicted itself before"):
        audit(log, state)
    evidence = json.loads(state.with_name("state.json.contradiction").read_bytes())
    assert open_note(evidence["checkpoint"], log.key, ORIGIN, default_primitives().verify)


@pytest.mark.parametrize("place", ["leaves", "first", "checkpoint", "key"])
def test_answers_that_do_not_fit_are_refused(log, place):
    def change(name, answer):
        if place not in answer:
            return answer
        value = answer[place]
        return answer | {place: value + 1 if isinstance(value, int) else value[:-2] + "AA"}

    log.change = change
    with pytest.raises(OperationError):
        audit(log, None)


def test_pages_that_never_end_are_refused(log):
    log.pages = 0
    with pytest.raises(Contradiction):
        audit(log, None)


def test_another_key_than_before_or_than_given_is_refused(log, state):
    audit(log, state)
    with pytest.raises(Contradiction):
        audit(Log(log.leaves, seed=bytes(31) + b"x"), state)
    with pytest.raises(OperationError):
        audit(log, None, log_key=Log(seed=bytes(31) + b"x").key.text())


# --- witnesses


def test_a_witness_signs_what_continues(log, state, tmp_path):
    sizes = []
    for count in (0, 5, 0, 300):
        log.grow(count)
        sizes.append(watch(log, state, tmp_path).size)
    assert sizes == [20, 25, 25, 325]
    private, name = key_log.witness_key(tmp_path / "witness.key", None)
    key = NoteKey(name, private.public_key().public_bytes_raw())
    said = [open_note(note, key, ORIGIN, default_primitives().verify) for note in log.cosigned]
    assert [head.root for head in said] == [root_of([leaf.hash for leaf in log.leaves[:size]]) for size in sizes]
    assert stat.S_IMODE((tmp_path / "witness.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("cheat", ["rolled back", "changed", "same size", "wrong proof", "no proof"])
def test_a_witness_signs_no_log_that_does_not_continue(log, state, tmp_path, cheat):
    watch(log, state, tmp_path)
    kept = list(log.leaves)
    if cheat in {"wrong proof", "no proof"}:
        log.grow(3)
        hashes = [] if cheat == "no proof" else [b64encode(bytes(32))] * 4
        log.change = lambda name, answer: {"hashes": hashes} if name == "consistency" else answer
    else:
        log.leaves = kept[:-1] + ([] if cheat == "rolled back" else [leaf_of(new_uuid7(), 1, b"other")])
        log.grow(3 if cheat == "changed" else 0)
    with pytest.raises(Contradiction):
        watch(log, state, tmp_path)
    log.leaves, log.change = kept, lambda name, answer: answer
    with pytest.raises(Contradiction):
        watch(log, state, tmp_path)
    assert len(log.cosigned) == 1


def test_a_witness_keeps_what_it_signs_before_it_hands_it_over(log, state, tmp_path):
    def away(path, body):
        raise OperationError("The server does not answer.")

    log.post_json = away
    with pytest.raises(OperationError):
        watch(log, state, tmp_path)
    assert json.loads(state.read_bytes())["size"] == 20


@pytest.mark.parametrize("content", ["", "one", "two words\n" + "00" * 32, "a+b\n" + "00" * 32, "name\nxyz"])
def test_what_is_no_witness_key_is_refused(tmp_path, content):
    (tmp_path / "witness.key").write_text(content)
    with pytest.raises(UsageError):
        key_log.witness_key(tmp_path / "witness.key", NAME)
    with pytest.raises(UsageError):
        key_log.witness_key(tmp_path / "missing.key", None)


def test_repeating_goes_on_after_what_passes_and_ends_at_a_contradiction(monkeypatch):
    outcomes = iter([None, OperationError("away"), None, Contradiction("lies")])
    said = []

    def work():
        outcome = next(outcomes)
        if outcome is not None:
            raise outcome

    monkeypatch.setattr(key_log.time, "sleep", lambda seconds: None)
    with pytest.raises(Contradiction):
        key_log.repeat(work, 1, said.append)
    assert said == ["away"]


def test_the_checkpoint_is_that_of_this_server(log, state):
    log.change = lambda name, answer: (
        answer | {"checkpoint": answer["checkpoint"].replace("chat.example", "evil.example")}
        if name == "head"
        else answer
    )
    assert parse_checkpoint(log._head()["checkpoint"])[0].origin == ORIGIN
    with pytest.raises(OperationError):
        audit(log, state)

"""Signed notes of checkpoints: as they are written, and that nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_contracts.checkpoints import (
    HEAD_SIZE_BYTES,
    Checkpoint,
    CheckpointError,
    Head,
    NoteKey,
    open_note,
    origin_of,
    parse_checkpoint,
    parse_key,
    sign_head,
    write_note,
)
from parley_mls import DecodeError, default_primitives

P = default_primitives()
SEED = bytes(range(32))
ORIGIN = origin_of("chat.example:8443")
LOG = NoteKey(ORIGIN, P.ed25519_public(SEED))
CHECKPOINT = Checkpoint(ORIGIN, 3, bytes(range(32)))
HEAD = sign_head(CHECKPOINT, 1_700_000_000, lambda message: P.sign(SEED, message))
NOTE = write_note(CHECKPOINT, LOG, HEAD)


def test_a_note_is_written_as_the_specification_has_it():
    text, signatures = NOTE.split("\n\n")
    assert text == "chat.example:8443/keys\n3\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    assert signatures.startswith("\u2014 chat.example:8443/keys ") and signatures.endswith("\n")
    signed = b"cosignature/v1\ntime 1700000000\n" + text.encode() + b"\n"
    assert P.verify(LOG.key, signed, HEAD.signature)


def test_what_was_written_is_read():
    assert open_note(NOTE, LOG, ORIGIN, P.verify) == HEAD
    assert parse_key(LOG.text()) == LOG
    assert parse_checkpoint(NOTE)[0] == CHECKPOINT
    assert Head.decode(HEAD.encode()) == HEAD and len(HEAD.encode()) == HEAD_SIZE_BYTES


def test_other_signatures_beside_it_do_not_matter():
    witness = NoteKey("witness.example", P.ed25519_public(bytes(32)))
    second = sign_head(CHECKPOINT, 1_700_000_100, lambda message: P.sign(bytes(32), message))
    both = NOTE + write_note(CHECKPOINT, witness, second).partition("\n\n")[2]
    assert open_note(both, witness, ORIGIN, P.verify) == second
    assert open_note(both, LOG, ORIGIN, P.verify) == HEAD
    with pytest.raises(CheckpointError):
        open_note(NOTE, witness, ORIGIN, P.verify)


@pytest.mark.parametrize("at", range(0, len(NOTE), 3))
def test_a_changed_character_is_refused(at):
    changed = NOTE[:at] + ("x" if NOTE[at] != "x" else "y") + NOTE[at + 1 :]
    with pytest.raises(CheckpointError):
        open_note(changed, LOG, ORIGIN, P.verify)


def test_a_checkpoint_of_another_log_is_refused():
    with pytest.raises(CheckpointError):
        open_note(NOTE, LOG, origin_of("evil.example"), P.verify)


@given(st.one_of(st.text(max_size=300), st.binary(max_size=300).map(lambda raw: raw.decode("latin-1"))))
def test_any_text_is_a_typed_refusal(text):
    with pytest.raises(CheckpointError):
        open_note(text, LOG, ORIGIN, P.verify)
    with pytest.raises(CheckpointError):
        parse_key(text)


@pytest.mark.parametrize("size", ["-1", "01", "+1", " 1", "1e3", "4000001", "9" * 30, "\u0661"])
def test_odd_sizes_are_refused(size):
    with pytest.raises(CheckpointError):
        parse_checkpoint(NOTE.replace("\n3\n", f"\n{size}\n"))


@given(st.binary(max_size=HEAD_SIZE_BYTES + 8).filter(lambda raw: len(raw) != HEAD_SIZE_BYTES))
def test_heads_of_another_size_are_refused(raw):
    with pytest.raises(DecodeError):
        Head.decode(raw)

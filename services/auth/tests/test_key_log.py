"""The log of people's keys: what becomes a leaf, what its heads and proofs say, and whose signatures stand below them."""

import importlib
import threading
import time

import pytest
from django.apps import apps
from django.db import connection, transaction

from parley_auth import keyring
from parley_auth.directory import key_log
from parley_auth.directory.models import KeyLogBlock, KeyLogLeaf
from parley_contracts.checkpoints import NoteKey, open_note, parse_checkpoint, parse_key, sign_head, write_note
from parley_contracts.encoding import b64decode
from parley_contracts.ids import new_uuid7
from parley_contracts.key_log import decode_leaves, leaf_of
from parley_contracts.merkle import proves_consistency, root_of
from parley_mls import default_primitives

P = default_primitives()
WITNESS_SEED = bytes(range(32))
WITNESS = NoteKey("witness.example", P.ed25519_public(WITNESS_SEED))


def head(api):
    """The newest checkpoint, its signature checked by the key beside it."""
    answer = api.get("key-log/head").body
    key = parse_key(answer["key"])
    return open_note(answer["checkpoint"], key, key.name, P.verify)


def leaves(api, size):
    found = []
    while len(found) < size:
        page = api.get(f"key-log/leaves?first={len(found)}&size={size}").body
        assert page["first"] == len(found)
        found += decode_leaves(b64decode(page["leaves"]))
    return found


def append(count):
    with transaction.atomic():
        for _ in range(count):
            key_log.append_leaf(new_uuid7(), 1, new_uuid7().encode())


def cosigned(api, seed=WITNESS_SEED, seconds=None, change=lambda checkpoint: checkpoint):
    """The newest checkpoint as a note of a witness."""
    checkpoint = change(parse_checkpoint(api.get("key-log/head").body["checkpoint"])[0])
    said = sign_head(checkpoint, seconds or int(time.time()), lambda message: P.sign(seed, message))
    return {"checkpoint": write_note(checkpoint, NoteKey(WITNESS.name, P.ed25519_public(seed)), said)}


@pytest.fixture
def witnessed(monkeypatch):
    """The operator has named one witness."""
    monkeypatch.setattr(key_log, "key_log_witnesses", lambda: (WITNESS,))


def test_every_statement_becomes_a_leaf_once(anonymous, make_person):
    one, other = make_person(), make_person()
    first, second = one.statement(), other.statement()
    for person, body in ((one, first), (other, second), (one, first)):
        assert person.api.put("me/statements/1", body).status == 200
    third = one.statement(2)
    assert one.api.put("me/statements/2", third).status == 200
    assert one.api.put("me/statements/4", one.statement(4)).status == 409
    assert leaves(anonymous, head(anonymous).size) == [
        leaf_of(one.user_id, 1, b64decode(first["statement"])),
        leaf_of(other.user_id, 1, b64decode(second["statement"])),
        leaf_of(one.user_id, 2, b64decode(third["statement"])),
    ]


def test_an_empty_log_has_a_head(anonymous):
    assert (head(anonymous).size, head(anonymous).root) == (0, root_of([]))
    assert anonymous.get("key-log/leaves?first=0&size=0").problem == "not_found"
    assert abs(head(anonymous).time - time.time()) < 60


def test_heads_leaves_and_proofs_agree_over_blocks(anonymous):
    heads = []
    for count in (1, 254, 1, 1, 300):
        append(count)
        heads.append(head(anonymous))
    assert [said.size for said in heads] == [1, 255, 256, 257, 557]
    hashes = [leaf.hash for leaf in leaves(anonymous, 557)]
    assert [said.root for said in heads] == [root_of(hashes[: said.size]) for said in heads]
    assert KeyLogBlock.objects.count() == 2
    for old in heads:
        for new in heads:
            answer = anonymous.get(f"key-log/consistency?first={old.size}&second={new.size}")
            if old.size > new.size:
                assert answer.problem == "not_found"
            else:
                proof = [b64decode(step) for step in answer.body["hashes"]]
                assert proves_consistency(old.size, old.root, new.size, new.root, proof)


def test_a_page_is_bounded(anonymous, monkeypatch):
    monkeypatch.setattr(key_log, "KEY_LOG_PAGE_MAX", 4)
    append(10)
    assert len(decode_leaves(b64decode(anonymous.get("key-log/leaves?first=3&size=10").body["leaves"]))) == 4
    assert len(leaves(anonymous, 10)) == 10


@pytest.mark.parametrize("query", ["first=0&size=3", "first=2&size=2", "first=1&size=0"])
def test_leaves_that_are_not_there(anonymous, query):
    append(2)
    assert anonymous.get(f"key-log/leaves?{query}").problem == "not_found"


@pytest.mark.parametrize(
    "query", ["", "first=-1&size=1", "first=x&size=1", "first=0&size=9999999999", "first=\u0661&size=1"]
)
def test_odd_numbers_are_refused(anonymous, query):
    assert anonymous.get(f"key-log/leaves?{query}").problem == "invalid_request"
    assert anonymous.get(f"key-log/consistency?{query}").problem == "invalid_request"


def test_statements_from_before_the_log_are_its_beginning(anonymous, make_person):
    for _ in range(3):
        person = make_person()
        person.api.put("me/statements/1", person.statement())
    before = leaves(anonymous, 3)
    KeyLogLeaf.objects.all().delete()
    importlib.import_module("parley_auth.directory.migrations.0002_key_log").add_statements(apps, None)
    assert leaves(anonymous, head(anonymous).size) == before


def test_a_witness_s_signature_is_handed_on(anonymous, witnessed):
    append(3)
    assert anonymous.post("key-log/cosignatures", cosigned(anonymous)).status == 204
    append(2)
    (note,) = anonymous.get("key-log/head").body["witnessed"]
    said = open_note(note, WITNESS, "chat.example:8443/keys", P.verify)
    assert (said.size, said.root) == (3, root_of([leaf.hash for leaf in leaves(anonymous, 3)]))


def test_an_older_signature_replaces_no_newer_one(anonymous, witnessed):
    append(1)
    now = int(time.time())
    anonymous.post("key-log/cosignatures", cosigned(anonymous, seconds=now))
    append(1)
    assert anonymous.post("key-log/cosignatures", cosigned(anonymous, seconds=now - 5)).status == 204
    (note,) = anonymous.get("key-log/head").body["witnessed"]
    assert parse_checkpoint(note)[0].size == 1


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"seed": bytes(32)}, "not_found"),
        ({"change": lambda c: type(c)(c.origin, c.size, bytes(32))}, "invalid_request"),
        ({"change": lambda c: type(c)(c.origin, c.size + 1, c.root)}, "invalid_request"),
        ({"change": lambda c: type(c)("evil.example/keys", c.size, c.root)}, "invalid_request"),
    ],
)
def test_other_signatures_are_refused(anonymous, witnessed, changes, problem):
    append(1)
    assert anonymous.post("key-log/cosignatures", cosigned(anonymous, **changes)).problem == problem
    assert anonymous.get("key-log/head").body["witnessed"] == []


@pytest.mark.parametrize("text", ["", "x", "a\n1\nb\n\n", "\ud83d" * 9000, "\n\n" * 100])
def test_what_is_no_checkpoint_is_refused(anonymous, witnessed, text):
    assert anonymous.post("key-log/cosignatures", {"checkpoint": text}).status in {400, 413}


def test_witnesses_are_read_from_the_operator_s_file(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(settings.CONFIG, "secrets_dir", tmp_path)
    keyring.key_log_witnesses.cache_clear()
    (tmp_path / keyring.KEY_LOG_WITNESSES_FILE).write_text(f"\n{WITNESS.text()}\n\n")
    try:
        assert keyring.key_log_witnesses() == (WITNESS,)
        keyring.key_log_witnesses.cache_clear()
        (tmp_path / keyring.KEY_LOG_WITNESSES_FILE).write_text(WITNESS.text()[:-3])
        with pytest.raises(keyring.ConfigError):
            keyring.key_log_witnesses()
    finally:
        keyring.key_log_witnesses.cache_clear()


@pytest.mark.django_db(transaction=True)
def test_leaves_of_many_writers_have_no_gap():
    def write():
        append(5)
        connection.close()

    writers = [threading.Thread(target=write) for _ in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert list(KeyLogLeaf.objects.order_by("position").values_list("position", flat=True)) == list(range(30))


def test_new_statements_are_limited(person, default_limits):
    body = person.statement()
    answers = [person.api.put("me/statements/1", body) for _ in range(31)]
    assert [answer.status for answer in answers] == [200] * 30 + [429]

"""Account statements and the vault."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import new_uuid7
from parley_mls import default_primitives, generate_signature_key

P = default_primitives()


def test_statement_and_vault_come_back(person):
    body = person.statement(vault=b"v" * 4096)
    stored = person.api.put("me/statements/1", body)
    assert stored.status == 200
    assert stored.body == {"version": 1, "statement": body["statement"], "signature": body["signature"]}
    assert person.api.get("me/vault").body == {"version": 1, "vault": body["vault"]}
    identity = person.api.get(f"users/{person.user_id}/identity").body
    assert identity == {"user_id": person.user_id, "statements": [stored.body], "devices": []}


def test_same_statement_again_is_no_change(person):
    body = person.statement()
    assert person.api.put("me/statements/1", body).status == 200
    assert person.api.put("me/statements/1", body).status == 200
    assert len(person.api.get(f"users/{person.user_id}/identity").body["statements"]) == 1


def test_other_statement_of_a_version_is_stale(person):
    person.api.put("me/statements/1", person.statement())
    answer = person.api.put("me/statements/1", person.statement(vault=b"another"))
    assert (answer.status, answer.problem, answer.body["version"]) == (409, "version_stale", 1)
    assert person.api.get("me/vault").body["vault"] == b64encode(b"sealed vault")


def test_versions_have_no_gap(person):
    assert person.api.put("me/statements/2", person.statement(2)).problem == "version_stale"
    person.api.put("me/statements/1", person.statement())
    answer = person.api.put("me/statements/3", person.statement(3))
    assert (answer.problem, answer.body["version"]) == ("version_stale", 1)


def test_next_version_replaces_vault_and_keeps_root(person):
    person.api.put("me/statements/1", person.statement())
    person.signing_seed, person.signing_key = generate_signature_key(P)
    assert person.api.put("me/statements/2", person.statement(2, vault=b"second")).status == 200
    assert person.api.get("me/vault").body == {"version": 2, "vault": b64encode(b"second")}
    identity = person.api.get(f"users/{person.user_id}/identity").body
    assert [statement["version"] for statement in identity["statements"]] == [1, 2]


def test_other_root_key_is_refused(person):
    person.api.put("me/statements/1", person.statement())
    person.make_keys()
    assert person.api.put("me/statements/2", person.statement(2)).problem == "conflict"


@pytest.mark.parametrize(
    "change",
    [
        {"server_name": "evil.example"},
        {"user_id": new_uuid7()},
        {"version": 2},
        {"vault_hash": bytes(32)},
        {"root_key": bytes(32)},
        {"root_key": b"\xff" * 32},
        {"root_key": (1).to_bytes(32, "little")},
    ],
)
def test_wrong_statement_is_refused(person, change):
    answer = person.api.put("me/statements/1", person.statement(**change))
    assert (answer.status, answer.problem) == (400, "invalid_request")
    assert person.api.get("me/vault").problem == "not_found"


def test_statement_signed_by_another_key_is_refused(person):
    body = person.statement()
    person.root_seed, _ = generate_signature_key(P)
    forged = person.statement()
    answer = person.api.put("me/statements/1", body | {"signature": forged["signature"]})
    assert (answer.problem, answer.body["field"]) == ("invalid_request", "signature")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_changed_byte_is_refused(person, data):
    body = person.statement()
    member = data.draw(st.sampled_from(sorted(body)))
    raw = bytearray(b64decode(body[member]))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    answer = person.api.put("me/statements/1", body | {member: b64encode(bytes(raw))})
    assert (answer.status, answer.problem) == (400, "invalid_request")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(person, raw):
    answer = person.api.put("me/statements/1", person.statement() | {"statement": b64encode(raw)})
    assert answer.problem == "invalid_request"


@pytest.mark.parametrize("member", ["statement", "signature", "vault"])
def test_oversize_members_are_refused(person, member):
    answer = person.api.put("me/statements/1", person.statement() | {member: "A" * 40_000})
    assert (answer.status, answer.problem) == (413, "too_large")
    assert answer.body["limit_bytes"] > 0


@pytest.mark.parametrize("text", ["=", "AA==", "A", "a b", "é", "+/+/", "AB"])
def test_loose_base64_is_refused(person, text):
    assert person.api.put("me/statements/1", person.statement() | {"vault": text}).problem == "invalid_request"


@pytest.mark.parametrize("version", ["0", "-1", "01", "x", "1.0", "9999999999", "\u0661"])
def test_odd_versions_are_not_there(person, version):
    assert person.api.put(f"me/statements/{version}", person.statement()).problem == "not_found"


def test_vault_is_limited(person, default_limits):
    person.api.put("me/statements/1", person.statement())
    answers = [person.api.get("me/vault") for _ in range(21)]
    assert [answer.status for answer in answers] == [200] * 20 + [429]
    assert answers[0].headers["RateLimit"].startswith('"vault";r=19;t=')
    assert answers[-1].problem == "rate_limited"


def test_vault_is_for_its_owner_alone(alice, bob):
    assert bob.api.get(f"users/{alice.user_id}/vault").problem == "not_found"
    assert "vault" not in bob.api.get(f"users/{alice.user_id}/identity").body

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_contracts.encoding import b64encode
from parley_contracts.ids import ConversationId, UserId
from parley_contracts.policy import (
    PolicyDocument,
    Role,
    RosterEntry,
    check_change,
    check_creation,
    decode_policy,
)
from parley_contracts.problems import InvalidRequest, PolicyRefused

A, B, C, D = (UserId(f"00000000-0000-7000-8000-00000000000{n}") for n in "abcd")
CONVERSATION = ConversationId("00000000-0000-7000-8000-000000000000")


def entry(user_id: UserId, role: Role = "member") -> RosterEntry:
    return RosterEntry(user_id, b64encode(user_id[-1:].encode() * 32), role)


def group(*roster: RosterEntry, **changes: Any) -> PolicyDocument:
    return msgspec.structs.replace(PolicyDocument(CONVERSATION, "group", 0, roster), **changes)


OWNED = group(entry(A, "owner"), entry(B), entry(C))


def change(before: PolicyDocument, after: PolicyDocument, actor: UserId, **how: Any) -> None:
    check_change(before, after, **({"actor": actor, "added": (), "removed": (), "external": False} | how))


def test_document_keeps_its_bytes():
    assert decode_policy(OWNED.encode()) == OWNED
    assert OWNED.encode() == decode_policy(OWNED.encode()).encode()


@given(st.binary(max_size=200))
def test_foreign_bytes_raise_only_invalid_request(data: bytes):
    with pytest.raises(InvalidRequest):
        decode_policy(data)


@pytest.mark.parametrize(
    "broken",
    [
        group(entry(A)),
        group(),
        group(entry(A, "owner"), entry(A)),
        group(RosterEntry(A, "AAAA", "owner")),
        group(RosterEntry(UserId("a"), b64encode(bytes(32)), "owner")),
        group(entry(A, "owner"), generation=-1),
        group(entry(A, "owner"), kind="self", conversation_id="x"),
        group(entry(A, "owner"), entry(B), kind="self"),
        group(entry(A, "owner"), entry(B), kind="direct"),
        group(entry(A), kind="direct"),
    ],
)
def test_contradictions_are_refused(broken: PolicyDocument):
    with pytest.raises(InvalidRequest):
        decode_policy(broken.encode())


def test_creator_is_in_it():
    check_creation(OWNED, A)
    check_creation(group(entry(A), entry(B), kind="direct"), B)
    for policy, creator in ((OWNED, B), (OWNED, D), (group(entry(A, "owner"), generation=1), A)):
        with pytest.raises(PolicyRefused):
            check_creation(policy, creator)


ALLOWED = [
    (OWNED, group(*OWNED.roster, entry(D)), A, {"added": {D}}),
    (OWNED, group(entry(A, "owner"), entry(B)), A, {"removed": {C}}),
    (OWNED, group(entry(A, "owner"), entry(C)), B, {}),
    (OWNED, OWNED, B, {"external": True, "added": {B}}),
    (OWNED, OWNED, B, {"external": True, "added": {B}, "removed": {B}}),
    (OWNED, OWNED, B, {"added": {C}}),
    (group(*OWNED.roster, who_may_add="everyone"), group(*OWNED.roster, entry(D), who_may_add="everyone"), B, {}),
    (group(entry(A), entry(B), kind="direct"), group(entry(A), entry(B), kind="direct"), A, {"removed": {B}}),
]
REFUSED = [
    (OWNED, OWNED, D, {}),
    (OWNED, OWNED, D, {"external": True, "added": {D}}),
    (OWNED, OWNED, B, {"external": True, "added": {B, C}}),
    (OWNED, OWNED, B, {"external": True, "added": {B}, "removed": {C}}),
    (OWNED, group(*OWNED.roster, entry(D)), B, {"added": {D}}),
    (OWNED, OWNED, A, {"added": {D}}),
    (OWNED, OWNED, B, {"removed": {C}}),
    (OWNED, group(entry(A, "owner"), entry(B)), B, {"removed": {C}}),
    (OWNED, group(entry(A, "owner"), entry(B, "admin"), entry(C)), B, {}),
    (OWNED, group(entry(A, "owner"), entry(B), entry(C), generation=1), A, {}),
    (OWNED, group(entry(A, "owner"), entry(B), entry(C), timer_s=60), B, {}),
    (group(entry(A, "owner"), entry(B, "admin")), group(entry(A, "owner"), entry(B, "owner")), B, {}),
    (group(entry(A, "owner"), entry(B, "admin")), group(entry(B, "admin")), B, {}),
    (OWNED, group(entry(B)), A, {}),
    (group(entry(A), entry(B), kind="direct"), group(entry(A), entry(C), kind="direct"), A, {}),
    (
        group(*OWNED.roster, who_may_add="everyone"),
        group(*OWNED.roster, entry(D, "admin"), who_may_add="everyone"),
        B,
        {},
    ),
]


@pytest.mark.parametrize(("before", "after", "actor", "how"), ALLOWED)
def test_allowed_changes(before: PolicyDocument, after: PolicyDocument, actor: UserId, how: dict[str, Any]):
    change(before, after, actor, **how)


@pytest.mark.parametrize(("before", "after", "actor", "how"), REFUSED)
def test_refused_changes(before: PolicyDocument, after: PolicyDocument, actor: UserId, how: dict[str, Any]):
    with pytest.raises(PolicyRefused):
        change(before, after, actor, **how)


def test_a_replaced_root_key_is_a_change_that_needs_the_role():
    swapped = group(entry(A, "owner"), RosterEntry(B, b64encode(b"x" * 32), "member"), entry(C))
    change(OWNED, swapped, A)
    with pytest.raises(PolicyRefused):
        change(OWNED, swapped, C)

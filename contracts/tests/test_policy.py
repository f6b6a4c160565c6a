import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_examples import LINK, OWNED, A, B, C, D, entry, group, link

from parley_contracts.encoding import b64encode
from parley_contracts.ids import LinkId, UserId
from parley_contracts.limits import MUTED_UNTIL_S_MAX
from parley_contracts.policy import Mute, Permissions, PolicyDocument, RosterEntry, decode_policy
from parley_contracts.problems import InvalidRequest, Muted, PolicyRefused


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
        group(entry(A, "owner"), entry(A)),
        group(RosterEntry(A, "AAAA", "owner")),
        group(RosterEntry(UserId("a"), b64encode(bytes(32)), "owner")),
        group(entry(A, "owner"), entry(B), banned=(B,)),
        group(entry(A, "owner"), banned=(B, B)),
        group(entry(A, "owner"), banned=(UserId("b"),)),
        group(entry(A, "owner"), muted=(Mute(B), Mute(B, 60))),
        group(entry(A, "owner"), muted=(Mute(UserId("b")),)),
        group(entry(A, "owner"), muted=(Mute(B, 0),)),
        group(entry(A, "owner"), muted=(Mute(B, MUTED_UNTIL_S_MAX + 1),)),
        group(entry(A), entry(B), kind="direct", muted=(Mute(B),)),
        group(entry(A, "owner"), permissions=Permissions(add="guest")),
        group(entry(A, "owner"), permissions=Permissions(permissions="moderator")),
        group(entry(A, "owner"), links=(link(created_by=B),)),
        group(entry(A, "owner"), links=(link(), link())),
        group(entry(A, "owner"), links=(link(public_key="AAAA"),)),
        group(entry(A, "owner"), links=(link(uses=2, uses_max=1),)),
        group(entry(A, "owner"), links=(link(link_id=LinkId("x")),)),
        group(entry(A, "owner"), timer_s=0),
        group(entry(A), entry(B), kind="direct", banned=(C,)),
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


def test_permissions_rise_with_the_role():
    policy = group(entry(A, "owner"), entry(B, "moderator"), entry(C, "guest"), permissions=Permissions(send="member"))
    assert [policy.may(who, "send") for who in (A, B, C, D)] == [True, True, False, False]
    assert [policy.may(who, "remove") for who in (A, B, C, D)] == [True, True, False, False]
    assert [policy.may(who, "add") for who in (A, B, C, D)] == [True, False, False, False]
    direct = group(entry(A), entry(B), kind="direct")
    assert [direct.may(who, "name") for who in (A, B, C)] == [True, True, False]


def test_who_is_muted_is_silent_until_their_time_and_knows_it():
    policy = group(entry(A, "owner"), entry(B), entry(C), muted=(Mute(B, 60), Mute(C)))
    assert [policy.speaks(who, 59.999) for who in (A, B, C, D)] == [True, False, False, False]
    assert [policy.speaks(who, 60) for who in (A, B, C, D)] == [True, True, False, False]
    for who, until in ((B, 60), (C, None)):
        with pytest.raises(Muted) as caught:
            policy.check_speaks(who, 30)
        assert caught.value.to_dict()["until"] == until
    with pytest.raises(PolicyRefused):
        policy.check_speaks(D, 30)
    policy.check_speaks(A, 30)


def test_documents_from_before_mutes_read_on():
    old = group(entry(A, "owner")).encode().replace(b',"muted":[]', b"")
    assert b"muted" not in old
    assert decode_policy(old).muted == ()


def test_a_link_is_open_until_it_is_used_up_or_too_old():
    assert link().is_open(10.0**12)
    assert link(expires_at=100).is_open(99.9) and not link(expires_at=100).is_open(100)
    assert link(uses_max=2, uses=1).is_open(0) and not link(uses_max=2, uses=2).is_open(0)
    assert group(entry(A, "owner"), links=(link(),)).link(LINK) == link()
    assert OWNED.link(LINK) is None


def test_the_last_person_may_be_nobody():
    assert decode_policy(group().encode()).roster == ()

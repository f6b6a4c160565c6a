"""What may change in a group and by whom: examples of each rule, and properties over arbitrary documents."""

import random
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_examples import CONVERSATION, OWNED, A, B, C, D, entry, group, link

from parley_contracts.encoding import b64encode
from parley_contracts.ids import LinkId
from parley_contracts.policy import (
    PERMISSIONS,
    RANKS,
    Link,
    Mute,
    Permissions,
    PolicyDocument,
    Role,
    RosterEntry,
    decode_policy,
)
from parley_contracts.policy_changes import check_change, check_creation, taken_in_again
from parley_contracts.problems import InvalidRequest, PolicyRefused

PEOPLE = (A, B, C, D)
STAFFED = group(entry(A, "owner"), entry(B, "admin"), entry(C, "moderator"), entry(D))
OPEN = Permissions(add="member")
LINKED = group(entry(A, "owner"), entry(B, "moderator"), links=(link(uses_max=1),), permissions=OPEN)

OWNERS = group(entry(A, "owner"), entry(B, "owner"), links=(link(),))


def change(before: PolicyDocument, after: PolicyDocument, actor: str, **how: Any) -> None:
    usual = {"added": (), "removed": (), "present": after.user_ids, "external": False}
    check_change(before, after, actor=actor, **(usual | how))


def with_role(policy: PolicyDocument, user_id: str, role: Role) -> PolicyDocument:
    roster = [entry(e.user_id, role) if e.user_id == user_id else e for e in policy.roster]
    return msgspec.structs.replace(policy, roster=tuple(roster))


def without(policy: PolicyDocument, *user_ids: str, **changes: Any) -> PolicyDocument:
    roster = tuple(e for e in policy.roster if e.user_id not in user_ids)
    return msgspec.structs.replace(policy, roster=roster, **changes)


def altered(policy: PolicyDocument, **changes: Any) -> PolicyDocument:
    return msgspec.structs.replace(policy, **changes)


def test_creator_is_in_it():
    check_creation(OWNED, A)
    check_creation(group(entry(A), entry(B), kind="direct"), B)
    for policy, creator in ((OWNED, B), (OWNED, D), (group(entry(A, "owner"), generation=1), A)):
        with pytest.raises(PolicyRefused):
            check_creation(policy, creator)


ALLOWED = [
    # People, and the devices of people.
    (OWNED, group(*OWNED.roster, entry(D)), A, {"added": {D}}),
    (OWNED, group(*OWNED.roster, entry(D, "guest")), A, {"added": {D}}),
    (OWNED, group(*OWNED.roster, entry(D, "owner")), A, {"added": {D}}),
    (OWNED, without(OWNED, C), A, {"removed": {C}}),
    (OWNED, OWNED, B, {"external": True, "added": {B}}),
    (OWNED, OWNED, B, {"external": True, "added": {B}, "removed": {B}}),
    (OWNED, OWNED, B, {"external": True, "added": {B}, "present": {*OWNED.user_ids, D}}),
    (OWNED, OWNED, B, {"added": {C}}),
    (STAFFED, STAFFED, C, {"removed": {A}}),
    (altered(OWNED, permissions=OPEN), group(*OWNED.roster, entry(D), permissions=OPEN), B, {}),
    (STAFFED, without(STAFFED, D), C, {"removed": {D}}),
    (group(entry(A, "owner"), entry(B, "owner")), group(entry(A, "owner")), A, {"removed": {B}}),
    (group(entry(A), entry(B), kind="direct"), group(entry(A), entry(B), kind="direct"), A, {"removed": {B}}),
    (
        group(entry(A), entry(B), kind="direct"),
        altered(group(entry(A), entry(B), kind="direct"), timer_s=60, retention_s=60),
        B,
        {},
    ),
    # Leaving; the next commit takes the leaf out, whoever makes it.
    (OWNED, without(OWNED, B), B, {"present": OWNED.user_ids}),
    (without(OWNED, B), without(OWNED, B), C, {"removed": {B}}),
    (group(entry(A, "owner")), group(), A, {"present": {A}}),
    (OWNERS, without(OWNERS, A, links=()), A, {"present": {A, B}}),
    # Roles.
    (OWNED, with_role(OWNED, B, "owner"), A, {}),
    (group(entry(A, "owner"), entry(B, "owner")), group(entry(A, "admin"), entry(B, "owner")), A, {}),
    (STAFFED, with_role(STAFFED, D, "moderator"), B, {}),
    (STAFFED, with_role(STAFFED, C, "guest"), B, {}),
    # Bans.
    (STAFFED, without(STAFFED, D, banned=(D,)), C, {"removed": {D}}),
    (OWNED, altered(OWNED, banned=(D,)), A, {}),
    (altered(OWNED, banned=(D,)), OWNED, A, {}),
    # Mutes: of who belongs, and of who does not.
    (STAFFED, altered(STAFFED, muted=(Mute(D),)), C, {}),
    (altered(STAFFED, muted=(Mute(D),)), altered(STAFFED, muted=(Mute(D, 60),)), C, {}),
    (altered(STAFFED, muted=(Mute(D),)), STAFFED, C, {}),
    (STAFFED, altered(STAFFED, muted=(Mute(B), Mute(C))), A, {}),
    (OWNED, altered(OWNED, muted=(Mute(D),)), A, {}),
    (altered(STAFFED, muted=(Mute(D),)), without(STAFFED, D, muted=(Mute(D),)), D, {"present": STAFFED.user_ids}),
    # Links.
    (OWNED, altered(OWNED, links=(link(),)), A, {}),
    (LINKED, altered(LINKED, links=()), A, {}),
    (LINKED, group(*LINKED.roster, entry(C), links=(link(uses_max=1, uses=1),), permissions=OPEN), B, {"added": {C}}),
    # What else stands in the document.
    (STAFFED, altered(STAFFED, timer_s=60, retention_s=60, history_sharing=True), B, {}),
    (STAFFED, altered(STAFFED, permissions=Permissions(send="owner", permissions="admin")), A, {}),
]
LENT = Permissions(permissions="admin")
REFUSED = [
    (OWNED, OWNED, D, {}),
    (OWNED, OWNED, D, {"external": True, "added": {D}}),
    (OWNED, OWNED, B, {"external": True, "added": {B, C}}),
    (OWNED, OWNED, B, {"external": True, "added": {B}, "removed": {C}}),
    (OWNED, altered(OWNED, timer_s=60), A, {"external": True, "added": {A}}),
    (OWNED, group(*OWNED.roster, entry(D)), B, {"added": {D}}),
    (OWNED, OWNED, A, {"added": {D}}),
    (OWNED, OWNED, B, {"removed": {C}}),
    (OWNED, without(OWNED, C), B, {"removed": {C}}),
    (OWNED, group(entry(B)), A, {}),
    (OWNED, group(entry(A, "owner"), entry(C), entry(B)), A, {}),
    (group(entry(A), entry(B), kind="direct"), group(entry(A), entry(C), kind="direct"), A, {}),
    (
        group(entry(A), entry(B), kind="direct"),
        altered(group(entry(A), entry(B), kind="direct"), history_sharing=True),
        A,
        {},
    ),
    (altered(OWNED, permissions=OPEN), group(*OWNED.roster, entry(D, "admin"), permissions=OPEN), B, {}),
    (group(entry(A, "owner"), entry(B, "guest"), permissions=OPEN), group(
        entry(A, "owner"), entry(B, "guest"), entry(C, "guest"), permissions=OPEN), B, {}),
    # Somebody who is out stays in the tree.
    (OWNED, without(OWNED, C), A, {"present": OWNED.user_ids}),
    (without(OWNED, B), without(OWNED, B), C, {"present": OWNED.user_ids}),
    (without(OWNED, B), without(OWNED, B, C), C, {"present": OWNED.user_ids}),
    # Rank.
    (OWNED, with_role(OWNED, B, "admin"), B, {}),
    (OWNED, group(entry(A, "owner"), entry(B), entry(C), generation=1), A, {}),
    (STAFFED, with_role(STAFFED, B, "owner"), B, {}),
    (STAFFED, with_role(STAFFED, D, "admin"), B, {}),
    (STAFFED, with_role(STAFFED, A, "member"), B, {}),
    (STAFFED, without(STAFFED, A), B, {"removed": {A}}),
    (STAFFED, without(STAFFED, B), C, {"removed": {B}}),
    (STAFFED, without(STAFFED, B, banned=(B,)), C, {"removed": {B}}),
    (group(entry(A, "owner"), entry(B, "admin"), entry(C, "admin")), group(entry(A, "owner"), entry(B, "admin")), B, {}),
    (group(entry(A, "owner"), entry(B, "admin")), group(entry(A, "admin"), entry(B, "admin")), A, {}),
    # Mutes.
    (STAFFED, altered(STAFFED, muted=(Mute(C),)), D, {}),
    (STAFFED, altered(STAFFED, muted=(Mute(B),)), C, {}),
    (STAFFED, altered(STAFFED, muted=(Mute(C),)), C, {}),
    (altered(STAFFED, muted=(Mute(D),)), STAFFED, D, {}),
    (altered(STAFFED, muted=(Mute(C),)), STAFFED, C, {}),
    (altered(STAFFED, muted=(Mute(B, 60),)), altered(STAFFED, muted=(Mute(B, 30),)), C, {}),
    (altered(STAFFED, muted=(Mute(C), Mute(D))), altered(STAFFED, muted=(Mute(D), Mute(C))), A, {}),
    (altered(STAFFED, muted=(Mute(D),)), without(STAFFED, D), D, {"present": STAFFED.user_ids}),
    # Bans, links, and what else needs its permission.
    (OWNED, altered(OWNED, banned=(D,)), B, {}),
    (altered(OWNED, banned=(D,)), OWNED, B, {}),
    (OWNED, altered(OWNED, links=(link(created_by=B),)), B, {}),
    (OWNED, altered(OWNED, links=(link(created_by=B),)), A, {}),
    (OWNED, altered(OWNED, links=(link(uses=1),)), A, {}),
    (LINKED, altered(LINKED, links=()), B, {}),
    (LINKED, altered(LINKED, links=(link(uses_max=1, uses=1),)), B, {}),
    (LINKED, altered(LINKED, links=(link(uses_max=2),)), A, {}),
    (LINKED, altered(LINKED, links=(link(uses_max=1, uses=-1),)), A, {}),
    (OWNED, altered(OWNED, timer_s=60), B, {}),
    (OWNED, altered(OWNED, retention_s=60), B, {}),
    (OWNED, altered(OWNED, history_sharing=True), B, {}),
    (STAFFED, altered(STAFFED, permissions=LENT), B, {}),
    (altered(STAFFED, permissions=LENT), STAFFED, B, {}),
    (OWNED, altered(OWNED, permissions=OPEN), B, {}),
    (altered(STAFFED, permissions=LENT), altered(STAFFED, permissions=altered(LENT, add="owner")), B, {}),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "actor", "how"), ALLOWED)
def test_allowed_changes(before: PolicyDocument, after: PolicyDocument, actor: str, how: dict[str, Any]):
    change(decode_policy(before.encode()), decode_policy(after.encode()), actor, **how)


@pytest.mark.parametrize(("before", "after", "actor", "how"), REFUSED)
def test_refused_changes(before: PolicyDocument, after: PolicyDocument, actor: str, how: dict[str, Any]):
    with pytest.raises(PolicyRefused):
        change(before, after, actor, **how)


def test_a_replaced_root_key_is_a_person_let_in_anew():
    swapped = group(entry(A, "owner"), RosterEntry(B, b64encode(b"x" * 32), "member"), entry(C))
    change(OWNED, swapped, A)
    for actor in (C, B):
        with pytest.raises(PolicyRefused):
            change(OWNED, swapped, actor)
    assert taken_in_again(OWNED, swapped) == {B}
    assert taken_in_again(OWNED, group(*OWNED.roster, entry(D))) == frozenset()


def test_nobody_takes_themselves_in_again_whatever_their_role():
    swapped = group(RosterEntry(A, b64encode(b"x" * 32), "owner"), entry(B), entry(C))
    with pytest.raises(PolicyRefused, match="themselves"):
        change(OWNED, swapped, A)


def test_in_a_direct_conversation_one_takes_the_other_in_again():
    pair = group(entry(A), entry(B), kind="direct")
    swapped = group(entry(A), RosterEntry(B, b64encode(b"x" * 32), "member"), kind="direct")
    change(pair, swapped, A, removed={B}, added={B})
    both = group(*(RosterEntry(who, b64encode(b"x" * 32), "member") for who in (A, B)), kind="direct")
    grown = group(entry(A), RosterEntry(B, b64encode(b"x" * 32), "owner"), kind="direct")
    for after, actor in ((swapped, B), (both, A), (grown, A)):
        with pytest.raises(PolicyRefused):
            change(pair, after, actor)


# --- properties ---------------------------------------------------------------------------------------------------------

ROLES: tuple[Role, ...] = get_args(Role)


def any_document(rng: random.Random) -> PolicyDocument:
    """A sound document of few people and links, so that two of them often differ in one thing only."""
    people = rng.sample(PEOPLE, rng.randint(1, 4))
    owner = rng.choice(people)
    roster = tuple(any_entry(rng, who, "owner" if who == owner else None) for who in sorted(people))
    floors = {"send": 0, "roles": 2, "permissions": 3}
    lowest = {name: rng.choice([role for role in ROLES if RANKS[role] >= floors.get(name, 1)]) for name in PERMISSIONS}
    ids = [LinkId(f"00000000-0000-7000-8000-0000000000{number:02x}") for number in range(rng.randint(0, 2))]
    return PolicyDocument(
        CONVERSATION,
        "group",
        0,
        roster,
        permissions=Permissions(**lowest),
        banned=tuple(who for who in PEOPLE if who not in people and rng.random() < 0.3),
        muted=tuple(Mute(who, rng.choice([None, 60])) for who in PEOPLE if rng.random() < 0.3),
        links=tuple(Link(i, b64encode(bytes(32)), rng.choice(people), uses=rng.randint(0, 1)) for i in ids),
        history_sharing=rng.random() < 0.5,
        timer_s=rng.choice([None, 60]),
        retention_s=rng.choice([None, 60]),
    )


def any_entry(rng: random.Random, who: str, role: Role | None = None) -> RosterEntry:
    return RosterEntry(who, b64encode(bytes([rng.random() < 0.2]) * 32), role or rng.choice(ROLES))


def any_change(rng: random.Random, before: PolicyDocument) -> PolicyDocument:
    """The document with one to three things different."""
    after = before
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        who, other = rng.choice(PEOPLE), any_document(rng)
        match rng.randint(0, 5):
            case 0:
                after = with_role(after, who, rng.choice(ROLES))
            case 1:
                after = without(after, who)
            case 2 if who not in after.user_ids:
                after = altered(after, roster=(*after.roster, any_entry(rng, who)))
            case 3:
                after = without(after, who, banned=(*(b for b in after.banned if b != who), who))
            case 4:
                name = rng.choice(PERMISSIONS)
                lowest = altered(after.permissions, **{name: getattr(other.permissions, name)})
                after = altered(after, permissions=lowest)
            case _:
                name = rng.choice(PolicyDocument.__struct_fields__[3:])
                after = altered(after, **{name: getattr(other, name)})
    return altered(after, links=tuple(one for one in after.links if one.created_by in after.user_ids))


def sound(policy: PolicyDocument) -> bool:
    try:
        decode_policy(policy.encode())
    except InvalidRequest:
        return False
    return True


def has(policy: PolicyDocument, actor: str, permission: str) -> bool:
    """Said once more, apart from the code under test."""
    role = next(e.role for e in policy.roster if e.user_id == actor)
    order = ("guest", "member", "moderator", "admin", "owner")
    return order.index(role) >= order.index(getattr(policy.permissions, permission))


@settings(max_examples=4000, deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_no_accepted_change_breaks_a_rule(seed: int):
    judge_one_change(seed)


def judge_one_change(seed: int) -> bool:
    """Judge an arbitrary commit; whether it was accepted with another document."""
    rng = random.Random(seed)
    before = any_document(rng)
    after = any_change(rng, before)
    if not sound(after):
        return False
    actor, external = rng.choice(PEOPLE), rng.random() < 0.1
    added, removed = ({who for who in PEOPLE if rng.random() < 0.15} for _ in range(2))
    present = set(after.user_ids) | {who for who in PEOPLE if rng.random() < 0.1}
    how = {"added": added, "removed": removed, "present": present, "external": external}
    try:
        check_change(before, after, actor=actor, **how)
    except PolicyRefused:
        return False
    check_accepted(before, after, actor, **how)
    return before != after


def check_accepted(
    before: PolicyDocument, after: PolicyDocument, actor: str, *, added: set, removed: set, present: set, external: bool
) -> None:
    """What must hold of every accepted commit, said once more and apart from the code under test."""
    old = {e.user_id: e for e in before.roster}
    new = {e.user_id: e for e in after.roster}
    own = RANKS[old[actor].role]
    assert added <= new.keys()
    if external:
        assert (before, added) == (after, {actor})
        assert removed <= {actor}
        return
    assert actor not in new or RANKS[new[actor].role] <= own, "nobody raises themselves"
    assert not new or any(e.role == "owner" for e in new.values()), "a group keeps an owner"
    assert present - {actor} <= new.keys(), "who is out has no leaf"
    check_people(before, after, actor)
    for name in ("banned", "muted", "roster", "links"):
        kept = [x for x in ids_of(before, name) if x in ids_of(after, name)]
        assert kept == [x for x in ids_of(after, name) if x in ids_of(before, name)], "a policy keeps its order"
    assert before.banned == after.banned or has(before, actor, "ban")
    check_mutes(before, after, actor)
    assert before.permissions == after.permissions or has(before, actor, "permissions")
    for name in PERMISSIONS:
        if getattr(before.permissions, name) != getattr(after.permissions, name):
            assert max(RANKS[getattr(before.permissions, name)], RANKS[getattr(after.permissions, name)]) <= own
    assert before.timer_s == after.timer_s or has(before, actor, "timer")
    assert before.retention_s == after.retention_s or has(before, actor, "retention")
    assert before.history_sharing == after.history_sharing or has(before, actor, "history")
    _check_links(before, after, actor, joined=len(new.keys() - old.keys()))


def check_people(before: PolicyDocument, after: PolicyDocument, actor: str) -> None:
    old, new = ({e.user_id: e for e in policy.roster} for policy in (before, after))
    own, top = RANKS[old[actor].role], old[actor].role == "owner"
    for who, was in old.items():
        if who != actor and new.get(who) != was:
            assert top or RANKS[was.role] < own, "nobody acts on their own rank or above"
            assert any(has(before, actor, p) for p in ("remove", "ban", "roles", "add"))
        if who != actor and who not in new:
            assert has(before, actor, "ban" if who in after.banned else "remove")
        if who in new and new[who].role != was.role:
            assert has(before, actor, "roles")
            assert top or RANKS[new[who].role] < own
        if who in new and new[who].root_fingerprint != was.root_fingerprint:
            assert has(before, actor, "add")
    for who in new.keys() - old.keys():
        assert has(before, actor, "add")
        assert new[who].role in {"member", "guest"} or (
            has(before, actor, "roles") and (top or RANKS[new[who].role] < own)
        )


def check_mutes(before: PolicyDocument, after: PolicyDocument, actor: str) -> None:
    roles = {e.user_id: e.role for e in before.roster}
    for who in PEOPLE:
        was, now = ([mute for mute in policy.muted if mute.user_id == who] for policy in (before, after))
        if was != now:
            assert has(before, actor, "remove")
            assert roles[actor] == "owner" or who not in roles or RANKS[roles[who]] < RANKS[roles[actor]]


def ids_of(policy: PolicyDocument, name: str) -> list[str]:
    return [getattr(one, "link_id", None) or getattr(one, "user_id", one) for one in getattr(policy, name)]


def _check_links(before: PolicyDocument, after: PolicyDocument, actor: str, *, joined: int) -> None:
    old, new = ({one.link_id: one for one in policy.links} for policy in (before, after))
    assert new.keys() <= old.keys() or has(before, actor, "invite")
    assert has(before, actor, "invite") or all(old[i].created_by not in after.user_ids for i in old.keys() - new.keys())
    assert sum(new[i].uses - old[i].uses for i in new.keys() & old.keys()) <= joined


def test_the_search_accepts_a_good_part():
    assert sum(judge_one_change(seed) for seed in range(2000)) > 150


@pytest.mark.parametrize("planted", ["_acts_on", "_need", "_check_order", "_check_joining", "_check_mutes"])
def test_a_rule_left_out_is_found(planted: str, monkeypatch: pytest.MonkeyPatch):
    """A planted fault: the search fails where a rule is not looked at."""
    monkeypatch.setattr(f"parley_contracts.policy_changes._Change.{planted}", lambda self, *args, **kwargs: None)
    with pytest.raises(AssertionError):
        for seed in range(4000):
            judge_one_change(seed)


def test_an_owner_may_give_every_role():
    for role in ROLES:
        change(STAFFED, with_role(STAFFED, D, role), A)

"""What may become an entry, case by case: creations, commits and messages that are nearly right, each with its refusal."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable

import msgspec
import pytest
from log_model import Talk, device_of_somebody, pin
from messaging_people import SERVER_NAME, Device, P, Person, roster

from parley_contracts.channel_rules import first_policy
from parley_contracts.encoding import b64decode
from parley_contracts.envelope import MessageHeader
from parley_contracts.identity import entry_binding
from parley_contracts.ids import (
    ConversationId,
    DeviceId,
    UserId,
    new_channel_id,
    new_uuid7,
    self_conversation_id,
    uuid_bytes,
)
from parley_contracts.limits import LEAF_LIFETIME_S_MAX, PUSH_SEALED_SECRET_SIZE_BYTES
from parley_contracts.policy import POLICY_EXTENSION_TYPE, decode_policy
from parley_contracts.problems import EpochStale, InvalidRequest, PolicyRefused
from parley_messaging.domain import judging
from parley_messaging.domain.conversation import ConversationState, EpochState
from parley_messaging.domain.entries import CREATED, SealedSecret, Submission
from parley_messaging.domain.judging import check_epoch, judge_commit, judge_creation, judge_message, parse_header
from parley_mls import SUITE, Changes, Group, Lifetime, PskId, PskType, ReInit, ResumptionUsage, create_key_package
from parley_mls.leaf_node import Credential

SECRET = bytes(PUSH_SEALED_SECRET_SIZE_BYTES)


def change(submission: Submission, **members: object) -> Submission:
    return msgspec.structs.replace(submission, **members)


@pytest.fixture
def people() -> list[Device]:
    known: dict[str, Person] = {}
    return [device_of_somebody(known) for _ in range(3)]


@pytest.fixture
def talk(people: list[Device]) -> Talk:
    made = Talk(people[0])
    made.model.members = frozenset({people[0].person.user_id})
    return made


def joined(talk: Talk, people: list[Device], who: Device) -> EpochState:
    """The epoch after somebody was brought in."""
    commit = talk.commit(people, who)
    judged = judge_commit(commit, created(talk), sequence=2, server_name=SERVER_NAME)
    assert judged.added == (who.person.user_id,)
    assert judged.epoch.devices[who.device_id] == who.person.user_id
    talk.group = talk.next_groups[commit.client_id]
    talk.model.members |= {who.person.user_id}
    return judged.epoch


def created(talk: Talk) -> EpochState:
    judged = judge_creation(talk.creation, SERVER_NAME)
    assert (judged.added, judged.removed) == ((talk.owner.person.user_id,), ())
    return judged.epoch


# --- creations --------------------------------------------------------------------------------------------------------


def fresh(device: Device, policy: bytes, identity: bytes = b"") -> Group:
    return Group.create(
        P,
        group_id=os.urandom(32),
        identity=identity or device.certificate.encode(),
        signature_seed=device.seed,
        extensions=[pin(policy)],
    )


def of_kind(device: Device, other: Device, kind: str, conversation_id: str = "") -> Submission:
    policy = roster(
        *{"self": (device.person,), "direct": (device.person, other.person)}.get(kind, (device.person,)), kind=kind
    )
    if conversation_id:
        policy = msgspec.structs.replace(policy, conversation_id=ConversationId(conversation_id))
    return Submission(
        type=CREATED,
        conversation_id=policy.conversation_id,
        user_id=device.person.user_id,
        device_id=device.device_id,
        client_id=new_uuid7(),
        group_info=fresh(device, policy.encode()).group_info(P),
        policy=policy.encode(),
    )


@pytest.mark.parametrize("kind", ["self", "direct", "group"])
def test_each_kind_has_ids_of_its_own(people: list[Device], kind: str):
    sound = of_kind(people[0], people[1], kind)
    assert judge_creation(sound, SERVER_NAME).epoch.policy.kind == kind
    wrong = new_uuid7() if kind != "group" else new_uuid7()[:14] + "8" + new_uuid7()[15:]
    with pytest.raises(InvalidRequest):
        judge_creation(of_kind(people[0], people[1], kind, wrong), SERVER_NAME)


def test_a_later_note_to_self_is_told_by_its_root_key(people: list[Device]):
    device, person = people[0], people[0].person
    later = self_conversation_id(person.user_id, b64decode(person.fingerprint))
    assert judge_creation(of_kind(device, people[1], "self", later), SERVER_NAME).epoch.policy.kind == "self"
    with pytest.raises(InvalidRequest):
        judge_creation(of_kind(device, people[1], "self", self_conversation_id(person.user_id, bytes(32))), SERVER_NAME)


def test_a_channel_has_no_group(people: list[Device]):
    device, channel_id = people[0], new_channel_id()
    policy = first_policy(channel_id, device.person.user_id).encode()
    group_info = fresh(device, policy).group_info(P)
    creation = change(of_kind(device, people[1], "group"), conversation_id=ConversationId(channel_id), policy=policy)
    with pytest.raises(InvalidRequest, match="does not fit its kind"):
        judge_creation(change(creation, group_info=group_info), SERVER_NAME)


def another_conversation(talk: Talk, _: list[Device]) -> Submission:
    return change(talk.creation, conversation_id=ConversationId(new_uuid7()))


def another_creator(talk: Talk, people: list[Device]) -> Submission:
    return change(talk.creation, user_id=people[1].person.user_id)


def no_group(talk: Talk, _: list[Device]) -> Submission:
    return change(talk.creation, group_info=b"nothing of the kind")


def a_later_epoch(talk: Talk, _: list[Device]) -> Submission:
    return change(talk.creation, group_info=talk.group.commit(P).group_info)


def another_device_of_theirs(talk: Talk, _: list[Device]) -> Submission:
    return change(talk.creation, device_id=DeviceId(new_uuid7()))


def a_policy_that_is_not_pinned(talk: Talk, _: list[Device]) -> Submission:
    other = msgspec.structs.replace(decode_policy(talk.creation.policy), timer_s=60)
    return change(talk.creation, policy=other.encode())


def a_leaf_of_nobody(talk: Talk, people: list[Device]) -> Submission:
    group = fresh(people[0], talk.creation.policy, b"no certificate")
    return change(talk.creation, group_info=group.group_info(P))


def a_leaf_for_another_key(talk: Talk, people: list[Device]) -> Submission:
    group = fresh(
        people[0], talk.creation.policy, people[0].person.device(device_id=people[0].device_id).certificate.encode()
    )
    return change(talk.creation, group_info=group.group_info(P))


def a_secret_for_a_stranger(talk: Talk, people: list[Device]) -> Submission:
    return change(talk.creation, push_secrets=(SealedSecret(people[1].device_id, SECRET),))


def two_secrets_for_one(talk: Talk, people: list[Device]) -> Submission:
    return change(talk.creation, push_secrets=(SealedSecret(people[0].device_id, SECRET),) * 2)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (another_conversation, InvalidRequest),
        (another_creator, PolicyRefused),
        (no_group, InvalidRequest),
        (a_later_epoch, InvalidRequest),
        (another_device_of_theirs, PolicyRefused),
        (a_policy_that_is_not_pinned, PolicyRefused),
        (a_leaf_of_nobody, InvalidRequest),
        (a_leaf_for_another_key, PolicyRefused),
        (a_secret_for_a_stranger, InvalidRequest),
        (two_secrets_for_one, InvalidRequest),
    ],
)
def test_a_creation_that_is_nearly_right(
    talk: Talk, people: list[Device], spoil: Callable[[Talk, list[Device]], Submission], problem: type[Exception]
):
    created(talk)
    with pytest.raises(problem) as caught:
        judge_creation(spoil(talk, people), SERVER_NAME)
    assert type(caught.value) is problem


def test_a_creation_of_another_server(talk: Talk):
    with pytest.raises(PolicyRefused):
        judge_creation(talk.creation, "elsewhere.example")


def test_a_secret_goes_to_a_device_of_the_epoch(talk: Talk, people: list[Device]):
    sealed = change(talk.creation, push_secrets=(SealedSecret(people[0].device_id, SECRET),))
    assert judge_creation(sealed, SERVER_NAME).epoch.epoch == 0


# --- commits ----------------------------------------------------------------------------------------------------------


def refused(commit: Submission, before: EpochState, problem: type[Exception]) -> None:
    with pytest.raises(problem) as caught:
        judge_commit(commit, before, sequence=before.sequence + 1, server_name=SERVER_NAME)
    assert type(caught.value) is problem


@pytest.mark.parametrize(
    ("spoiled", "problem"),
    [
        ({"commit": b"nothing of the kind"}, InvalidRequest),
        ({"group_info": b"nothing of the kind"}, InvalidRequest),
        ({"device_id": DeviceId(new_uuid7())}, PolicyRefused),
        ({"welcome": b""}, InvalidRequest),
        ({"welcome_devices": ()}, InvalidRequest),
        ({"welcome_devices": (DeviceId(new_uuid7()),)}, InvalidRequest),
        ({"push_secrets": (SealedSecret(DeviceId(new_uuid7()), SECRET),)}, InvalidRequest),
        ({"policy": b""}, PolicyRefused),
    ],
)
def test_a_commit_that_is_nearly_right(
    talk: Talk, people: list[Device], spoiled: dict[str, object], problem: type[Exception]
):
    before, commit = created(talk), talk.commit(people, people[1])
    refused(change(commit, **spoiled), before, problem)
    assert judge_commit(commit, before, sequence=2, server_name=SERVER_NAME).epoch.epoch == 1


def test_a_proposal_is_no_commit(talk: Talk, people: list[Device]):
    before, commit = created(talk), talk.commit(people, people[1])
    refused(change(commit, commit=talk.group.propose_update(P).message), before, InvalidRequest)


def plain(talk: Talk, group_info: bytes, commit: bytes, **members: object) -> Submission:
    """A commit without a Welcome and without a new policy."""
    given = {"commit": commit, "group_info": group_info, "policy": b"", "welcome": b"", "welcome_devices": ()}
    return change(talk.creation, type="commit.created", **(given | members))


def test_a_group_is_never_re_initialised(talk: Talk, people: list[Device]):
    """Any member could end the conversation for all otherwise."""
    before = joined(talk, people, people[1])
    made = talk.group.commit_reinit(P, ReInit(b"another", 1, SUITE, talk.group.extensions))
    refused(plain(talk, made.group_info, made.commit), before, PolicyRefused)


def test_who_leaves_the_roster_leaves_the_group(talk: Talk, people: list[Device]):
    before = joined(talk, people, people[1])
    policy = talk.policy([people[0]])
    made = talk.group.commit(P, extensions=[pin(policy)])
    refused(plain(talk, made.group_info, made.commit, policy=policy), before, PolicyRefused)


def test_a_leaf_stays_with_its_device(talk: Talk, people: list[Device], monkeypatch: pytest.MonkeyPatch):
    before = created(talk)
    own = Group._own_leaf
    other = dataclasses.replace(people[0].certificate, device_id=DeviceId(new_uuid7()))
    credential = Credential(talk.group.members()[0][1].credential.type, other.encode())
    monkeypatch.setattr(Group, "_own_leaf", lambda self: dataclasses.replace(own(self), credential=credential))
    made = talk.group.commit(P)
    refused(plain(talk, made.group_info, made.commit), before, PolicyRefused)


def test_a_leaf_keeps_its_key(talk: Talk, people: list[Device]):
    before, other = created(talk), people[0].person.device(device_id=people[0].device_id)
    ((index, leaf),) = before.group.members()
    renewed = dataclasses.replace(
        leaf,
        credential=Credential(leaf.credential.type, other.certificate.encode()),
        signature_key=other.certificate.device_key,
    )
    changes = Changes(index, None, [], [], [(index, leaf, renewed)], (), ())
    with pytest.raises(PolicyRefused, match="keeps its key"):
        judging._check_leaves(before.group, changes, SERVER_NAME)


def test_no_device_is_there_twice(talk: Talk, people: list[Device]):
    before = created(talk)
    twin = people[0].person.device(device_id=people[0].device_id)
    made = talk.group.commit(P, add=[twin.key_package().key_package])
    refused(plain(talk, made.group_info, made.commit, welcome=made.welcome or b""), before, PolicyRefused)


def test_a_group_has_room_for_so_many_devices(talk: Talk, people: list[Device], monkeypatch: pytest.MonkeyPatch):
    before, commit = created(talk), talk.commit(people, people[1])
    monkeypatch.setattr(judging, "DEVICES_PER_GROUP_MAX", 1)
    refused(commit, before, PolicyRefused)


@pytest.mark.parametrize("over_s", [0, 1])
def test_a_key_package_lives_no_longer_than_devices_take(talk: Talk, people: list[Device], over_s: int):
    before, newcomer = created(talk), people[1]
    bundle = create_key_package(
        P,
        identity=newcomer.certificate.encode(),
        signature_seed=newcomer.seed,
        lifetime=Lifetime(7, 7 + LEAF_LIFETIME_S_MAX + over_s),
        extension_types=(POLICY_EXTENSION_TYPE,),
    )
    newcomer.key_package = lambda: bundle  # type: ignore[method-assign]
    commit = talk.commit(people, newcomer)
    if over_s:
        refused(commit, before, PolicyRefused)
    else:
        assert judge_commit(commit, before, sequence=2, server_name=SERVER_NAME).certified == (newcomer.certificate,)


def test_a_member_brings_a_further_device_in_from_outside(talk: Talk, people: list[Device]):
    before = joined(talk, people, people[1])
    second = people[1].person.device()
    made = Group.join_external(
        P,
        talk.group.group_info(P),
        identity=second.certificate.encode(),
        signature_seed=second.seed,
        extension_types=[POLICY_EXTENSION_TYPE],
    )
    own = {"user_id": second.person.user_id, "device_id": second.device_id}
    entering = plain(talk, made.group_info, made.commit, **own)
    judged = judge_commit(entering, before, sequence=3, server_name=SERVER_NAME)
    assert (judged.added, judged.removed) == ((), ())
    assert judged.epoch.devices[second.device_id] == second.person.user_id
    assert judged.epoch.policy_sequence == before.policy_sequence
    assert judged.pinned == ((second.person.user_id, second.person.fingerprint),), "one's root key is asked after"
    refused(change(entering, device_id=people[1].device_id), before, PolicyRefused)


def test_who_has_a_new_root_key_is_taken_in_again_with_new_devices_only(talk: Talk, people: list[Device]):
    before = joined(talk, people, people[1])
    lost = people[1]
    again = dataclasses.replace(lost.person, root_key=os.urandom(32)).device()
    policy = talk.policy([people[0], again])
    (leaf,) = [index for index, node in talk.group.members() if node.identity == lost.certificate.encode()]
    for remove in ((), (leaf,)):
        made = talk.group.commit(P, add=[again.key_package().key_package], remove=remove, extensions=[pin(policy)])
        coming = {"policy": policy, "welcome": made.welcome or b"", "welcome_devices": (again.device_id,)}
        commit = plain(talk, made.group_info, made.commit, **coming)
        if not remove:
            refused(commit, before, PolicyRefused)
    judged = judge_commit(commit, before, sequence=3, server_name=SERVER_NAME)
    assert (judged.added, judged.removed) == ((), ())
    assert judged.pinned == ((again.person.user_id, again.person.fingerprint),)
    assert lost.device_id not in judged.epoch.devices


@pytest.mark.parametrize("shown", ["nothing", "psk", "psk of another group", "word for this", "word for another"])
def test_a_device_comes_in_again_as_who_was_there_or_by_its_person_s_word(talk: Talk, people: list[Device], shown: str):
    """H11: the signature key alone replaces no leaf."""
    before, again = joined(talk, people, people[1]), people[1]
    (prior,) = [index for index, leaf in before.group.members() if leaf.signature_key == again.certificate.device_key]
    binding = {
        "word for this": entry_binding(before.group.group_id, before.epoch),
        "word for another": entry_binding(before.group.group_id, before.epoch - 1),
    }.get(shown, b"")
    group_id = os.urandom(32) if shown == "psk of another group" else before.group.group_id
    psk = PskId(
        PskType.RESUMPTION, os.urandom(32), usage=ResumptionUsage.APPLICATION, group_id=group_id, epoch=before.epoch
    )
    made = Group.join_external(
        P,
        talk.group.group_info(P),
        identity=dataclasses.replace(again.certificate, binding=binding).encode(),
        signature_seed=again.seed,
        extension_types=[POLICY_EXTENSION_TYPE],
        remove_prior=prior,
        psks=[(psk, bytes(32))] if shown.startswith("psk") else [],
    )
    own = {"user_id": again.person.user_id, "device_id": again.device_id}
    entering = plain(talk, made.group_info, made.commit, **own)
    if shown in {"psk", "word for this"}:
        assert judge_commit(entering, before, sequence=3, server_name=SERVER_NAME).epoch.epoch == before.epoch + 1
    else:
        refused(entering, before, PolicyRefused)


def test_who_comes_in_replaces_no_other_device_of_its_person(talk: Talk, people: list[Device]):
    """H11: devices refuse that, so a member could stop a group by it."""
    before, entering = joined(talk, people, people[1]), people[1].person.device()
    (prior,) = [
        index for index, leaf in before.group.members() if leaf.signature_key == people[1].certificate.device_key
    ]
    binding = entry_binding(before.group.group_id, before.epoch)
    made = Group.join_external(
        P,
        talk.group.group_info(P),
        identity=dataclasses.replace(entering.certificate, binding=binding).encode(),
        signature_seed=entering.seed,
        extension_types=[POLICY_EXTENSION_TYPE],
        remove_prior=prior,
    )
    own = {"user_id": entering.person.user_id, "device_id": entering.device_id}
    refused(plain(talk, made.group_info, made.commit, **own), before, PolicyRefused)


def test_a_commit_of_before_a_reset_is_of_another_epoch(talk: Talk, people: list[Device]):
    """Its sender catches up, and plans anew; a commit for a group of no generation is none."""
    before, commit = created(talk), talk.commit(people, people[1])
    for group_id, problem in ((uuid_bytes(talk.id) + os.urandom(16), EpochStale), (os.urandom(32), InvalidRequest)):
        group = Group.create(
            P, group_id=group_id, identity=people[0].certificate.encode(), signature_seed=people[0].seed
        )
        refused(change(commit, commit=group.commit(P).commit), before, problem)


def test_a_commit_has_a_committer(talk: Talk):
    nobody = Changes(None, None, [], [], [], (), ())
    with pytest.raises(InvalidRequest):
        judging._committer(created(talk).group, nobody, SERVER_NAME)


# --- messages ---------------------------------------------------------------------------------------------------------


def header_of(submission: Submission, **changed: object) -> Submission:
    header = dataclasses.replace(MessageHeader.decode(submission.header), **changed)
    return change(submission, header=header.encode())


def test_a_message_names_itself_its_epoch_and_its_group(talk: Talk, people: list[Device]):
    epoch = joined(talk, people, people[1])
    sound = talk.message(people[1], 1, b"x")
    judge_message(parse_header(sound), epoch, 0)
    for other in (
        {"header": b""},
        {"header": sound.header[:-1]},
        {"client_id": new_uuid7()},
        {"device_id": DeviceId(new_uuid7())},
        {"user_id": UserId(new_uuid7())},
        {"conversation_id": ConversationId(new_uuid7())},
    ):
        with pytest.raises(InvalidRequest):
            parse_header(change(sound, **other))
    for wrong in ({"group_id": bytes(32)}, {"generation": 1}):
        with pytest.raises(InvalidRequest):
            judge_message(parse_header(header_of(sound, **wrong)), epoch, 0)
    for outsider in (people[2], people[1].person.device()):
        with pytest.raises(PolicyRefused):
            judge_message(parse_header(talk.message(outsider, 1, b"x")), epoch, 0)


def test_a_message_is_of_the_present_epoch():
    state = ConversationState(ConversationId(new_uuid7()), head=7, epoch=3)
    check_epoch(state, 3)
    check_epoch(state, 3, 0)
    with pytest.raises(EpochStale):
        check_epoch(state, 3, 1)
    for epoch in (2, 4):
        with pytest.raises(EpochStale) as caught:
            check_epoch(state, epoch)
        assert caught.value.to_dict()["epoch"] == 3

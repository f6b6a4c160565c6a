"""Reports on commits and resets that are nearly right, each with its refusal."""

from __future__ import annotations

import os

import msgspec
import pytest
from log_model import Talk, device_of_somebody, pin
from messaging_people import SERVER_NAME, Device, P, Person

from parley_contracts.ids import DeviceId, new_uuid7, uuid_bytes
from parley_contracts.policy import decode_policy
from parley_contracts.problems import EpochStale, InvalidRequest, PolicyRefused
from parley_contracts.resets import REPORT_LABEL, RESET, UNUSABLE, Suspect, report_statement
from parley_messaging.domain.conversation import ConversationState, EpochState, next_entry
from parley_messaging.domain.entries import StoredEntry, Submission
from parley_messaging.domain.judging import Judged, judge_commit, judge_creation
from parley_messaging.domain.judging_resets import checked_suspect, judge_report, judge_reset
from parley_mls import Group, branch_group, sign_with_label


class Spoilt:
    """The owner's group with two people, who were brought in one after the other; the last commit is the suspect."""

    def __init__(self) -> None:
        known: dict[str, Person] = {}
        self.people = [device_of_somebody(known) for _ in range(4)]
        self.talk = Talk(self.people[0])
        self.talk.model.members = frozenset({self.people[0].person.user_id})
        self.states = [judge_creation(self.talk.creation, SERVER_NAME).epoch]
        self.groups: dict[DeviceId, Group] = {}
        entry = next_entry(ConversationState(self.talk.id), self.talk.creation, kind="group")
        for joining in self.people[1:]:
            bundle = joining.key_package()
            joining.key_package = lambda bundle=bundle: bundle  # type: ignore[method-assign]
            commit = self.talk.commit(self.people, joining)
            judged = judge_commit(commit, self.states[-1], sequence=entry.sequence + 1, server_name=SERVER_NAME)
            entry = next_entry(ConversationState.after(entry), commit, kind="group", policy=judged.epoch.policy)
            self.states.append(judged.epoch)
            self.groups[joining.device_id] = Group.join(P, commit.welcome, bundle, joining.seed)
            self.talk.group = self.talk.next_groups[commit.client_id]
            self.talk.model.members |= {joining.person.user_id}
        self.suspect: StoredEntry = entry

    @property
    def before(self) -> EpochState:
        return self.states[-2]

    @property
    def present(self) -> EpochState:
        return self.states[-1]

    def report(self, device: Device, **changed: object) -> Submission:
        suspect = Suspect(
            conversation_id=self.talk.id,
            sequence=self.suspect.sequence,
            entry_hash=self.suspect.hash,
            generation=0,
            group_id=self.before.group.group_id,
        )
        statement = report_statement(
            msgspec.structs.replace(suspect, **changed), device.person.user_id, device.device_id
        )
        return self.submission(
            device, type=UNUSABLE, signature=sign_with_label(P, device.seed, REPORT_LABEL, statement)
        )

    def submission(self, device: Device, **fields: object) -> Submission:
        return Submission(
            conversation_id=self.talk.id,
            user_id=device.person.user_id,
            device_id=device.device_id,
            client_id=new_uuid7(),
            unusable=self.suspect.sequence,
            **fields,
        )

    def reset(self, device: Device, *others: Device, group_id: bytes = b"", **changed: object) -> Submission:
        policy = msgspec.structs.replace(self.present.policy, **({"generation": 1} | changed)).encode()
        made = branch_group(
            P,
            self.groups[device.device_id],
            group_id=group_id or uuid_bytes(self.talk.id) + os.urandom(16),
            signature_seed=device.seed,
            members=[package_of(other) for other in others],
            extensions=[pin(policy)],
        )
        return self.submission(
            device,
            type=RESET,
            group_info=made.group_info,
            policy=policy,
            welcome=made.welcome or b"",
            welcome_devices=tuple(other.device_id for other in others),
        )

    def judged(
        self,
        reset: Submission,
        *reporters: Device,
        suspect: StoredEntry | None = None,
        present: EpochState | None = None,
    ) -> Judged:
        people = {device.person.user_id for device in reporters}
        return judge_reset(
            reset,
            present or self.present,
            self.before,
            suspect or self.suspect,
            people,
            sequence=self.suspect.sequence + 3,
            server_name=SERVER_NAME,
        )


def package_of(device: Device):
    """A key package of the very device; its own was used up."""
    return type(device).key_package(device).key_package


@pytest.fixture(scope="module")
def spoilt() -> Spoilt:
    return Spoilt()


def test_only_a_commit_of_this_generation_is_suspect(spoilt: Spoilt):
    state = ConversationState.after(spoilt.suspect)
    late = ConversationState(spoilt.talk.id, head=40, epoch=spoilt.suspect.epoch + 40)
    for now in (state, late):  # who was away for long reports it, too
        assert checked_suspect(now, spoilt.suspect) is spoilt.suspect
    for none in (None, msgspec.structs.replace(spoilt.suspect, type=UNUSABLE)):
        with pytest.raises(InvalidRequest):
            checked_suspect(state, none)
    with pytest.raises(EpochStale):
        checked_suspect(ConversationState(spoilt.talk.id, head=40, epoch=1, generation=1), spoilt.suspect)


def test_who_was_there_before_a_commit_may_report_it(spoilt: Spoilt):
    owner, first, second, late = spoilt.people
    for device in (first, second):
        judge_report(spoilt.report(device), spoilt.suspect, spoilt.before, spoilt.present)
    for stranger in (owner, late):  # its author, and who came in with it
        with pytest.raises(PolicyRefused):
            judge_report(spoilt.report(stranger), spoilt.suspect, spoilt.before, spoilt.present)
    for wrong in (
        spoilt.report(first, sequence=1),
        spoilt.report(first, generation=1),
        spoilt.report(first, entry_hash=bytes(32)),
        msgspec.structs.replace(spoilt.report(first), device_id=second.device_id, user_id=second.person.user_id),
    ):
        with pytest.raises(InvalidRequest):
            judge_report(wrong, spoilt.suspect, spoilt.before, spoilt.present)


def test_a_reset_begins_a_generation_with_the_same_people(spoilt: Spoilt):
    _, first, second, _ = spoilt.people
    judged = spoilt.judged(spoilt.reset(first, second), first, second)
    assert (judged.epoch.epoch, judged.epoch.policy.generation) == (1, 1)
    assert judged.epoch.devices.keys() == {first.device_id, second.device_id}
    assert (judged.added, judged.removed) == ((), ())
    assert {certificate.device_id for certificate in judged.certified} == judged.epoch.devices.keys()


def test_a_reset_that_is_nearly_right(spoilt: Spoilt):
    _, first, second, late = spoilt.people
    sound = spoilt.reset(first, second)
    both = (first, second)
    known = decode_policy(sound.policy).roster
    fewer = [entry for entry in known if entry is not next(each for each in known if each.role == "member")]
    twin = second.person.device(device_id=second.device_id)
    for wrong, problem in (
        (spoilt.reset(first, second, twin), PolicyRefused),
        (spoilt.reset(first, late), PolicyRefused),
        (spoilt.reset(first, second, generation=2), PolicyRefused),
        (spoilt.reset(first, second, timer_s=60), PolicyRefused),
        (spoilt.reset(first, second, roster=fewer), PolicyRefused),
        (spoilt.reset(first, second, group_id=os.urandom(32)), InvalidRequest),
        (spoilt.reset(first, second, group_id=spoilt.present.group.group_id), InvalidRequest),
        (msgspec.structs.replace(sound, device_id=second.device_id), PolicyRefused),
        (msgspec.structs.replace(sound, welcome_devices=(late.device_id,)), InvalidRequest),
        (msgspec.structs.replace(sound, policy=spoilt.present.policy_bytes), PolicyRefused),
        (msgspec.structs.replace(sound, group_info=b"none"), InvalidRequest),
    ):
        with pytest.raises(problem) as caught:
            spoilt.judged(wrong, *both)
        assert type(caught.value) is problem
    long_ago = msgspec.structs.replace(spoilt.suspect, epoch=spoilt.suspect.epoch - 16)
    with pytest.raises(PolicyRefused, match="too long ago"):
        spoilt.judged(sound, *both, suspect=long_ago)
    owned = msgspec.structs.replace(spoilt.suspect, user_id=first.person.user_id)  # another device of the same person's
    with pytest.raises(PolicyRefused, match="does not lead"):
        spoilt.judged(sound, *both, suspect=owned)
    with pytest.raises(InvalidRequest, match="another group"):
        spoilt.judged(sound, *both, present=spoilt.judged(sound, *both).epoch)
    for reporters in ((), (first,)):
        with pytest.raises(PolicyRefused):
            spoilt.judged(sound, *reporters)

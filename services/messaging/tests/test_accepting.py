"""What auth says of people and their devices decides what is accepted."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

import msgspec
import pytest
from log_model import KnownPeople, Talk, accepting_by, device_of_somebody
from memory_log import Members, Memory
from messaging_people import Device, P, Person
from test_judging import header_of, of_kind

from parley_contracts.channels_api import POST
from parley_contracts.ids import ClientId, UserId, new_uuid7
from parley_contracts.people_api import BlockChange
from parley_contracts.policy import POLICY_EXTENSION_TYPE
from parley_contracts.problems import ConversationExists, InvalidRequest, NotFound, PolicyRefused, Unavailable
from parley_messaging.domain.conversation import ConversationState
from parley_messaging.domain.entries import COMMIT, Submission
from parley_messaging.service.states import States
from parley_mls import Group


def coming_in(talk: Talk, device: Device) -> Submission:
    """A commit from outside by a further device of the owner's."""
    made = Group.join_external(
        P,
        talk.group.group_info(P),
        identity=device.certificate.encode(),
        signature_seed=device.seed,
        extension_types=[POLICY_EXTENSION_TYPE],
    )
    own = {"device_id": device.device_id, "client_id": ClientId(new_uuid7()), "commit": made.commit}
    return msgspec.structs.replace(talk.creation, type=COMMIT, group_info=made.group_info, policy=b"", **own)


async def test_a_conversation_is_created_once_and_by_people_who_exist():
    known: dict[str, Person] = {}
    owner, stranger = device_of_somebody(known), device_of_somebody(known)
    talk, log = Talk(owner), Memory()
    states = States(log, Members())
    accepting = accepting_by(states, KnownPeople(known))
    plan = await accepting.plan(ConversationState(talk.id), [talk.creation])
    assert plan.refused == {}
    assert plan.state.head == 1
    log.rows = list(plan.entries)
    again = msgspec.structs.replace(talk.creation, client_id=ClientId(new_uuid7()))
    plan = await accepting.plan(plan.state, [again])
    assert isinstance(plan.refused[again.key], ConversationExists)
    foreign = Talk(stranger, talk.id).creation
    plan = await accepting.plan(await states.state(talk.id), [foreign])
    assert isinstance(plan.refused[foreign.key], NotFound)
    nobody = accepting_by(states, KnownPeople({}))
    plan = await nobody.plan(ConversationState(talk.id), [talk.creation])
    assert isinstance(plan.refused[talk.creation.key], PolicyRefused)


async def test_who_comes_in_from_outside_has_the_root_key_that_the_roster_pins():
    """C3: somebody whose account was begun anew does not come back by force."""
    known: dict[str, Person] = {}
    owner = device_of_somebody(known)
    talk, states, second = Talk(owner), States(Memory(), Members()), owner.person.device()
    entering = coming_in(talk, second)
    plan = await accepting_by(states, KnownPeople(known)).plan(ConversationState(talk.id), [talk.creation, entering])
    assert plan.refused == {} and plan.state.head == 2
    anew = KnownPeople({owner.person.user_id: dataclasses.replace(owner.person, root_key=os.urandom(32))})
    states = States(log := Memory(), Members())
    log.rows = [plan.entries[0]]
    plan = await accepting_by(states, anew).plan(await states.state(talk.id), [entering])
    assert isinstance(plan.refused[entering.key], PolicyRefused)


async def test_who_comes_in_is_certified_by_the_account_that_the_device_names():
    """C1: its own person's false certificate is refused, too: devices would refuse it, and have to go around it."""
    known: dict[str, Person] = {}
    owner, other = device_of_somebody(known), device_of_somebody(known)
    talk, states = Talk(owner), States(Memory(), Members())
    second = owner.person.device()
    second.certificate = other.person.certified(second.certificate)
    entering = coming_in(talk, second)
    plan = await accepting_by(states, KnownPeople(known)).plan(ConversationState(talk.id), [talk.creation, entering])
    assert isinstance(plan.refused[entering.key], PolicyRefused) and plan.state.head == 1


async def test_what_cannot_be_judged_now_is_no_refusal():
    class Away:
        async def root_fingerprints(self, _: Sequence[UserId]) -> dict[UserId, str | None]:
            raise Unavailable

    talk = Talk(device_of_somebody({}))
    with pytest.raises(Unavailable):
        await accepting_by(States(Memory(), Members()), Away()).plan(ConversationState(talk.id), [talk.creation])


async def test_nothing_is_said_in_the_clear_in_a_private_conversation():
    known: dict[str, Person] = {}
    talk = Talk(device_of_somebody(known))
    post = msgspec.structs.replace(talk.creation, type=POST, client_id=ClientId(new_uuid7()), body=b"{}")
    plan = await accepting_by(States(Memory(), Members()), KnownPeople(known)).plan(
        ConversationState(talk.id), [talk.creation, post]
    )
    assert isinstance(plan.refused[post.key], InvalidRequest) and plan.state.head == 1


async def test_who_is_blocked_begins_nothing_with_the_other_and_says_nothing_more():
    known: dict[str, Person] = {}
    own, other = device_of_somebody(known), device_of_somebody(known)
    creation = of_kind(own, other, "direct")
    people, state = KnownPeople(known), ConversationState(creation.conversation_id)
    states = States(log := Memory(), Members())
    plan = await accepting_by(states, people).plan(state, [creation])
    assert plan.refused == {} and plan.epoch is not None
    talk = Talk(own, creation.conversation_id)
    message = header_of(talk.message(own, 0, b"x"), group_id=plan.epoch.group.group_id)
    assert (await accepting_by(states, people).plan(state, [creation, message])).state.head == 2

    log.rows = list(plan.entries)
    begun = await states.state(creation.conversation_id)
    for blocker, blocked in ((own, other), (other, own)):
        block = BlockChange(1, blocker.person.user_id, blocked.person.user_id, active=True)
        accepting = accepting_by(states, people, block)
        for before, said in ((state, creation), (begun, message)):
            plan = await accepting.plan(before, [said])
            assert isinstance(plan.refused[said.key], PolicyRefused) and plan.entries == []

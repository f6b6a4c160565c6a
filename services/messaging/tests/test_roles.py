"""Roles at the node: who may send, leave, be put out and stay out; the rest of the rules are those of the contracts' tests."""

from __future__ import annotations

import time

import msgspec
import pytest

from parley_contracts.ids import new_uuid7
from parley_contracts.policy import Mute, Permissions, PolicyDocument, RosterEntry


def with_roles(policy: PolicyDocument, *, permissions: Permissions | None = None, **roles: str) -> PolicyDocument:
    """The policy with people (by user id, dashes as underscores) in other roles."""
    given = {name.replace("_", "-"): role for name, role in roles.items()}
    roster = tuple(
        RosterEntry(e.user_id, e.root_fingerprint, given.get(e.user_id.replace("-", "_"), given.get(e.user_id, e.role)))
        for e in policy.roster
    )
    return msgspec.structs.replace(policy, roster=roster, permissions=permissions or policy.permissions)


def without(policy: PolicyDocument, *people, **changes) -> PolicyDocument:
    gone = {person.user_id for person in people}
    roster = tuple(e for e in policy.roster if e.user_id not in gone)
    return msgspec.structs.replace(policy, roster=roster, **changes)


@pytest.fixture
async def crowd(api, person, room_of):
    """An owner, two members, and their room."""
    devices = [person().device() for _ in range(3)]
    return await room_of(api, devices[0], devices[1:]), *devices


async def change(api, room, actor, policy, leaving=()):
    """Commit a policy; whoever has committed holds the new state."""
    result = room.removing(actor, leaving, policy)
    answer = await api.commit(room, actor, result, policy=policy)
    if answer.status == 200:
        room.policy = policy
        actor.groups[room.id] = result.group
        for device in room.others(actor, leaving):
            device.groups[room.id] = device.groups[room.id].process(room.primitives, result.commit).group
    return answer


async def test_only_who_may_sends(api, crowd):
    room, owner, member, _ = crowd
    assert (await api.send(room, member)).status == 200
    quiet = with_roles(room.policy, permissions=Permissions(send="admin"))
    assert (await change(api, room, owner, quiet)).status == 200
    refused = await api.send(room, member)
    assert (refused.status, refused.problem, refused.body["permission"]) == (403, "policy_refused", "send")
    assert (await api.send(room, owner)).status == 200
    admin = with_roles(quiet, **{member.person.user_id: "admin"})
    assert (await change(api, room, owner, admin)).status == 200
    assert (await api.send(room, member)).status == 200


async def test_nobody_raises_themselves(api, crowd):
    room, owner, member, _ = crowd
    raised = with_roles(room.policy, **{member.person.user_id: "admin"})
    assert (await change(api, room, member, raised)).problem == "policy_refused"
    assert (await change(api, room, owner, raised)).status == 200
    dethroned = with_roles(room.policy, **{owner.person.user_id: "member", member.person.user_id: "owner"})
    assert (await change(api, room, member, dethroned)).problem == "policy_refused"


async def test_who_leaves_sees_nothing_after(api, other_api, crowd):
    room, owner, member, third = crowd
    left = without(room.policy, member.person)
    async with other_api.socket(member) as socket, other_api.socket(third) as listening:
        answer = await change(api, room, member, left)
        assert answer.status == 200, answer.body
        gone = await socket.until("conversation.removed")
        assert gone["head"]["last_visible_sequence"] == answer.body["sequence"]
        # The leaver's leaf is still in the tree: nobody may write what it could read.
        assert (await api.send(room, owner)).problem == "policy_refused"
        assert (await api.send(room, member)).problem == "not_found"
        stays = room.removing(owner, [], room.policy)
        assert (await api.commit(room, owner, stays, policy=room.policy)).problem == "policy_refused"
        assert (await change(api, room, owner, room.policy, [member])).status == 200
        sent = await api.send(room, owner)
        assert sent.status == 200
        assert (await listening.until("message.created"))["sequence"] == sent.body["sequence"]
    page = (await api.get(f"conversations/{room.id}/entries?after=0", member)).body
    assert page["head"] == page["entries"][-1]["sequence"] == answer.body["sequence"]
    assert (await api.get(f"conversations/{room.id}/group-info", member)).problem == "not_found"
    heads = (await api.get("conversations", member)).body["conversations"]
    assert [head["head"] for head in heads] == [answer.body["sequence"]]


async def test_the_last_owner_stays_or_hands_on(api, crowd):
    room, owner, member, _ = crowd
    assert (await change(api, room, owner, without(room.policy, owner.person))).problem == "invalid_request"
    heir = with_roles(room.policy, **{member.person.user_id: "owner"})
    assert (await change(api, room, owner, heir)).status == 200
    assert (await change(api, room, owner, without(heir, owner.person))).status == 200


async def test_who_is_banned_stays_out(api, crowd):
    room, owner, member, third = crowd
    banned = without(room.policy, member.person, banned=(member.person.user_id,))
    assert (await change(api, room, third, banned, [member])).problem == "policy_refused"
    assert (await change(api, room, owner, banned, [member])).status == 200
    again = msgspec.structs.replace(
        banned, roster=(*banned.roster, RosterEntry(member.person.user_id, member.person.fingerprint, "member"))
    )
    result = room.adding(owner, [member], again)
    body = {"policy": again, "welcome_devices": [member.device_id]}
    assert (await api.commit(room, owner, result, **body)).problem == "invalid_request"
    free = msgspec.structs.replace(again, banned=())
    result = room.adding(owner, [member], free)
    answer = await api.commit(room, owner, result, policy=free, welcome_devices=[member.device_id])
    assert answer.status == 200, answer.body
    assert (await api.send(room, member)).status == 200


async def test_who_is_muted_says_nothing_until_their_time(api, other_api, crowd):
    room, owner, member, third = crowd
    for_good = msgspec.structs.replace(room.policy, muted=(Mute(member.person.user_id),))
    assert (await change(api, room, third, for_good)).problem == "policy_refused"
    assert (await change(api, room, owner, for_good)).status == 200
    refused = await api.send(room, member)
    assert (refused.status, refused.problem, refused.body["until"]) == (403, "muted", None)
    assert (await other_api.send(room, member)).problem == "muted"
    assert (await api.send(room, third)).status == 200
    assert (await change(api, room, member, msgspec.structs.replace(for_good, muted=()))).problem == "policy_refused"
    until = int(time.time()) + 3600
    timed = msgspec.structs.replace(for_good, muted=(Mute(member.person.user_id, until),))
    assert (await change(api, room, owner, timed)).status == 200
    assert (await api.send(room, member)).body["until"] == until
    over = msgspec.structs.replace(for_good, muted=(Mute(member.person.user_id, until - 7200),))
    assert (await change(api, room, owner, over)).status == 200
    assert (await api.send(room, member)).status == 200


async def test_who_is_muted_says_nothing_on_a_socket_either(api, crowd):
    room, owner, member, _ = crowd
    muted = msgspec.structs.replace(room.policy, muted=(Mute(member.person.user_id),))
    assert (await change(api, room, owner, muted)).status == 200
    async with api.socket(member) as socket:
        client_id = new_uuid7()
        sealed = room.sealed(member, client_id, b"words")
        command = {"type": "message.send", "ref": "r", "conversation_id": room.id, "client_id": client_id}
        await socket.say(command | sealed)
        told = await socket.until("problem")
        assert (told["ref"], told["problem"]["type"]) == ("r", "urn:parley:problem:muted")

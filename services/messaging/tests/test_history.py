"""What newcomers may read of before they came: what the policy in force shares, and nothing for who does not belong."""

from __future__ import annotations

import msgspec

from parley_contracts.policy import PolicyDocument, RosterEntry


def belonging(policy: PolicyDocument, *people, **changes) -> PolicyDocument:
    """The policy with these people in the roster as well."""
    more = tuple(RosterEntry(p.user_id, p.fingerprint, "member") for p in people)
    return msgspec.structs.replace(policy, roster=(*policy.roster, *more), **changes)


async def change(api, room, owner, policy, *, joining=(), leaving=()):
    """The owner commits a policy, with whom it brings in and takes out; the sequence of the entry."""
    result = room.adding(owner, joining, policy) if joining else room.removing(owner, leaving, policy)
    answer = await api.commit(room, owner, result, policy=policy, welcome_devices=[d.device_id for d in joining])
    assert answer.status == 200, answer.body
    room.policy, owner.groups[room.id] = policy, result.group
    return answer.body["sequence"]


async def read(api, room, device, query="after=0"):
    return [e["sequence"] for e in (await api.get(f"conversations/{room.id}/entries?{query}", device)).body["entries"]]


async def shared_room(api, person, room_of):
    """A room that has shared history since entry `since`, and somebody who came in by the last entry."""
    owner, newcomer = person().device(), person().device()
    room = await room_of(api, owner)
    await api.send(room, owner)
    since = await change(api, room, owner, msgspec.structs.replace(room.policy, history_sharing=True))
    await api.send(room, owner)
    came = await change(api, room, owner, belonging(room.policy, newcomer.person), joining=[newcomer])
    return room, owner, newcomer, since, came


async def test_a_newcomer_reads_from_where_sharing_began(api, other_api, person, room_of):
    room, owner, newcomer, since, came = await shared_room(api, person, room_of)
    assert await read(other_api, room, newcomer) == list(range(since, came + 1))
    assert await read(other_api, room, newcomer, f"before={came}") == list(range(since, came))
    page = (await api.get(f"conversations/{room.id}/entries?around={came}&limit=2", newcomer)).body
    assert page["previous"] == came - 1
    head = (await api.get(f"conversations/{room.id}", newcomer)).body["head"]
    assert head["first_visible_sequence"] == came
    assert (await api.get(f"conversations/{room.id}/group-info?epoch=1", newcomer)).body["sequence"] == since
    assert (await api.get(f"conversations/{room.id}/group-info?epoch=0", newcomer)).problem == "not_found"
    assert await read(api, room, owner) == list(range(1, came + 1))


async def test_without_sharing_a_newcomer_reads_from_their_own_entry_on(api, person, room_of):
    owner, newcomer = person().device(), person().device()
    room = await room_of(api, owner)
    await api.send(room, owner)
    came = await change(api, room, owner, belonging(room.policy, newcomer.person), joining=[newcomer])
    assert await read(api, room, newcomer) == [came]


async def test_sharing_ends_with_the_switch_and_with_a_timer(api, other_api, person, room_of):
    room, owner, newcomer, _, came = await shared_room(api, person, room_of)
    for ended in ({"history_sharing": False}, {"history_sharing": True, "timer_s": 3600}):
        head = await change(api, room, owner, msgspec.structs.replace(room.policy, **ended))
        assert await read(other_api, room, newcomer) == list(range(came, head + 1))
    again = await change(api, room, owner, msgspec.structs.replace(room.policy, timer_s=None))
    assert await read(other_api, room, newcomer) == list(range(came, again + 1))
    later = person().device()
    joined = await change(api, room, owner, belonging(room.policy, later.person), joining=[later])
    assert await read(other_api, room, later) == list(range(again, joined + 1))


async def test_who_was_put_out_reads_nothing_of_before_they_came(api, other_api, person, room_of):
    room, owner, newcomer, _, came = await shared_room(api, person, room_of)
    roster = tuple(entry for entry in room.policy.roster if entry.user_id != newcomer.person.user_id)
    banned = msgspec.structs.replace(room.policy, roster=roster, banned=(newcomer.person.user_id,))
    gone = await change(api, room, owner, banned, leaving=[newcomer])
    assert await read(other_api, room, newcomer) == list(range(came, gone + 1))
    stranger = person().device()
    assert (await api.get(f"conversations/{room.id}/entries?after=0", stranger)).problem == "not_found"

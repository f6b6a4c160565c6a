"""Reports of commits and resets over the API: stored once, shown to members, and a generation that counts its epochs anew."""

from __future__ import annotations

import os
from typing import Any

import msgspec
from log_model import pin
from messaging_people import Api, Device, P, Room

from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import new_uuid7, uuid_bytes
from parley_contracts.resets import REPORT_LABEL, Suspect, report_client_id, report_statement
from parley_mls import CommitResult, Group, branch_group, sign_with_label


async def suspected(api: Api, room: Room, device: Device) -> int:
    """Let a device commit, and say at which entry; the others stay where they are."""
    answer = await api.commit(room, device, device.groups[room.id].commit(P))
    assert answer.status == 200, answer.body
    return int(answer.body["sequence"])


async def report(api: Api, room: Room, device: Device, sequence: int, **changed: Any) -> Any:
    hashes = (await api.get(f"conversations/{room.id}/hashes?after={sequence - 1}", device)).body["hashes"]
    suspect = Suspect(
        conversation_id=room.id,
        sequence=sequence,
        entry_hash=b64decode(hashes[0]),
        generation=room.generation,
        group_id=room.group_id,
    )
    statement = report_statement(msgspec.structs.replace(suspect, **changed), device.person.user_id, device.device_id)
    body = {"signature": b64encode(sign_with_label(P, device.seed, REPORT_LABEL, statement))}
    return await api.put(f"conversations/{room.id}/unusable/{sequence}", device, body)


def branched(room: Room, device: Device, *others: Device) -> tuple[CommitResult, bytes]:
    """A branch of the device's group, which the others join, and its policy."""
    policy = msgspec.structs.replace(room.policy, generation=room.generation + 1).encode()
    bundles = [other.key_package() for other in others]
    old = {other.device_id: other.groups[room.id] for other in others}
    made = branch_group(
        P,
        device.groups[room.id],
        group_id=uuid_bytes(room.id) + os.urandom(16),
        signature_seed=device.seed,
        members=[bundle.key_package for bundle in bundles],
        extensions=[pin(policy)],
    )
    for other, bundle in zip(others, bundles, strict=True):
        assert made.welcome is not None
        predecessor = old[other.device_id].as_predecessor()
        other.groups[room.id] = Group.join(P, made.welcome, bundle, other.seed, predecessor=predecessor)
    return made, policy


async def reset(
    api: Api, room: Room, device: Device, others: list[Device], sequence: int, made: CommitResult, policy: bytes
) -> Any:
    body = {
        "unusable": sequence,
        "group_info": b64encode(made.group_info),
        "policy": b64encode(policy),
        "welcome": b64encode(made.welcome or b""),
        "welcome_devices": [other.device_id for other in others],
    }
    return await api.put(f"conversations/{room.id}/resets/{new_uuid7()}", device, body)


async def test_a_group_goes_around_a_commit(api, person, room_of):
    owner, first, second = [person().device() for _ in range(3)]
    room = await room_of(api, owner, [first, second])
    assert (await api.send(room, first, b"before")).status == 200
    sequence = await suspected(api, room, owner)

    assert (await report(api, room, first, sequence, generation=1)).problem == "invalid_request"
    assert (await report(api, room, owner, sequence)).problem == "policy_refused"
    reported = await report(api, room, first, sequence)
    assert reported.body["client_id"] == report_client_id(room.id, sequence)
    assert (await report(api, room, first, sequence)).body == reported.body

    made, policy = branched(room, first, second)
    refused = await reset(api, room, first, [second], sequence, made, policy)
    assert refused.problem == "policy_refused"  # one person's word
    assert (await report(api, room, second, sequence)).status == 200
    begun = await reset(api, room, first, [second], sequence, made, policy)
    assert (begun.status, begun.body["epoch"]) == (200, 1), begun.body

    entries = (await api.get(f"conversations/{room.id}/entries?after={sequence}", owner)).body["entries"]
    assert [entry["type"] for entry in entries] == ["commit.unusable", "commit.unusable", "conversation.reset"]
    assert {entry["unusable"] for entry in entries} == {sequence}
    last = entries[-1]
    assert (last["generation"], last["epoch"]) == (1, 1)
    assert (last["group_info"], last["policy"]) == (b64encode(made.group_info), b64encode(policy))
    late = await reset(api, room, first, [second], sequence, made, policy)
    assert late.problem == "epoch_stale"  # another one was first


async def test_a_generation_counts_anew(api, person, room_of):
    owner, first, second = [person().device() for _ in range(3)]
    room = await room_of(api, owner, [first, second])
    old_body = room.commit_body(owner, owner.groups[room.id].commit(P))
    stale = room.sealed(first, client_id := new_uuid7(), b"sealed before")
    sequence = await suspected(api, room, owner)
    for device in (first, second):
        assert (await report(api, room, device, sequence)).status == 200
    made, policy = branched(room, first, second)
    begun = (await reset(api, room, first, [second], sequence, made, policy)).body["sequence"]

    present = (await api.get(f"conversations/{room.id}/group-info", second)).body
    past = (await api.get(f"conversations/{room.id}/group-info?epoch=1", second)).body
    named = (await api.get(f"conversations/{room.id}/group-info?epoch=1&generation=1", second)).body
    assert present == named != past
    assert (past["sequence"], named["sequence"]) == (2, begun)
    welcomes = f"conversations/{room.id}/welcome"
    assert (await api.get(welcomes, second)).body["sequence"] == begun
    assert (await api.get(f"{welcomes}?sequence=2", second)).body["sequence"] == 2
    assert (await api.get(f"{welcomes}?sequence={sequence}", second)).body["sequence"] == 0

    # What was sealed or planned in the old generation's epoch 1 is of another epoch, though the numbers agree.
    assert (await api.put(f"conversations/{room.id}/messages/{client_id}", first, stale)).problem == "epoch_stale"
    old_commit = await api.put(f"conversations/{room.id}/commits/{new_uuid7()}", owner, old_body)
    assert old_commit.status == 400  # this stack's groups have ids of no conversation; see test_judging
    room.generation, room.epoch, room.group_id = 1, 1, made.group.group_id
    assert (await api.send(room, second, b"after")).status == 200
    assert (await api.send(room, owner, b"left out")).problem == "policy_refused"
    second_commit = second.groups[room.id].commit(P)
    assert (await api.commit(room, second, second_commit)).body["epoch"] == 2
    heads = (await api.get("conversations", second)).body["conversations"]
    assert [head["epoch"] for head in heads if head["conversation_id"] == room.id] == [2]

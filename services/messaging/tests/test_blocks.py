"""Blocks at the nodes: who is blocked reaches and sees nobody there, and hears what a stranger to an unknown person hears."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import msgspec
import pytest
import redis
from log_model import Shy
from messaging_links import Invitation, with_link
from messaging_people import make_room
from messaging_stack import flush_redis
from messaging_state import deliver, eventually, read, receipts, settle
from test_ephemeral import silent, stands, typing, watching
from test_feeding import recipients
from test_roles import change

from parley_contracts.ids import ConversationId, UserId, new_uuid7
from parley_contracts.people_api import BlockChange, BlockChanges
from parley_contracts.policy import RosterEntry
from parley_contracts.problems import PolicyRefused, Unavailable
from parley_messaging.service.blocks import Blocks
from parley_messaging.service.reaching import Reaching


@pytest.fixture
def block(stack, api, other_api):
    """Let somebody block somebody, or not any more, and wait until both nodes have told it to a device of theirs."""

    async def change(device, other, *, active=True):
        async with AsyncExitStack() as sockets:
            listening = [await sockets.enter_async_context(each.socket(device)) for each in (api, other_api)]
            version = stack.auth.block(device.person.user_id, other.person.user_id, active=active)
            with redis.Redis.from_url(stack.redis_url) as client:
                client.publish("auth:revocations", "0")
            for socket in listening:
                assert (await socket.until("blocks.changed"))["version"] == version

    return change


def said(answer):
    """Status and body, without what names the request."""
    body = {name: value for name, value in answer.body.items() if name not in {"request_id", "instance"}}
    return answer.status, body


async def begun(api, creator, policy, new_room):
    room = new_room(policy.conversation_id, creator, policy)
    return await api.put(f"conversations/{room.id}", creator, room.creation())


# --- what a node knows

WHERE = ConversationId(new_uuid7())


class Feed:
    """`BlockFeed`: a list, two changes at a time; away where told so."""

    def __init__(self):
        self.changes: list[BlockChange] = []
        self.away = False

    async def block_changes(self, since):
        if self.away:
            raise Unavailable(retry_after_s=1)
        page = [change for change in self.changes if change.position > since][:2]
        return BlockChanges(page, next=page[-1].position if page else since)


async def test_a_node_that_begins_knows_every_block_and_decides_nothing_before():
    anna, ben, carla = (UserId(new_uuid7()) for _ in range(3))
    feed, heard = Feed(), []
    feed.changes = [BlockChange(n, anna, who, active) for n, (who, active) in enumerate([(ben, True)] * 4, 1)]
    feed.changes += [BlockChange(7, anna, carla, True), BlockChange(9, anna, carla, False)]
    blocks = Blocks(feed, heard.extend)
    assert blocks.hides(ben, carla)
    reaching = Reaching(blocks, Shy(), None, None)
    with pytest.raises(Unavailable):
        reaching.check_writes(ben, [carla])
    with pytest.raises(Unavailable):
        await reaching.check_brings_in(ben, [carla], WHERE)
    task = asyncio.create_task(blocks.run())
    try:
        await eventually(lambda: asyncio.sleep(0, blocks.loaded), True)
        assert (blocks.has_blocked(anna, ben), blocks.has_blocked(ben, anna)) == (True, False)
        assert (blocks.hides(ben, anna), blocks.hides(anna, carla)) == (True, False)
        assert (blocks.version(anna), blocks.version(ben), heard) == (9, 0, [])
        for who, other in ((anna, ben), (ben, anna)):
            with pytest.raises(PolicyRefused):
                reaching.check_writes(who, [carla, other])
        await reaching.check_brings_in(anna, [ben], WHERE)
        with pytest.raises(PolicyRefused):
            await reaching.check_brings_in(ben, [carla, anna], WHERE)
        # While auth is away, what is known holds; afterwards what was missed comes.
        feed.away = True
        feed.changes.append(BlockChange(11, anna, ben, False))
        blocks.hint()
        await asyncio.sleep(0.05)
        assert blocks.between(anna, ben)
        feed.away = False
        blocks.hint()
        await eventually(lambda: asyncio.sleep(0, blocks.between(anna, ben)), False)
        assert heard == feed.changes[-1:]
    finally:
        task.cancel()


# --- what nodes do with it


async def test_while_a_block_stands_neither_writes_to_the_other(
    api, other_api, stack, person, new_room, policy_of, block
):
    anna, ben = person().device(), person().device()
    room = await make_room(api, anna, [ben], kind="direct")
    assert (await api.send(room, ben)).status == 200
    head = (await api.get(f"conversations/{room.id}", anna)).body["head"]["head"]
    await block(anna, ben)
    flush_redis(stack)
    unknown = person()
    del stack.auth.fingerprints[unknown.user_id]
    strange = await begun(api, ben, policy_of(ben.person, unknown, kind="direct"), new_room)
    assert (strange.status, strange.problem) == (403, "policy_refused")
    for node, sender in ((api, ben), (other_api, ben), (other_api, anna)):
        assert said(await node.send(room, sender)) == said(strange)
    assert (await api.get(f"conversations/{room.id}", ben)).body["head"]["head"] == head
    # A new device of theirs still comes in, as before: what was said there stays theirs.
    await block(anna, ben, active=False)
    assert (await other_api.send(room, ben)).status == 200


async def test_nobody_is_brought_into_anything_by_whom_they_have_blocked(
    api, other_api, stack, person, new_room, policy_of, block
):
    anna, ben, carla = person().device(), person().device(), person().device()
    unknown = person()
    del stack.auth.fingerprints[unknown.user_id]
    await block(anna, ben)
    strange = said(await begun(api, ben, policy_of(ben.person, unknown), new_room))
    for node, policy in (
        (api, policy_of(ben.person, anna.person, kind="direct")),
        (other_api, policy_of(ben.person, anna.person)),
        (api, policy_of(ben.person, carla.person, anna.person)),
    ):
        assert said(await begun(node, ben, policy, new_room)) == strange
    room = await make_room(api, ben, [carla])
    wider = policy_of(ben.person, carla.person, anna.person, conversation_id=room.id)
    adding = room.adding(ben, [anna], wider)
    refused = await api.commit(room, ben, adding, policy=wider, welcome_devices=[anna.device_id])
    assert said(refused) == strange
    # Whoever is not blocked brings in both, and there both may speak.
    shared = await make_room(other_api, carla, [anna, ben])
    assert [(await api.send(shared, each)).status for each in (anna, ben)] == [200, 200]


async def test_over_a_block_nobody_sees_who_is_there_who_types_and_what_was_read(
    api, other_api, person, room_of, block
):
    anna, ben, carla = person().device(), person().device(), person().device()
    room = await room_of(api, carla, [anna, ben])
    async with api.socket(anna) as of_anna, other_api.socket(ben) as of_ben, api.socket(carla) as of_carla:
        await of_ben.say(watching(room, anna))
        await stands(of_ben, "online")
        await block(anna, ben)
        await of_anna.until("blocks.changed")
        assert (await stands(of_ben, "offline"))["last_seen_at"] is None
        for typist, hearing, deaf in ((of_anna, of_carla, of_ben), (of_ben, of_carla, of_anna)):
            await typist.say(typing(room))
            await hearing.until("typing.started")
            await silent(deaf, "typing.started", 0.3)
        await read(api, anna, room, 2)
        await deliver(other_api, ben, room, 2)
        await of_carla.until("receipt.updated")
        await eventually(lambda: receipts(api, carla, room), {anna.person.user_id: (2, 2), ben.person.user_id: (0, 2)})
        assert anna.person.user_id not in await receipts(other_api, ben, room)
        assert ben.person.user_id not in await receipts(api, anna, room)
        await silent(of_ben, "receipt.updated", 0.3)
        # What was kept from both is there again when the block has ended.
        await block(anna, ben, active=False)
        await stands(of_ben, "online")
        assert anna.person.user_id in await receipts(other_api, ben, room)
    async with other_api.socket(anna) as again:
        assert again.ready["blocks_version"] > 0


async def test_whoever_blocked_the_sender_is_not_notified(api, stack, person, room_of, block):
    anna, ben, carla = person().device(), person().device(), person().device()
    room = await room_of(api, carla, [anna, ben])
    await block(anna, ben)
    for sender, told in ((ben, (ben, carla)), (anna, (anna, ben, carla)), (carla, (anna, ben, carla))):
        sent = await api.send(room, sender)
        answer = await recipients(api, stack, room, sent.body["sequence"])
        assert set(answer["user_ids"]) == {each.person.user_id for each in told}


async def test_who_wants_no_strangers_is_reached_by_those_of_their_conversations(
    api, other_api, stack, person, new_room, policy_of
):
    shy, friend, stranger = person().device(), person().device(), person().device()
    unknown = person()
    del stack.auth.fingerprints[unknown.user_id]
    await make_room(api, friend, [shy])
    await settle(api, shy, strangers=False)
    refused = said(await begun(api, stranger, policy_of(stranger.person, unknown, kind="direct"), new_room))
    for kind in ("direct", "group"):
        answer = await begun(other_api, stranger, policy_of(stranger.person, shy.person, kind=kind), new_room)
        assert said(answer) == refused
        assert (await begun(api, friend, policy_of(friend.person, shy.person, kind=kind), new_room)).status == 200
    # Whom they write to themselves is no stranger any more.
    await make_room(api, shy, [stranger], kind="direct")
    assert (await begun(api, stranger, policy_of(stranger.person, shy.person), new_room)).status == 200


async def test_who_asks_to_join_is_let_in_by_strangers(api, person, room_of):
    owner, outsider = person().device(), person().device()
    room, invitation = await room_of(api, owner), Invitation(owner)
    assert (await change(api, room, owner, with_link(room, invitation))).status == 200
    await settle(api, outsider, strangers=False)
    joined = RosterEntry(outsider.person.user_id, outsider.person.fingerprint, "member")
    policy = msgspec.structs.replace(room.policy, roster=(*room.policy.roster, joined))
    result = room.adding(owner, [outsider], policy)
    fields = {"policy": policy, "welcome_devices": [outsider.device_id]}
    assert (await api.commit(room, owner, result, **fields)).problem == "policy_refused"
    assert (await invitation.ask(api, room, outsider)).status == 204
    assert (await api.commit(room, owner, result, **fields)).status == 200

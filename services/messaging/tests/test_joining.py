"""Requests to join by invitation links, and the sealed settings of a person: routes of a node."""

from __future__ import annotations

import asyncio
import os
import time

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from messaging_links import Invitation, with_link
from redis.asyncio import Redis
from test_roles import change, with_roles, without

from parley_contracts.encoding import b64encode
from parley_contracts.ids import new_uuid7
from parley_contracts.limits import JOIN_ATTEMPTS_PER_HOUR
from parley_contracts.policy import Permissions, RosterEntry
from parley_messaging.adapters.redis.rates import RedisAttempts


@pytest.fixture
async def invited(api, person, room_of):
    """An owner with a member, their room, and an invitation that is part of the policy."""
    owner, member, outsider = (person().device() for _ in range(3))
    room = await room_of(api, owner, [member])
    invitation = Invitation(owner)
    assert (await change(api, room, owner, with_link(room, invitation))).status == 200
    return room, owner, member, outsider, invitation


async def waiting(api, room, device):
    return (await api.get(f"conversations/{room.id}/join-requests", device)).body["join_requests"]


async def test_a_request_is_filed_seen_and_answered(api, other_api, invited):
    room, owner, member, outsider, invitation = invited
    async with other_api.socket(owner) as socket:
        assert (await invitation.ask(api, room, outsider)).status == 204
        assert await socket.until("join_requests.changed") == {
            "type": "join_requests.changed",
            "conversation_id": room.id,
        }
    assert (await invitation.ask(other_api, room, outsider)).status == 204
    (found,) = await waiting(other_api, room, owner)
    assert (found["user_id"], found["link_id"]) == (outsider.person.user_id, invitation.link.link_id)
    assert found["signature"] == invitation.request(room, outsider)["signature"]
    own = (await api.get("join-requests", outsider)).body["join_requests"]
    assert own == [found]
    assert (await api.get("join-requests", member)).body["join_requests"] == []
    refused = await api.get(f"conversations/{room.id}/join-requests", member)
    assert (refused.problem, refused.body["permission"]) == ("policy_refused", "add")
    path = f"conversations/{room.id}/join-requests/{outsider.person.user_id}"
    assert (await api.call("DELETE", path, member)).problem == "policy_refused"
    assert (await api.call("DELETE", path, owner)).status == 204
    assert (await api.call("DELETE", path, owner)).problem == "not_found"
    assert (await invitation.ask(api, room, outsider)).status == 204
    assert (await api.call("DELETE", path, outsider)).status == 204
    assert await waiting(api, room, owner) == []


async def test_what_opens_nothing_looks_like_nothing(api, person, room_of, invited):
    """Unknown, expired, used up, revoked, signed otherwise, asked by a banned person: one answer."""
    room, owner, _, outsider, invitation = invited
    other_room = await room_of(api, outsider)
    expired, full = Invitation(owner, expires_at=int(time.time()) - 1), Invitation(owner, uses_max=0)
    revoked, banned = Invitation(owner), person().device()
    policy = with_link(room, invitation, expired, full, revoked, banned=(banned.person.user_id,))
    assert (await change(api, room, owner, policy)).status == 200
    assert (await revoked.ask(api, room, outsider)).status == 204
    assert (await change(api, room, owner, with_link(room, invitation, expired, full))).status == 200
    assert await waiting(api, room, owner) == []
    unknown = Invitation(owner)
    answers = [
        await unknown.ask(api, room, outsider),
        await expired.ask(api, room, outsider),
        await full.ask(api, room, outsider),
        await revoked.ask(api, room, outsider),
        await invitation.ask(api, room, banned),
        await invitation.ask(api, room, outsider, seed=os.urandom(32)),
        await invitation.ask(api, room, outsider, user_id=owner.person.user_id),
        await invitation.ask(api, room, outsider, root_fingerprint=bytes(32)),
        await invitation.ask(api, room, outsider, conversation_id=other_room.id),
        await invitation.ask(api, room, outsider, server_name="other.example"),
        await api.put(f"conversations/{new_uuid7()}/join-request", outsider, invitation.request(room, outsider)),
        await api.put("conversations/nonsense/join-request", outsider, invitation.request(room, outsider)),
    ]
    assert {(answer.status, answer.problem, answer.body["detail"]) for answer in answers} == {
        (404, "not_found", "There is nothing here.")
    }
    for path in (f"conversations/{room.id}/join-requests", f"conversations/{new_uuid7()}/join-requests"):
        assert (await api.get(path, outsider)).problem == "not_found"
    path = f"conversations/{room.id}/join-requests/{owner.person.user_id}"
    assert (await api.call("DELETE", path, outsider)).problem == "not_found"
    assert (await invitation.ask(api, room, owner)).problem == "conflict"


async def test_who_comes_in_uses_the_link_up(api, invited, person):
    room, owner, member, outsider, _ = invited
    once, late = Invitation(owner, uses_max=1), person().device()
    assert (await change(api, room, owner, with_link(room, once))).status == 200
    assert (await once.ask(api, room, outsider)).status == 204
    assert (await once.ask(api, room, late)).status == 204
    joined = RosterEntry(outsider.person.user_id, outsider.person.fingerprint, "member")
    used = msgspec.structs.replace(once.link, uses=1)
    policy = msgspec.structs.replace(room.policy, roster=(*room.policy.roster, joined), links=(used,))
    result = room.adding(owner, [outsider], policy)
    answer = await api.commit(room, owner, result, policy=policy, welcome_devices=[outsider.device_id])
    assert answer.status == 200, answer.body
    assert await waiting(api, room, owner) == []
    assert (await api.get("join-requests", outsider)).body["join_requests"] == []
    assert (await once.ask(api, room, person().device())).problem == "not_found"
    assert (await api.send(room, outsider)).status == 200
    twice = msgspec.structs.replace(used, uses=0)
    owner.groups[room.id] = result.group
    room.policy = policy
    again = msgspec.structs.replace(policy, links=(twice,))
    assert (await api.commit(room, owner, room.removing(owner, [], again), policy=again)).problem == "policy_refused"
    assert member.person.user_id in policy.user_ids


async def test_trying_links_is_limited(api, person, invited):
    room, owner, _, outsider, invitation = invited
    other = person().device()
    answers = [await Invitation(owner).ask(api, room, other) for _ in range(JOIN_ATTEMPTS_PER_HOUR + 1)]
    assert [answer.status for answer in answers] == [404] * JOIN_ATTEMPTS_PER_HOUR + [429]
    assert answers[-1].problem == "rate_limited"
    assert 0 < answers[-1].body["retry_after_s"] <= 3600
    assert (await invitation.ask(api, room, outsider)).status == 204


async def test_redis_away_refuses_nobody():
    """Nothing listens at that port: what is not counted is not refused, and the stores keep their own bounds."""
    away = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=1)
    attempts = RedisAttempts(away, "join", count_max=0, window_s=60)
    assert [await attempts.wait_s("somebody") for _ in range(3)] == [0, 0, 0]
    await away.aclose()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.binary(max_size=60) | st.recursive(st.text() | st.integers() | st.none(), st.lists, max_leaves=4))
def test_any_body_gets_a_problem(stack, nodes, body):
    """Hostile bodies at every new route that takes one."""
    from messaging_people import Api, make_person

    async def ask() -> None:
        api, device = Api(nodes[0]), make_person(stack).device()
        raw = (
            body if isinstance(body, bytes) else msgspec.json.encode({"link_id": body, "version": body, "sealed": body})
        )
        for path in (f"conversations/{new_uuid7()}/join-request", "settings"):
            answer = await api.put(path, device, raw=raw)
            assert 400 <= answer.status < 500 and answer.problem
        await api.close()

    asyncio.run(ask())


async def test_settings_move_by_one_and_are_told(api, other_api, person):
    device, other = person().device(), person().device()
    assert (await api.get("settings", device)).body == {"version": 0, "sealed": ""}
    first = {"version": 1, "sealed": b64encode(b"one")}
    async with other_api.socket(device) as socket, api.socket(other) as foreign:
        assert (await api.put("settings", device, first)).status == 204
        assert await socket.until("settings.updated") == {"type": "settings.updated", "version": 1}
        with pytest.raises(TimeoutError):
            await foreign.next(timeout_s=0.5)
    assert (await api.put("settings", device, first)).status == 204
    stale = await api.put("settings", device, {"version": 1, "sealed": b64encode(b"other")})
    assert (stale.problem, stale.body["version"]) == ("version_stale", 1)
    assert (await api.put("settings", device, {"version": 3, "sealed": b64encode(b"3")})).status == 409
    assert (await api.put("settings", device, {"version": 2, "sealed": b64encode(b"two")})).status == 204
    assert (await api.get("settings", device)).body == {"version": 2, "sealed": b64encode(b"two")}
    assert (await api.get("settings?known=2", device)).body == {"version": 2, "sealed": ""}
    assert (await api.get("settings", other)).body["version"] == 0
    assert (await api.put("settings", device, {"version": 0, "sealed": "AA"})).problem == "invalid_request"


async def test_a_link_ends_with_its_makers_membership(api, invited):
    room, owner, member, outsider, _ = invited
    raised = with_roles(room.policy, permissions=Permissions(invite="member"))
    assert (await change(api, room, owner, raised)).status == 200
    own = Invitation(member)
    both = msgspec.structs.replace(room.policy, links=(*room.policy.links, own.link))
    assert (await change(api, room, member, both)).status == 200
    assert (await own.ask(api, room, outsider)).status == 204
    kept = without(room.policy, member.person)
    assert (await change(api, room, owner, kept, [member])).problem == "invalid_request"
    gone = without(room.policy, member.person, links=room.policy.links[:1])
    assert (await change(api, room, owner, gone, [member])).status == 200
    assert (await own.ask(api, room, outsider)).problem == "not_found"

"""Linking a device: what the server keeps for two devices, whose turn it is, and for how long."""

from datetime import timedelta

import pytest
from django.utils import timezone

from parley_auth.signin.models import Session
from parley_auth.web.rates import redis_client
from parley_contracts.ids import new_uuid7
from parley_contracts.limits import LINK_LIFETIME_S, LINK_PART_SIZE_BYTES_MAX, LINKS_PER_USER_MAX, RECENT_SIGN_IN_S


@pytest.fixture
def newcomer(alice, login, make_person):
    """A session of Alice's that has no device yet."""
    api = type(alice.api)(login("alice").body["meta"]["access_token"])
    assert api.get("me").body["device_id"] is None
    return api


def put(api, link_id, slot, data="cGFydA", **more):
    return api.put(f"me/links/{link_id}", {"slot": slot, "data": data, **more})


def parts_of(link):
    return {slot: link[slot] for slot in ("offer", "answer", "reveal", "package") if link[slot] is not None}


def test_by_code_each_part_in_its_turn(alice, newcomer):
    link_id = new_uuid7()
    assert put(newcomer, link_id, "offer", "b2ZmZXI", name="Tablet").status == 200
    (shown,) = alice.api.get("me/links").body["links"]
    assert parts_of(shown) == {"offer": "b2ZmZXI"}
    assert (shown["link_id"], shown["name"], shown["new_device"]) == (link_id, "Tablet", True)
    too_early = [put(newcomer, link_id, "reveal"), put(alice.api, link_id, "package"), put(newcomer, link_id, "answer")]
    assert {answer.problem for answer in too_early} == {"conflict"}
    assert put(alice.api, link_id, "answer", "YW5zd2Vy").status == 200
    assert alice.api.get("me/links").body == {"links": []}
    assert put(alice.api, link_id, "reveal").problem == "conflict"
    assert put(newcomer, link_id, "reveal", "cmV2ZWFs").status == 200
    assert put(newcomer, link_id, "package").problem == "conflict"
    assert put(alice.api, link_id, "package", "cGFja2FnZQ").status == 200
    parts = {"offer": "b2ZmZXI", "answer": "YW5zd2Vy", "reveal": "cmV2ZWFs", "package": "cGFja2FnZQ"}
    assert parts_of(newcomer.get(f"me/links/{link_id}").body) == parts


def test_by_scanning_the_old_device_begins(alice, newcomer):
    link_id = new_uuid7()
    assert put(alice.api, link_id, "offer").status == 200
    assert alice.api.get("me/links").body == {"links": []}
    assert put(alice.api, link_id, "answer").problem == "conflict"
    assert put(newcomer, link_id, "answer").status == 200
    assert put(newcomer, link_id, "package").problem == "conflict"
    assert put(alice.api, link_id, "package").status == 200


def test_a_part_is_written_once(alice, newcomer):
    link_id = new_uuid7()
    assert put(newcomer, link_id, "offer", "b25l").status == 200
    assert put(newcomer, link_id, "offer", "b25l").status == 200
    assert put(newcomer, link_id, "offer", "dHdv").problem == "conflict"
    assert parts_of(newcomer.get(f"me/links/{link_id}").body) == {"offer": "b25l"}


def test_another_session_does_not_take_the_turn(alice, newcomer, login):
    link_id, third = new_uuid7(), type(alice.api)(login("alice").body["meta"]["access_token"])
    assert put(newcomer, link_id, "offer").status == 200
    assert put(third, link_id, "answer").problem == "conflict"
    assert put(alice.api, link_id, "answer").status == 200
    assert put(third, link_id, "reveal").problem == "conflict"


def test_nobody_else_sees_it(alice, newcomer, bob):
    link_id = new_uuid7()
    put(newcomer, link_id, "offer")
    assert bob.api.get(f"me/links/{link_id}").problem == "not_found"
    assert bob.api.get("me/links").body == {"links": []}
    assert put(bob.api, link_id, "answer").problem == "not_found"
    assert bob.api.call("DELETE", f"me/links/{link_id}").status == 204
    assert newcomer.get(f"me/links/{link_id}").status == 200


def test_either_device_ends_it_and_so_does_time(alice, newcomer):
    link_id, other = new_uuid7(), new_uuid7()
    put(newcomer, link_id, "offer")
    assert alice.api.call("DELETE", f"me/links/{link_id}").status == 204
    assert newcomer.get(f"me/links/{link_id}").problem == "not_found"
    assert put(newcomer, link_id, "reveal").problem == "not_found"
    put(newcomer, other, "offer")
    put(alice.api, other, "answer")
    left = redis_client().ttl(f"auth:link:{alice.user_id}:{other}")
    assert 0 < left <= LINK_LIFETIME_S
    redis_client().delete(f"auth:link:{alice.user_id}:{other}")
    assert put(newcomer, other, "reveal").problem == "not_found"


def test_a_device_has_to_have_signed_in_recently(alice, newcomer):
    long_ago = timezone.now() - timedelta(seconds=RECENT_SIGN_IN_S + 60)
    Session.objects.filter(device=alice.device_id).update(authenticated_at=long_ago)
    link_id = new_uuid7()
    put(newcomer, link_id, "offer")
    assert put(alice.api, link_id, "answer").problem == "sign_in_again"
    assert put(alice.api, new_uuid7(), "offer").problem == "sign_in_again"


def test_bad_input(alice, newcomer):
    link_id = new_uuid7()
    assert put(newcomer, "nonsense", "offer").problem == "not_found"
    assert put(newcomer, link_id, "nonsense").problem == "invalid_request"
    assert put(newcomer, link_id, "offer", "").problem == "invalid_request"
    assert put(newcomer, link_id, "offer", "=").problem == "invalid_request"
    assert put(newcomer, link_id, "offer", name="\n").problem == "invalid_request"
    assert put(newcomer, link_id, "offer", "A" * (2 * LINK_PART_SIZE_BYTES_MAX)).problem == "too_large"
    assert [put(newcomer, new_uuid7(), "offer").status for _ in range(LINKS_PER_USER_MAX + 1)].count(409) == 1

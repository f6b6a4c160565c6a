"""Who is gone: nothing of theirs is left but what they said to others, and auth is told what is left."""

from __future__ import annotations

import asyncio
import json

import bson
from messaging_stack import wait_for
from test_reporting import say

from parley_contracts.ids import new_uuid7, self_conversation_id
from parley_contracts.tokens import sign_service_token
from parley_messaging.adapters.mongo.database import id_bytes
from parley_messaging.adapters.mongo.people import _OWNED

PATIENCE_S = 15.0


def ask(node, stack, path, service="auth"):
    key = {"auth": stack.auth.operating_key, "notification": stack.auth.notification_key}[service]
    headers = {"Authorization": f"Bearer {sign_service_token(key, service=service, audience='messaging')}"}
    with node.client() as client:
        return client.get(f"/internal/people/{path}", headers=headers)


def left(node, stack, user_id, service="auth"):
    answer = ask(node, stack, f"{user_id}/leftovers", service)
    return answer.json()["left"] if answer.status_code == 200 else answer.status_code


def kept(node, stack, user_id):
    answer = ask(node, stack, f"{user_id}/export")
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.text.splitlines()]


def leave_something(stack, user_id):
    """A document in each collection that is about one person, and an entry of a note to self."""
    with stack.database() as database:
        for name, field in _OWNED.items():
            if name == "reports":  # made by the route: its words are sealed
                continue
            database[name].insert_one({field: id_bytes(user_id), "conversation": bson.Binary(id_bytes(new_uuid7()))})
        note = {"conversation": id_bytes(self_conversation_id(user_id)), "sequence": 1, "user": id_bytes(user_id)}
        database["entries"].insert_one(note | {"device": id_bytes(new_uuid7()), "client": id_bytes(new_uuid7())})


async def test_nothing_of_a_person_is_left_but_what_they_said_to_others(api, nodes, stack, person, room_of):
    going, staying = person().device(), person().device()
    room = await room_of(api, staying, [going])
    sequence, report = await say(api, room, staying)
    assert (await api.put(f"conversations/{room.id}/reports/{sequence}", going, report)).status == 204
    assert (await api.put(f"conversations/{room.id}/receipt", going, {"read_sequence": sequence})).status in {200, 204}
    assert (await api.send(room, going)).status == 200
    user_id = going.person.user_id
    leave_something(stack, user_id)
    assert set(left(nodes[0], stack, user_id)) == {"entries", *_OWNED}
    lines = kept(nodes[0], stack, user_id)
    assert {line["kind"] for line in lines} == {"entries", *_OWNED}
    assert [line["reason"] for line in lines if line["kind"] == "reports"] == ["rude 7c1d"]
    assert room.id in {line["conversation"] for line in lines if line["kind"] == "memberships"}
    stack.auth.delete(user_id)
    await asyncio.to_thread(wait_for, lambda: left(nodes[1], stack, user_id) == {}, PATIENCE_S)
    with stack.database() as database:
        for name in database.list_collection_names():
            holding = [found for found in database[name].find() if id_bytes(user_id) in bson.encode(found)]
            # The log is of all who belong to a conversation, and a delivered event tells of it.
            assert {found["conversation"] for found in holding if "conversation" in found} <= {id_bytes(room.id)}, name
            assert name == "entries" or not holding, name
    entries = (await api.get(f"conversations/{room.id}/entries", staying)).body["entries"]
    assert user_id in {entry["user_id"] for entry in entries}
    assert set(left(nodes[0], stack, staying.person.user_id)) >= {"memberships"}


async def test_only_auth_asks_what_is_left(nodes, stack, person):
    user_id = person().user_id
    assert left(nodes[0], stack, user_id, "notification") == 403
    assert left(nodes[0], stack, "nobody") == 404
    assert left(nodes[0], stack, user_id) == {} and kept(nodes[0], stack, user_id) == []
    assert ask(nodes[0], stack, f"{user_id}/export", "notification").status_code == 403
    with nodes[0].client() as client:
        assert client.get(f"/internal/people/{user_id}/leftovers").status_code == 401

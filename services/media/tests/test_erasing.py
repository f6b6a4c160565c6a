"""Who is gone: their objects go from the index and from the store, their space is forgotten, and nobody else's."""

import json

from messaging_stack import wait_for

from parley_contracts.ids import new_uuid7
from parley_contracts.limits import MEDIA_PART_SIZE_BYTES
from parley_contracts.tokens import sign_service_token


def ask(node, stack, path, service="auth"):
    key = {"auth": stack.auth.operating_key, "notification": stack.auth.notification_key}[service]
    headers = {"Authorization": f"Bearer {sign_service_token(key, service=service, audience='media')}"}
    with node.client() as client:
        return client.get(f"/internal/people/{path}", headers=headers)


def left(node, stack, user_id, service="auth"):
    answer = ask(node, stack, f"{user_id}/leftovers", service)
    return answer.json()["left"] if answer.status_code == 200 else answer.status_code


def test_objects_of_a_person_go_with_their_bytes(api, node, stack, conversation):
    going, staying = stack.person(), stack.person()
    for person in (going, staying):
        person.joins(conversation)
    gone, kept = (api.upload(person, conversation, b"x" * 500) for person in (going, staying))
    path = api.download(staying, gone).body["path"]
    assert api.fetch(path).status_code == 200
    # An upload in parts that was never complete.
    assert api.announce(going, conversation, MEDIA_PART_SIZE_BYTES + 1000).status == 200
    assert left(node, stack, going.user_id) == {"objects": 2, "space": 1}
    lines = [json.loads(line) for line in ask(node, stack, f"{going.user_id}/export").text.splitlines()]
    assert [line["kind"] for line in lines] == ["quota", "file", "file"]
    assert gone in {line.get("object_id") for line in lines}
    assert ask(node, stack, f"{going.user_id}/export", "notification").status_code == 403
    stack.auth.delete(going.user_id)
    wait_for(lambda: left(node, stack, going.user_id) == {}, timeout_s=15)
    assert api.download(staying, gone).problem == "not_found"
    assert api.fetch(path).status_code == 404, "the bytes, too"
    assert api.fetch(api.download(going, kept).body["path"]).content == b"x" * 500
    assert left(node, stack, staying.user_id) == {"objects": 1, "space": 1}


def test_only_auth_asks_what_is_left(node, stack):
    user_id = new_uuid7()
    assert left(node, stack, user_id, "notification") == 403
    assert left(node, stack, "nobody") == 404
    assert left(node, stack, user_id) == {}
    with node.client() as client:
        assert client.get(f"/internal/people/{user_id}/leftovers").status_code == 401

"""Who may announce and fetch: messaging decides, and whoever may not gets the answer of the absent (I6)."""

import time

from parley_contracts.ids import new_uuid7


def answer_of(answer):
    return (answer.status, {name: value for name, value in answer.body.items() if name != "request_id"})


def test_absent_and_foreign_look_alike(api, stack, anna, conversation):
    object_id = api.upload(anna, conversation, bytes(100))
    open_id = api.announce(anna, conversation, 100).body["object_id"]
    stranger = stack.person()
    absent = answer_of(api.download(anna, new_uuid7()))
    assert absent[0] == 404
    for person, wanted in ((stranger, object_id), (anna, open_id), (stranger, open_id), (stranger, new_uuid7())):
        assert answer_of(api.download(person, wanted)) == absent
    for nonsense in ("x", "%2e%2e", object_id.upper()):
        assert api.download(anna, nonsense).problem == "not_found"
    assert answer_of(api.announce(stranger, conversation, 100)) == absent
    assert answer_of(api.announce(anna, new_uuid7(), 100)) == absent


def test_another_persons_upload_is_not_there(api, anna, berta, conversation):
    upload_id = new_uuid7()
    mine = api.announce(anna, conversation, 100, upload_id).body
    assert api.complete(berta, upload_id).problem == "not_found"
    theirs = api.announce(berta, conversation, 200, upload_id).body
    assert theirs["object_id"] != mine["object_id"]


def test_whoever_left_sees_what_was_said_before(api, anna, berta, conversation):
    anna.joins(conversation, head=5)
    before = api.upload(anna, conversation, bytes(100))
    anna.joins(conversation, head=9)
    after = api.upload(anna, conversation, bytes(100))
    berta.joins(conversation, head=9, last=9)
    assert api.download(berta, before).status == 200
    assert api.download(berta, after).problem == "not_found"
    assert api.announce(berta, conversation, 100).problem == "not_found"


def test_tokens_are_checked(api, stack, anna, conversation):
    assert api.download(None, new_uuid7()).problem == "unauthenticated"
    anna.token = stack.auth.token(anna.user_id, None)
    assert api.announce(anna, conversation, 100).problem == "device_required"
    anna.token = stack.auth.token(anna.user_id, anna.device, lifetime_s=-120)
    assert api.announce(anna, conversation, 100).problem == "token_expired"


def test_a_revoked_device_is_out_within_seconds(api, stack, anna, conversation):
    object_id = api.upload(anna, conversation, bytes(100))
    stack.auth.revoke(anna.user_id, anna.device)
    deadline = time.monotonic() + 30
    while api.download(anna, object_id).status == 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert api.download(anna, object_id).problem == "unauthenticated"


def test_messaging_away_is_said(api, stack, anna, conversation):
    object_id = api.upload(anna, conversation, bytes(100))
    stack.messaging.down = True
    try:
        for answer in (api.download(anna, object_id), api.announce(anna, conversation, 100)):
            assert (answer.status, answer.problem) == (503, "unavailable")
            assert answer.headers["Retry-After"]
    finally:
        stack.messaging.down = False

"""A server and members that lie about the past: nothing forged is shown, and what is withheld comes from others or later."""

import msgspec
import pytest
from past_people import page_of, say, texts, up_to_date

from parley_client import outbox
from parley_client.content.kinds import KIND_PAST_REQUEST, KIND_PAST_SECRETS
from parley_client.past import giving, saying
from parley_client.store import messages
from parley_client.store.past import PastRequest, list_requests, load_past
from parley_client.store.queues import OutboxRow
from parley_client.sync.catch_up import catch_up
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import ClientId, new_uuid7


@pytest.fixture
async def invited(garden):
    """Bob has just come in; two things were said before, in two epochs."""
    where, alice, bob = garden
    await say(alice, where, "one")
    await alice.group_describe(where, topic="roses")
    await alice.group_permissions(where, {"name": "member"})
    await say(alice, where, "two")
    await alice.group_add(where, ["@bob"])
    return where, alice, bob


def place_of(server, where, client, text):
    return next(m.sequence for m in client.store and messages.texts_of(client.store, where) if text in str(m.body))


def refusals(client):
    return [notice.detail for notice in client.notices() if notice.code == "history_refused"]


async def nothing_is_believed(bob, where):
    await up_to_date(bob)
    assert await texts(bob, where) == []
    assert refusals(bob)
    assert load_past(bob.store, where).state == "asking"
    assert all(item.kind != "history" for item in page_of(bob, where).items)


@pytest.mark.parametrize("field", ["ciphertext", "header", "signature"])
async def test_a_message_that_was_changed_is_refused(invited, server, field):
    where, alice, bob = invited
    at = place_of(server, where, alice, "one") - 1
    entry = server.logs[where].entries[at]
    data = bytearray(b64decode(getattr(entry, field)))
    data[-1] ^= 1
    server.logs[where].entries[at] = msgspec.structs.replace(entry, **{field: b64encode(bytes(data))})
    await nothing_is_believed(bob, where)
    server.logs[where].entries[at] = entry
    await bob.group_history_ask(where)
    await up_to_date(alice)
    await up_to_date(bob)
    assert await texts(bob, where) == ["one", "two"]


async def test_a_message_of_another_time_is_refused(invited, server):
    """What a removed member with old keys and the server could slip in."""
    where, alice, bob = invited
    log = server.logs[where]
    one, two = (place_of(server, where, alice, text) - 1 for text in ("one", "two"))
    log.entries[two] = msgspec.structs.replace(log.entries[one], sequence=two + 1)
    await up_to_date(bob)
    assert "two" not in await texts(bob, where)
    assert refusals(bob)


async def test_hashes_of_another_log_are_refused(invited, server):
    where, alice, bob = invited
    log = server.logs[where]
    log.hashes[place_of(server, where, alice, "one") - 1] = bytes(32)
    await nothing_is_believed(bob, where)


async def test_a_group_of_another_epoch_is_refused(invited, server):
    where, _alice, bob = invited
    log = server.logs[where]
    first = load_shared(log)
    log.states[first] = (log.states[first][0], log.states[first + 1][1], log.states[first + 1][2])
    await nothing_is_believed(bob, where)


def load_shared(log):
    """The epoch with which sharing began."""
    return next(epoch for epoch, (sequence, *_) in log.states.items() if sequence == log.shared_from)


async def test_an_end_of_the_first_epoch_elsewhere_is_refused(invited, server):
    where, _alice, bob = invited
    log = server.logs[where]
    after = load_shared(log) + 1
    log.states[after] = (log.states[after][0] + 1, *log.states[after][1:])
    await nothing_is_believed(bob, where)


async def test_what_is_left_out_is_asked_for_until_it_comes(invited, server):
    where, alice, bob = invited
    log = server.logs[where]
    at = place_of(server, where, alice, "one") - 1
    kept = log.entries[at]
    plain = server._page

    def page(session, found, after, limit):
        answer = plain(session, found, after, limit)
        return answer | {"entries": [entry for entry in answer["entries"] if entry is not kept]}

    server._page = page
    await up_to_date(bob)
    assert await texts(bob, where) == []
    assert load_past(bob.store, where).state == "reading"
    del server._page
    await up_to_date(bob)
    assert await texts(bob, where) == ["one", "two"]


async def test_a_server_that_reads_out_what_was_not_shared_shows_nothing(garden, server, monkeypatch):
    """A member hands on too much, and the server lets it be read: the policy of that time said no."""
    where, alice, bob = garden
    await say(alice, where, "one")
    server.logs[where].readable_from = lambda user_id: 1
    alice.store.execute("UPDATE conversations SET history_epoch = 0")
    await alice.group_add(where, ["@bob"])
    await nothing_is_believed(bob, where)


async def wrong_secrets(alice, where, monkeypatch):
    """Alice lets Bob in and hands on secrets that she made up."""
    monkeypatch.setattr(giving, "secrets_before", lambda store, row, before, *, limit: [bytes(32)] * 2)
    await alice.group_add(where, ["@bob"])
    monkeypatch.undo()


async def test_secrets_that_open_nothing_are_asked_for_of_others(garden, people, monkeypatch):
    where, alice, bob = garden
    carol = await people.register("carol")
    await alice.group_add(where, ["@carol"])
    await carol.sync()
    await say(alice, where, "one", "two")
    await wrong_secrets(alice, where, monkeypatch)
    await bob.sync()
    assert await texts(bob, where) == []
    assert set(bob.unopened()) == {"history_key_missing"}
    assert load_past(bob.store, where).refused == (alice.whoami().user_id,)
    await up_to_date(alice)
    assert await texts(bob, where) == []
    await carol.sync()
    await up_to_date(bob)
    assert await texts(bob, where) == ["one", "two"]
    assert bob.unopened() == {} and await bob.receive() == []
    (shared,) = [item for item in page_of(bob, where).items if item.kind == "history"]
    assert shared.sender == "carol"
    phone = await people.restore("bob", "phone")
    assert await texts(phone, where) == ["one", "two"]


BODIES = [
    b"",
    b"null",
    b'{"to": 1, "before": 1, "sealed": ""}',
    b'{"key": "", "before": 3}',
    b'{"key": "!", "before": 3}',
    b'{"key": "' + b"A" * 43 + b'", "before": -1}',
    b'{"key": "' + b"A" * 43 + b'", "before": 99999999999999999999}',
    b'{"key": "' + b"A" * 43 + b'", "before": 9007199254740991}',
    b'{"more": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
]


@pytest.mark.parametrize("kind", [KIND_PAST_REQUEST, KIND_PAST_SECRETS])
async def test_strange_requests_and_answers_hurt_nobody(invited, kind):
    where, alice, bob = invited
    await up_to_date(bob)
    own = b'{"to": "' + alice.whoami().device_id.encode() + b'", "before": 3, "sealed": "AAAA"}'
    for body in [*BODIES, own]:
        row = OutboxRow(client_id=ClientId(new_uuid7()), conversation_id=where, kind=kind, body=body)
        await outbox.deliver_message(bob.session, row)
    await up_to_date(alice)
    await alice.send(where, "and yet")
    await up_to_date(bob)
    assert (await texts(bob, where))[-1] == "and yet"
    assert list_requests(alice.store) == []


async def test_who_is_not_in_the_group_is_not_answered(invited, people, server):
    """Whatever stands among the requests, the giver's own record of the group decides."""
    where, alice, bob = invited
    mallory = await people.register("mallory")
    await up_to_date(alice)
    before = len(server.logs[where].entries)
    stranger = PastRequest(
        conversation_id=where,
        user_id=mallory.whoami().user_id,
        device_id=mallory.whoami().device_id,
        key=b"k" * 32,
        before=3,
        seen_at=0.0,
    )
    half = msgspec.structs.replace(stranger, user_id=bob.whoami().user_id)  # a member's name, another's device
    for request in (stranger, half):
        saying.pasts.save_request(alice.store, request)
        await giving.give(alice.session, patient=False)
    assert len(server.logs[where].entries) == before
    assert list_requests(alice.store) == []


async def test_an_answer_for_somebody_else_changes_nothing(invited, people):
    where, alice, bob = invited
    await up_to_date(bob)
    carol = await people.register("carol")
    await alice.group_add(where, ["@carol"])
    await catch_up(bob.session, where)
    before = load_past(bob.store, where)
    await up_to_date(carol)
    await up_to_date(bob)
    assert load_past(bob.store, where) == before
    assert await texts(carol, where) == ["one", "two"]

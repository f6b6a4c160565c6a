"""History for newcomers: what they read of before they came in, from whom, and how far."""

import contextlib

import msgspec
import pytest
from crashing import crash_at, crashed, revive
from past_people import answers, items, page_of, say, texts, up_to_date

from parley_client import timeline
from parley_client.errors import NetworkError, UsageError
from parley_client.past import asking, giving
from parley_client.store.conversations import load_conversation
from parley_client.store.past import list_requests, load_past
from parley_client.sync.catch_up import catch_up
from parley_contracts.limits import PAST_ASK_AGAIN_S
from parley_contracts.problems import PolicyRefused


async def test_a_newcomer_reads_what_was_said_since_sharing_began(garden):
    where, alice, bob = garden
    await say(alice, where, "one", "two @bob")
    await alice.group_add(where, ["@bob"])
    await up_to_date(bob)
    assert await texts(bob, where) == ["one", "two @bob"]
    assert items(bob, where)[:4] == [("text", "one"), ("text", "two @bob"), ("members", ""), ("name", "Garden")]
    assert items(bob, where)[4:] == [("history", "shared")]
    assert items(alice, where)[2:4] == [("history", "on"), ("text", "one")]
    (shared,) = [item for item in page_of(bob, where).items if item.kind == "history"]
    assert shared.sender == "alice"


async def test_old_history_is_neither_unread_nor_news(garden):
    where, alice, bob = garden
    await say(alice, where, "one", "two @bob")
    await alice.group_add(where, ["@bob"])
    await up_to_date(bob)
    summary = timeline.summary(bob.session, where)
    assert (summary.unread, summary.mentions) == (0, 0)
    await say(alice, where, "three")
    await up_to_date(bob)
    assert timeline.summary(bob.session, where).unread == 1
    assert [m.text for m in await bob.receive()] == ["three"]


async def test_without_sharing_nothing_is_handed_on(garden, server):
    where, alice, bob = garden
    await say(alice, where, "one")
    await alice.group_history(where, shared=False)
    await say(alice, where, "two")
    await alice.group_add(where, ["@bob"])
    await up_to_date(bob)
    await up_to_date(alice)
    assert (await texts(bob, where), answers(server, alice, where)) == ([], [])
    with pytest.raises(UsageError):
        await bob.group_history_ask(where)
    with pytest.raises(PolicyRefused):
        await bob.group_history(where, shared=True)


async def test_what_is_said_under_a_timer_is_for_those_who_are_there(garden):
    where, alice, bob = garden
    await say(alice, where, "one")
    await alice.group_timer(where, 3600)
    await say(alice, where, "passing")
    await alice.group_timer(where, None)
    await say(alice, where, "two")
    await alice.group_add(where, ["@bob"])
    await up_to_date(bob)
    assert await texts(bob, where) == ["two"]


async def test_many_epochs_come_in_pages_and_several_answers(garden, server, monkeypatch):
    where, alice, bob = garden
    monkeypatch.setattr("parley_client.groups.commits.EPOCH_MESSAGES_MAX", 2)
    monkeypatch.setattr("parley_client.api.messaging.PAGE_ENTRIES_MAX", 3)
    monkeypatch.setattr("parley_client.past.giving.PAST_EPOCHS_PER_ANSWER_MAX", 4)
    words = [str(number) for number in range(24)]
    await say(alice, where, *words)
    assert load_conversation(alice.store, where).epoch >= 12
    await alice.group_add(where, ["@bob"])
    for _ in range(8):
        await bob.sync()
        await alice.sync()
    assert await texts(bob, where) == words
    assert len(answers(server, alice, where)) >= 3
    assert load_past(bob.store, where).state == "read"
    assert bob.notices() == [] and bob.unopened() == {}


async def test_another_member_answers_once_where_the_adder_is_gone(garden, server, people, adder_is_gone):
    where, alice, bob = garden
    carol, dora = await people.register("carol"), await people.register("dora")
    await alice.group_add(where, ["@carol", "@dora"])
    await say(alice, where, "one")
    for client in (carol, dora):
        await client.sync()
    await alice.group_add(where, ["@bob"])
    for client in (bob, carol, dora, bob):
        await client.sync()
    assert (await texts(bob, where))[-1] == "one"
    await up_to_date(alice)
    assert carol.whoami().user_id in answers(server, alice, where)
    newest = [request.device_id for client in (carol, dora, alice) for request in list_requests(client.store)]
    assert bob.whoami().device_id not in newest


async def test_others_wait_for_who_let_somebody_in(garden, people, adder_is_gone):
    where, alice, _ = garden
    carol = await people.register("carol")
    await alice.group_add(where, ["@carol"])
    await carol.sync()
    await say(alice, where, "one")
    await alice.group_add(where, ["@bob"])
    await catch_up(carol.session, where)
    (request,) = list_requests(carol.store)
    await giving.give(carol.session, patient=True)
    assert list_requests(carol.store) == [request]
    carol.session.clock = lambda: request.seen_at + 31
    await giving.give(carol.session, patient=True)
    assert list_requests(carol.store) == []


async def test_who_asks_again_and_again_waits(garden, people, server):
    where, alice, bob = garden
    await say(alice, where, "one")
    await alice.group_add(where, ["@bob"])
    await catch_up(alice.session, where)
    await bob.sync()
    past = msgspec.structs.replace(
        load_past(bob.store, where), state="mending", upto=load_conversation(bob.store, where).epoch
    )
    before = len(server.logs[where].entries)
    for _ in range(3):
        await asking._ask(bob.session, past)
        await catch_up(alice.session, where)
        await giving.give(alice.session, patient=True)
    (request,) = list_requests(alice.store)
    assert len(server.logs[where].entries) == before + 3
    alice.session.clock = lambda: request.seen_at + PAST_ASK_AGAIN_S
    await giving.give(alice.session, patient=True)
    assert list_requests(alice.store) == []


async def test_reading_goes_on_where_it_stopped(garden, server, people, monkeypatch):
    where, alice, bob = garden
    monkeypatch.setattr("parley_client.groups.commits.EPOCH_MESSAGES_MAX", 2)
    monkeypatch.setattr("parley_client.api.messaging.PAGE_ENTRIES_MAX", 3)
    words = [str(number) for number in range(12)]
    await say(alice, where, *words)
    await alice.group_add(where, ["@bob"])
    asked = []

    def give_up_after_six(request):
        if "/entries" not in request.path:
            return None
        asked.append(request.path)
        return "lose_request" if len(asked) > 6 else None

    server.fault = give_up_after_six
    with contextlib.suppress(NetworkError):
        await up_to_date(bob)
    got = await texts(bob, where)
    assert 0 < len(got) < len(words)
    server.fault = lambda request: None
    bob = await people.reopen("bob", bob)
    server.requests.clear()
    await up_to_date(bob)
    assert await texts(bob, where) == words
    assert not [request for request in server.requests if "/hashes" in request.path]  # it did not begin anew


async def test_deleted_and_changed_messages_stay_so(garden):
    where, alice, bob = garden
    first = (await alice.send(where, "one")).sequence
    second = (await alice.send(where, "to be deleted")).sequence
    third = (await alice.send(where, "to be deleted later")).sequence
    await alice.edit(where, first, "changed")
    await alice.react(where, first, "\N{THUMBS UP SIGN}")
    await alice.delete(where, second)
    await alice.settle()
    await alice.group_add(where, ["@bob"])
    await alice.delete(where, third)
    await up_to_date(bob)
    shown = page_of(bob, where).items
    assert [(item.kind, item.text) for item in shown[:3]] == [("text", "changed"), ("deleted", ""), ("deleted", "")]
    assert [reaction.emoji for reaction in shown[0].reactions] == ["\N{THUMBS UP SIGN}"]
    stored = b"".join(bytes(row[0]) for row in bob.store.execute("SELECT body FROM messages"))
    assert b"to be deleted" not in stored


async def test_who_is_banned_meanwhile_gets_nothing(garden, server, people, adder_is_gone):
    where, alice, bob = garden
    carol = await people.register("carol")
    await alice.group_add(where, ["@carol"])
    await up_to_date(carol)
    await up_to_date(alice)
    await say(alice, where, "one")
    await alice.group_add(where, ["@bob"])
    await bob.sync()
    await alice.group_ban(where, ["@bob"])
    before = len(server.logs[where].entries)
    await up_to_date(carol)
    await up_to_date(alice)
    await up_to_date(bob)
    assert len(server.logs[where].entries) == before
    assert await texts(bob, where) == []


async def test_a_newcomer_hands_all_of_it_on_to_the_next(garden, server, people):
    where, alice, bob = garden
    dora = await people.register("dora")
    await say(alice, where, "one")
    await alice.group_permissions(where, {"add": "member"})
    await alice.group_add(where, ["@bob"])
    await up_to_date(bob)
    await bob.send(where, "two")
    await bob.group_add(where, ["@dora"])
    await up_to_date(dora)
    assert await texts(dora, where) == ["one", "two"]
    await up_to_date(alice)
    assert answers(server, alice, where) == [alice.whoami().user_id, bob.whoami().user_id]


async def test_a_restored_device_reads_it_from_the_archive(garden, people):
    where, alice, bob = garden
    await people.register("carol")
    await say(alice, where, "one")
    await alice.group_add(where, ["@carol"])
    await say(alice, where, "two")
    await alice.group_add(where, ["@bob"])
    await up_to_date(bob)
    phone = await people.restore("bob", "phone")
    await up_to_date(phone)
    assert await texts(phone, where) == ["one", "two"]
    assert timeline.summary(phone.session, where).unread == 0
    assert phone.notices() == [] and phone.unopened() == {}


async def test_a_device_restored_before_the_history_came_asks_for_it(garden, people, adder_is_gone):
    where, alice, bob = garden
    await say(alice, where, "one", "two")
    await alice.group_add(where, ["@bob"])
    await bob.sync()
    phone = await people.restore("bob", "phone")
    assert await texts(phone, where) == []
    await up_to_date(alice)
    for client in (bob, phone):
        await up_to_date(client)
        assert await texts(client, where) == ["one", "two"]
        assert timeline.summary(client.session, where).unread == 0
        assert client.notices() == [] and client.unopened() == {}


async def test_who_comes_again_reads_what_was_said_meanwhile(garden, people):
    where, alice, bob = garden
    await alice.group_add(where, ["@bob"])
    await up_to_date(bob)
    await alice.send(where, "one")
    await bob.sync()
    await alice.group_remove(where, ["@bob"])
    await alice.send(where, "two")
    await bob.sync()
    await alice.group_add(where, ["@bob"])
    await up_to_date(bob)
    assert await texts(bob, where) == ["one", "two"]
    assert bob.notices() == [] and bob.unopened() == {}
    phone = await people.restore("bob", "phone")
    await up_to_date(phone)
    assert await texts(phone, where) == ["one", "two"]
    assert [c.status for c in phone.conversations()] == ["member"]
    await phone.send(where, "three")
    await up_to_date(bob)
    assert await texts(bob, where) == ["one", "two", "three"]


async def test_where_only_few_speak_newcomers_are_answered_too(garden):
    where, alice, bob = garden
    await alice.group_permissions(where, {"send": "admin"})
    await say(alice, where, "one")
    await alice.group_add(where, ["@bob"])
    await up_to_date(bob)
    assert await texts(bob, where) == ["one"]


async def test_what_was_taken_back_meanwhile_is_not_read(garden, adder_is_gone):
    where, alice, bob = garden
    await say(alice, where, "one")
    await alice.group_add(where, ["@bob"])
    await bob.sync()
    await alice.group_history(where, shared=False)
    await alice.group_history(where, shared=True)
    await say(alice, where, "two")
    await up_to_date(alice)
    await up_to_date(bob)
    assert await texts(bob, where) == ["two"]
    with pytest.raises(UsageError):
        await bob.group_history_ask(where)


async def test_reading_survives_a_crash_at_any_write(garden, people):
    where, alice, bob = garden
    words = [str(number) for number in range(6)]
    await say(alice, where, *words[:3])
    await alice.group_describe(where, topic="roses")
    await alice.group_permissions(where, {"name": "member"})
    await say(alice, where, *words[3:])
    await alice.group_add(where, ["@bob"])
    crashes = 0
    for step in range(30, 240, 9):
        crash_at(bob, step)
        try:
            await up_to_date(bob)
        except BaseException as error:
            if not crashed(error):
                raise
            crashes += 1
        bob = await revive(people, "bob", bob)
    await up_to_date(bob)
    assert crashes > 5
    assert await texts(bob, where) == words
    assert bob.notices() == [] and bob.unopened() == {}


async def test_what_nobody_has_answered_is_asked_for_again(garden, adder_is_gone):
    where, alice, bob = garden
    await say(alice, where, "one")
    await alice.group_add(where, ["@bob"])
    for request in list_requests(alice.store):  # as if its device had been restored
        alice.store.execute("DELETE FROM past_requests WHERE device_id = ?", (request.device_id,))
    await up_to_date(bob)
    await up_to_date(alice)
    await up_to_date(bob)
    assert await texts(bob, where) == []
    await bob.group_history_ask(where)
    await up_to_date(alice)
    await up_to_date(bob)
    assert await texts(bob, where) == ["one"]
    with pytest.raises(UsageError):
        await bob.group_history_ask(where)

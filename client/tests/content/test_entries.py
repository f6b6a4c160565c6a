"""What people say of messages that stand: every device of everybody comes to the same."""

import asyncio

import pytest

from parley_client import outbox, timeline
from parley_client.content.bodies import EditBody, PinBody, ReactionBody, TargetBody, encode
from parley_client.content.kinds import KIND_DELETE, KIND_EDIT, KIND_PIN, KIND_REACTION
from parley_client.errors import NotPermitted, UnknownMessage, UsageError
from parley_client.store import messages
from parley_client.store.queues import OutboxRow
from parley_contracts.ids import ClientId, new_uuid7


async def item(client, sent, **changes):
    await client.sync()
    return timeline.item(client.session, sent.conversation_id, sent.sequence)


async def names(people):
    return [person.username for person in people]


@pytest.fixture
async def pair(people):
    alice, bob = await people.register("alice"), await people.register("bob")
    return alice, bob


async def everywhere(people, sent, *clients):
    """The item as all these devices and a new one of alice's see it, which is the same."""
    seen = [await item(client, sent) for client in clients]
    restored = await people.restore("alice", f"phone{len(seen)}{sent.sequence}")
    seen.append(timeline.item(restored.session, sent.conversation_id, sent.sequence))
    return seen


async def test_an_edit_replaces_the_words(pair, people):
    alice, bob = pair
    sent = await alice.send("@bob", "helo")
    await alice.edit(sent.conversation_id, sent.sequence, "hello")
    await alice.edit(sent.conversation_id, sent.sequence, "hello!")
    for seen in await everywhere(people, sent, alice, bob):
        assert (seen.text, seen.kind) == ("hello!", "text")
        assert seen.edited_at is not None
    with pytest.raises(NotPermitted):
        await bob.edit(sent.conversation_id, sent.sequence, "mine now")


async def test_a_deleted_message_leaves_no_words(pair, people):
    alice, bob = pair
    sent = await alice.send("@bob", "regretted words")
    await alice.edit(sent.conversation_id, sent.sequence, "regretted words, again")
    await bob.sync()
    await alice.delete(sent.conversation_id, sent.sequence)
    for seen in await everywhere(people, sent, alice, bob):
        assert (seen.kind, seen.text, seen.deleted_by.username) == ("deleted", "", "alice")
    for client in (alice, bob):
        rows = client.store.execute("SELECT body FROM messages WHERE conversation_id = ?", (sent.conversation_id,))
        assert not any(b"regretted" in body for (body,) in rows)
    for change in (
        alice.edit(sent.conversation_id, sent.sequence, "back"),
        bob.react(sent.conversation_id, sent.sequence, "👍"),
        alice.delete(sent.conversation_id, sent.sequence),
    ):
        with pytest.raises(UnknownMessage):
            await change


async def test_who_manages_a_group_may_delete(people):
    alice, bob, carol = [await people.register(name) for name in ("alice", "bob", "carol")]
    group = (await alice.group_create("Trip", ["@bob", "@carol"])).conversation_id
    await bob.sync()
    await carol.sync()
    sent = await bob.send(group, "something bad")
    await carol.sync()
    with pytest.raises(NotPermitted):
        await carol.delete(group, sent.sequence)
    await alice.sync()
    await alice.delete(group, sent.sequence)
    for seen in await everywhere(people, sent, alice, bob, carol):
        assert (seen.kind, seen.deleted_by.username) == ("deleted", "alice")
    again = await alice.send(group, "worse")
    await alice.group_role(group, "@carol", "moderator")
    await carol.sync()
    await carol.delete(group, again.sequence)
    for seen in await everywhere(people, again, alice, bob, carol):
        assert (seen.kind, seen.deleted_by.username) == ("deleted", "carol")


async def test_reactions_are_one_of_each_person(pair, people):
    alice, bob = pair
    sent = await alice.send("@bob", "cake?")
    await bob.sync()
    await bob.react(sent.conversation_id, sent.sequence, "🎂")
    await bob.react(sent.conversation_id, sent.sequence, "🎂")
    await bob.react(sent.conversation_id, sent.sequence, "👨‍👩‍👧")
    await alice.react(sent.conversation_id, sent.sequence, "🎂")
    await bob.react(sent.conversation_id, sent.sequence, "👨‍👩‍👧", removed=True)
    for seen in await everywhere(people, sent, alice, bob):
        assert [(r.emoji, await names(r.people)) for r in seen.reactions] == [("🎂", ["bob", "alice"])]
    with pytest.raises(UsageError):
        await bob.react(sent.conversation_id, sent.sequence, "\u202ehidden")
    with pytest.raises(UsageError):
        await bob.react(sent.conversation_id, sent.sequence, "")


async def test_what_is_acknowledged_stays_in_sight_until_it_arrives(pair):
    alice, bob = pair
    sent = await alice.send("@bob", "cake?")
    await bob.sync()
    where = (sent.conversation_id, sent.sequence)

    def emoji(client):
        return [reaction.emoji for reaction in timeline.item(client.session, *where).reactions]

    await bob.react(*where, "🎂")
    assert emoji(bob) == ["🎂"] and len(bob.session.landing) == 1  # the server has it, and the log has not told yet
    await bob.react(*where, "🎂", removed=True)
    assert emoji(bob) == []
    await bob.react(*where, "🍰")
    await alice.react(*where, "🎉")
    assert emoji(bob) == ["🍰"]
    await bob.sync()
    assert set(emoji(bob)) == {"🍰", "🎉"} and not bob.session.landing
    await alice.sync()
    assert set(emoji(alice)) == {"🍰", "🎉"}


async def test_an_annotation_is_nobodys_news(pair):
    alice, bob = pair
    sent = await alice.send("@bob", "one")
    await alice.react(sent.conversation_id, sent.sequence, "👍")
    await alice.edit(sent.conversation_id, sent.sequence, "two")
    await bob.sync()
    summary = timeline.summary(bob.session, sent.conversation_id)
    assert (summary.unread, summary.last.sequence, summary.last.text) == (1, sent.sequence, "two")


async def test_a_reply_quotes_what_it_answers(pair, people):
    alice, bob = pair
    first = await alice.send("@bob", "tea or coffee?")
    await bob.sync()
    answer = await bob.send(first.conversation_id, "tea", reply_to=first.sequence)
    for seen in await everywhere(people, answer, alice, bob):
        assert (seen.reply_to.text, seen.reply_to.sender.username) == ("tea or coffee?", "alice")
    await alice.edit(first.conversation_id, first.sequence, "tea or cake?")
    assert (await item(bob, answer)).reply_to.text == "tea or cake?"
    await alice.delete(first.conversation_id, first.sequence)
    quote = (await item(bob, answer)).reply_to
    assert (quote.gone, quote.text) == (True, "")


async def test_threads_stand_under_their_message(pair):
    alice, bob = pair
    root = await alice.send("@bob", "what about the trip?")
    await bob.sync()
    where = root.conversation_id
    await bob.send(where, "by train", thread=root.sequence)
    last = await alice.send(where, "or by ship", thread=root.sequence)
    await alice.send(where, "elsewhere")
    await bob.sync()
    page = timeline.page(bob.session, where)
    assert [i.text for i in page.items if i.kind == "text"] == ["what about the trip?", "elsewhere"]
    thread = next(i.thread for i in page.items if i.sequence == root.sequence)
    assert (thread.replies, thread.last_sequence) == (2, last.sequence)
    assert await names(thread.people) == ["alice", "bob"]
    inside = timeline.page(bob.session, where, thread=root.sequence)
    assert [i.text for i in inside.items] == ["by train", "or by ship"]
    assert inside.start and inside.end


async def test_pins_are_everybodys(pair, people):
    alice, bob = pair
    first, second = await alice.send("@bob", "address"), await alice.send("@bob", "time")
    where = first.conversation_id
    await alice.pin(where, first.sequence)
    await bob.sync()
    await bob.pin(where, second.sequence)
    for client in (alice, bob, await people.restore("alice", "phone")):
        await client.sync()
        assert [i.text for i in timeline.pins(client.session, where)] == ["time", "address"]
    await alice.pin(where, first.sequence, removed=True)
    await bob.sync()
    assert [i.text for i in timeline.pins(bob.session, where)] == ["time"]


async def test_only_who_may_pin_pins(people):
    alice, bob = await people.register("alice"), await people.register("bob")
    sent = await alice.send((await alice.group_create("Trip", ["@bob"])).conversation_id, "address")
    where = sent.conversation_id
    await bob.sync()
    with pytest.raises(NotPermitted):
        await bob.pin(where, sent.sequence)
    body = encode(PinBody(target=sent.sequence))
    smuggled = OutboxRow(client_id=ClientId(new_uuid7()), conversation_id=where, kind=KIND_PIN, body=body)
    await outbox.deliver_message(bob.session, smuggled)
    for seen in await everywhere(people, sent, alice, bob):
        assert not seen.pinned
    assert timeline.pins(alice.session, where) == timeline.pins(bob.session, where) == []
    await alice.group_role(where, "@bob", "moderator")
    await bob.sync()
    await bob.pin(where, sent.sequence)
    await alice.sync()
    # What was pinned stays so, whatever becomes of who did it.
    await alice.group_role(where, "@bob", "member")
    for client in (alice, bob):
        assert (await item(client, sent)).pinned
    assert [i.text for i in timeline.pins(alice.session, where)] == ["address"]


async def test_polls_count_the_last_vote_of_each(pair, people):
    alice, bob = pair
    sent = await alice.poll("@bob", "when?", ["Monday", "Tuesday"])
    where, place = sent.conversation_id, sent.sequence
    await bob.sync()
    await bob.vote(where, place, [0])
    await bob.vote(where, place, [1])
    await alice.vote(where, place, [1])
    for seen in await everywhere(people, sent, alice, bob):
        assert (seen.kind, seen.text, seen.poll.voters) == ("poll", "when?", 2)
        assert [(o.text, await names(o.people)) for o in seen.poll.options] == [
            ("Monday", []),
            ("Tuesday", ["bob", "alice"]),
        ]
    for wrong in ([0, 1], [2], [-1]):
        with pytest.raises(UsageError):
            await bob.vote(where, place, wrong)
    with pytest.raises(NotPermitted):
        await bob.close_poll(where, place)
    await alice.close_poll(where, place)
    await bob.sync()
    with pytest.raises(NotPermitted):
        await bob.vote(where, place, [0])
    for options in (["one"], ["same", "same "], ["x"] * 30, ["", "b"]):
        with pytest.raises(UsageError):
            await alice.poll("@bob", "what?", options)


async def test_mentions_are_counted_by_whom_they_name(people):
    alice, bob, carol = [await people.register(name) for name in ("alice", "bob", "carol")]
    group = (await alice.group_create("Trip", ["@bob", "@carol"])).conversation_id
    await alice.send(group, "hello @bob, and nobody@example.org")
    await alice.send(group, "hello @everybody!")
    await alice.send(group, "hello")
    counts = []
    for client in (bob, carol, alice):
        await client.sync()
        summary = timeline.summary(client.session, group)
        counts.append((summary.unread, summary.mentions))
    assert counts == [(3, 2), (3, 1), (0, 0)]


async def test_who_comes_and_goes_is_told(people):
    alice, bob, carol = [await people.register(name) for name in ("alice", "bob", "carol")]
    group = (await alice.group_create("Trip", ["@bob"])).conversation_id
    await bob.sync()
    await alice.group_add(group, ["@carol"])
    await carol.sync()
    await alice.group_remove(group, ["@carol"])
    await bob.sync()
    timeline.page(bob.session, group)
    await asyncio.gather(*bob.session.tasks)  # who carol is bob's device learns only now
    page = timeline.page(bob.session, group)
    told = [(i.sender, await names(i.added), await names(i.removed)) for i in page.items if i.kind == "members"]
    assert told == [("alice", ["carol"], []), ("alice", [], ["carol"])]
    await carol.sync()
    last = timeline.page(carol.session, group).items[-1]
    assert (last.kind, await names(last.removed)) == ("members", ["carol"])


async def test_what_is_on_its_way_shows_at_once(pair, server):
    alice, bob = pair
    sent = await alice.send("@bob", "one")
    await alice.sync()
    fault, server.fault = server.fault, lambda request: "lose_request"
    reacting = alice.session.spawn(alice.react(sent.conversation_id, sent.sequence, "👍"))
    seen = None
    for _ in range(100):
        seen = timeline.item(alice.session, sent.conversation_id, sent.sequence)
        if seen.reactions:
            break
        await asyncio.sleep(0.01)
    assert [r.emoji for r in seen.reactions] == ["👍"]
    server.fault = fault
    await reacting
    assert [r.emoji for r in (await item(bob, sent)).reactions] == ["👍"]


async def test_only_earlier_messages_are_changed(pair):
    """A target that is not there yet, or is no message, changes nothing and breaks nothing."""
    alice, bob = pair
    sent = await alice.send("@bob", "one")
    where = sent.conversation_id
    for target in (sent.sequence + 1, sent.sequence + 50, 1):
        row = OutboxRow(
            client_id=ClientId(new_uuid7()),
            conversation_id=where,
            kind=KIND_REACTION,
            body=encode(ReactionBody(target=target, emoji="👍")),
        )
        await outbox.deliver_message(alice.session, row)
    await bob.sync()
    assert messages.annotations_of(bob.store, where, range(1, 60)).keys() <= {1}
    page = timeline.page(bob.session, where)
    assert all(not each.reactions for each in page.items)


async def test_the_server_forgets_what_was_deleted(pair, people, server):
    """However often its answer is lost; a new device sees that there was something, and who took it back."""
    alice, bob = pair
    root = await alice.send("@bob", "one")
    where = root.conversation_id
    sent = await alice.send(where, "regretted", thread=root.sequence)
    edit = await alice.edit(where, sent.sequence, "regretted, again")
    faults = iter(["lose_answer", "lose_request", "lose_request", "lose_request", "lose_request", "lose_request"])
    server.fault = lambda request: next(faults, None) if request.method == "DELETE" else None
    await alice.delete(where, sent.sequence)
    await alice.settle()
    await alice.settle()
    log = server.logs[where].entries
    gone = [entry.sequence for entry in log if entry.type == "message.created" and entry.ciphertext is None]
    assert gone == [sent.sequence, edit.sequence]
    await alice.send(where, "after it")
    phone = await people.restore("alice", "phone")
    for client in (alice, bob, phone):
        await client.sync()
        assert client.notices() == [] and client.unopened() == {}
        page = timeline.page(client.session, where, thread=root.sequence)
        assert [(i.kind, i.text, i.deleted_by.username) for i in page.items] == [("deleted", "", "alice")]
        assert [i.text for i in timeline.page(client.session, where).items if i.kind == "text"] == ["one", "after it"]


async def test_what_the_server_took_away_by_itself_is_shown_as_that(pair, server):
    alice, bob = pair
    sent = await alice.send("@bob", "inconvenient")
    server.logs[sent.conversation_id].remove(sent.sequence)
    await alice.send("@bob", "after it")
    await bob.sync()
    seen = timeline.page(bob.session, sent.conversation_id).items
    assert [(i.kind, i.text) for i in seen if i.kind != "name"] == [("unopened", "removed"), ("text", "after it")]
    assert bob.notices() == []


async def test_anothers_edit_does_not_keep_words_on_the_server(pair, server):
    """A member who seals an edit of somebody else's message changes nothing, and stands in the way of nothing."""
    alice, bob = pair
    sent = await alice.send("@bob", "regretted")
    where = sent.conversation_id
    await bob.sync()
    forged = OutboxRow(
        client_id=ClientId(new_uuid7()),
        conversation_id=where,
        kind=KIND_EDIT,
        body=encode(EditBody(target=sent.sequence, text="forged")),
    )
    forged_at = (await outbox.deliver_message(bob.session, forged)).sequence
    edit = await alice.edit(where, sent.sequence, "regretted, again")
    await alice.delete(where, sent.sequence)
    log = server.logs[where].entries
    gone = {entry.sequence for entry in log if entry.type == "message.created" and entry.ciphertext is None}
    assert gone == {sent.sequence, edit.sequence}
    assert forged_at not in gone


async def test_only_a_deletion_that_holds_puts_a_message_into_a_thread(people, server):
    alice, bob, carol = [await people.register(name) for name in ("alice", "bob", "carol")]
    group = (await alice.group_create("Trip", ["@bob", "@carol"])).conversation_id
    root, sent = await alice.send(group, "root"), await alice.send(group, "inconvenient")
    server.logs[group].remove(sent.sequence)
    await bob.sync()
    hidden = OutboxRow(
        client_id=ClientId(new_uuid7()),
        conversation_id=group,
        kind=KIND_DELETE,
        body=encode(TargetBody(target=sent.sequence, thread=root.sequence)),
    )
    await outbox.deliver_message(bob.session, hidden)
    await carol.sync()
    shown = {each.sequence: each.kind for each in timeline.page(carol.session, group).items}
    assert shown[sent.sequence] == "unopened"

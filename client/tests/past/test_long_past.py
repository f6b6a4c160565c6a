"""A long history: handed on in several answers, read page by page, and no more kept at once than a page."""

import os
import time
import tracemalloc

import pytest
from past_people import texts, up_to_date

from parley_client import outbox
from parley_client.api import messaging
from parley_client.content.bodies import TextBody, encode
from parley_client.content.kinds import KIND_TEXT
from parley_client.groups.commits import Plan, commit_change
from parley_client.store.conversations import counter_of, load_conversation
from parley_client.store.queues import OutboxRow
from parley_client.sync.catch_up import catch_up
from parley_contracts.ids import ClientId, new_uuid7

MESSAGES = int(os.environ.get("PARLEY_HISTORY_MESSAGES", "400"))
MESSAGES_PER_EPOCH = 40


async def fill(alice, where, count):
    """Alice says so much, in epochs of their own, faster than by her outbox."""
    for start in range(0, count, MESSAGES_PER_EPOCH):
        row = load_conversation(alice.store, where)
        counter = counter_of(alice.store, where, alice.whoami().device_id) or 0
        for index in range(start, min(start + MESSAGES_PER_EPOCH, count)):
            counter += 1
            said = OutboxRow(
                client_id=ClientId(new_uuid7()),
                conversation_id=where,
                kind=KIND_TEXT,
                body=encode(TextBody(text=f"word {index}")),
            )
            upload = outbox.seal(alice.session, row, said, counter)
            await messaging.put_message(alice.session.api, where, said.client_id, upload, timeout_s=60)
        await catch_up(alice.session, where)
        epoch = load_conversation(alice.store, where).epoch

        async def another(row, member, epoch=epoch):
            return Plan() if row.epoch == epoch else None

        await commit_change(alice.session, where, another)


@pytest.mark.timeout(120 + MESSAGES // 5)
async def test_a_long_history_is_read_whole_and_in_order(garden, server, monkeypatch, say_trials):
    where, alice, bob = garden
    monkeypatch.setattr("parley_client.past.giving.PAST_EPOCHS_PER_ANSWER_MAX", 100)
    await fill(alice, where, MESSAGES)
    await alice.group_add(where, ["@bob"])
    began = time.perf_counter()
    tracemalloc.start()
    for _ in range(2 + MESSAGES // (100 * MESSAGES_PER_EPOCH)):
        await up_to_date(bob)
        await up_to_date(alice)
    await up_to_date(bob)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert await texts(bob, where) == [f"word {index}" for index in range(MESSAGES)]
    assert bob.notices() == [] and bob.unopened() == {}
    say_trials(f"messages n={MESSAGES} seconds={time.perf_counter() - began:.1f} peak_mib={peak / 2**20:.0f}")

"""What a device keeps of messages that are sent later, whatever happens while the server is being told."""

import msgspec
import pytest

from parley_client.platforms.sqlite import SqliteStore
from parley_client.store import queues
from parley_client.store.queues import ScheduledRow
from parley_contracts.ids import ClientId, ConversationId, new_uuid7


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(tmp_path / "profile")
    yield opened
    opened.close()


@pytest.fixture
def row(store):
    made = ScheduledRow(
        client_id=ClientId(new_uuid7()),
        conversation_id=ConversationId(new_uuid7()),
        kind=1,
        body=b"{}",
        send_at="2030-01-01T00:00:00.000Z",
    )
    queues.save_scheduled(store, made)
    return made


def test_what_was_sent_meanwhile_does_not_come_back(store, row):
    queues.drop_scheduled(store, row.client_id)
    queues.mark_held(store, row.client_id, 5)
    assert queues.list_scheduled(store) == []


def test_what_was_cancelled_meanwhile_stays_cancelled(store, row):
    queues.cancel_scheduled(store, row.client_id)
    queues.mark_held(store, row.client_id, 5)
    assert queues.list_scheduled(store) == [msgspec.structs.replace(row, epoch=5, cancelled=True)]

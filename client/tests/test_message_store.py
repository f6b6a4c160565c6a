"""What is looked up for each message costs the same in a long conversation as in a short one; numbers that nobody counts to are refused."""

import pytest

from parley_client.errors import NetworkError
from parley_client.platforms.sqlite import SqliteStore
from parley_client.store import messages
from parley_contracts.ids import ConversationId, new_uuid7


class Explained:
    """A store that answers nothing and remembers how SQLite would go about it."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.plan: list[str] = []

    def execute(self, sql: str, parameters: tuple = ()) -> list:
        self.plan += [str(row[3]) for row in self._store.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]
        return []


def test_what_was_said_of_a_message_is_found_by_its_index(tmp_path):
    store = SqliteStore(tmp_path / "profile")
    explained = Explained(store)
    messages.annotations_of(explained, ConversationId(new_uuid7()), [1])
    store.close()
    assert any("messages_target (conversation_id=? AND target=?)" in step for step in explained.plan)


@pytest.mark.parametrize("number", [1 << 63, -(1 << 70)])
def test_a_number_that_no_row_holds_is_a_nonsensical_answer(tmp_path, number):
    store = SqliteStore(tmp_path / "profile")
    with pytest.raises(NetworkError):
        store.execute("SELECT ?", (number,))
    store.close()

"""Whether what the service worker was given still holds: looked at with each change of a conversation, at the price of one row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from parley_client.session import Session
from parley_client.store.conversations import ConversationRow, list_conversations, load_conversation
from parley_contracts.ids import ConversationId, UserId
from parley_contracts.policy import decode_policy


@dataclass(frozen=True)
class _Seen:
    """A conversation as the secrets were given out: its epoch, its name, and whose names were not known yet."""

    place: tuple[int, int, str, str]
    nameless: frozenset[UserId]


@dataclass
class Given:
    """What the last `PushSecrets` were made of."""

    seen: dict[ConversationId, _Seen] = field(default_factory=dict)

    @classmethod
    def now(cls, session: Session) -> Self:
        """As the store stands."""
        return cls({row.conversation_id: _see(session, row) for row in list_conversations(session.store)})

    def holds(self, session: Session, conversation_id: ConversationId) -> bool:
        """Whether nothing of the conversation has changed that the secrets or the directory tell of."""
        row, seen = load_conversation(session.store, conversation_id), self.seen.get(conversation_id)
        if row is None or seen is None:
            return row is None and seen is None
        named = any(_named(session, user_id) for user_id in seen.nameless)
        return seen.place == _place(row) and not named


def _place(row: ConversationRow) -> tuple[int, int, str, str]:
    return (row.generation, row.epoch, row.title, row.status)


def _see(session: Session, row: ConversationRow) -> _Seen:
    people = decode_policy(row.policy).user_ids
    return _Seen(_place(row), frozenset(user_id for user_id in people if not _named(session, user_id)))


def _named(session: Session, user_id: UserId) -> bool:
    return session.directory.known_name(user_id) != user_id

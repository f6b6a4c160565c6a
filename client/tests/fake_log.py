"""A conversation of the fake server: one log, its epochs, and where everybody stands."""

import copy
import hashlib

import msgspec

from parley_client.sync.applier import entry_hash
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.messaging_api import Entry, Head
from parley_contracts.policy import decode_policy
from parley_mls import PublicGroup, default_primitives


class Log:
    """One conversation: its entries with what is kept beside them."""

    shared_from = 0

    def __init__(self, group_info: bytes, policy: bytes) -> None:
        self.public = PublicGroup.from_group_info(default_primitives(), group_info)
        self.policy = policy
        self.entries: list[Entry] = []
        self.hashes: list[bytes] = []
        self.states: dict[int, tuple[int, str, bytes]] = {}
        self.welcomes: dict[str, dict] = {}
        self.first_visible: dict[str, int] = {}
        self.last_visible: dict[str, int] = {}
        self.read_states: dict[str, tuple[int, int, int, int]] = {}

    def copy(self) -> "Log":
        """The same log, which goes its own way from here on."""
        twin = copy.copy(self)
        for name, value in vars(self).items():
            if isinstance(value, dict | list):
                setattr(twin, name, value.copy())
        return twin

    def readable_from(self, user_id: str) -> int:
        first = self.first_visible[user_id]
        return min(first, self.shared_from or first) if user_id not in self.last_visible else first

    @property
    def epoch(self) -> int:
        return self.public.epoch

    def append(self, **fields: object) -> Entry:
        ordinal = sum(e.type == "message.created" for e in self.entries) + (fields["type"] == "message.created")
        entry = Entry(
            sequence=len(self.entries) + 1,
            ordinal=ordinal,
            epoch=self.epoch,
            stored_at="2026-01-01T00:00:00.000Z",
            **fields,
        )
        self.entries.append(entry)
        self.hashes.append(entry_hash(entry))
        return entry

    def remove(self, sequence: int) -> None:
        entry = self.entries[sequence - 1]
        digest = hashlib.sha256(b64decode(entry.ciphertext or "")).digest()
        gone = msgspec.structs.replace(entry, ciphertext=None, ciphertext_hash=b64encode(digest))
        self.entries[sequence - 1] = gone if entry.ciphertext else entry

    def head(self, user_id: str) -> Head:
        last = self.last_visible.get(user_id)
        head = last or len(self.entries)
        kind, conversation_id = decode_policy(self.policy).kind, self.entries[0].conversation_id
        ordinal, first = self.entries[head - 1].ordinal, self.first_visible[user_id]
        return Head(
            conversation_id, kind, head, ordinal, self.epoch, first, last, *self.read_states.get(user_id, (0,) * 4)
        )

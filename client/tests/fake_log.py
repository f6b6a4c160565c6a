"""A conversation of the fake server: one log, its epochs, and where everybody stands."""

import copy
import hashlib

import msgspec

from parley_client.sync.hashing import entry_hash
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.messaging_api import Entry, Head
from parley_contracts.policy import decode_policy
from parley_contracts.resets import UNUSABLE
from parley_mls import PublicGroup, default_primitives


class Log:
    """One conversation: its entries with what is kept beside them."""

    shared_from = 0

    def __init__(self, group_info: bytes, policy: bytes) -> None:
        self.public = PublicGroup.from_group_info(default_primitives(), group_info)
        self.policy = policy
        self.entries: list[Entry] = []
        self.hashes: list[bytes] = []
        #: Entry, GroupInfo and policy by epoch of the present generation; those of earlier ones by generation and epoch.
        self.states: dict[int, tuple[int, str, bytes]] = {}
        self.past_states: dict[tuple[int, int], tuple[int, str, bytes]] = {}
        #: The latest of each device, and all of them by device and entry.
        self.welcomes: dict[str, dict] = {}
        self.all_welcomes: dict[tuple[str, int], dict] = {}
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

    @property
    def generation(self) -> int:
        return decode_policy(self.policy).generation

    def begin_generation(self, public: PublicGroup, policy: bytes) -> None:
        self.past_states |= {(self.generation, epoch): state for epoch, state in self.states.items()}
        self.states, self.public, self.policy = {}, public, policy
        self.shared_from = len(self.entries) + 1 if decode_policy(policy).shares_history else 0

    def state_of(self, generation: int, epoch: int) -> tuple[int, str, bytes]:
        return self.states[epoch] if generation == self.generation else self.past_states[generation, epoch]

    def welcome(self, device_ids: list[str], welcome: str | None) -> None:
        """The entry that comes next has a Welcome for these devices."""
        sequence = len(self.entries) + 1
        for device_id in device_ids:
            state = {"sequence": sequence, "epoch": self.epoch, "policy": b64encode(self.policy), "welcome": welcome}
            self.welcomes[device_id] = self.all_welcomes[device_id, sequence] = state

    def welcome_of(self, device_id: str, sequence: int | None) -> dict:
        none = {"sequence": 0, "epoch": 0, "welcome": "", "policy": ""}
        found = self.all_welcomes.get((device_id, sequence)) if sequence else self.welcomes.get(device_id)
        return found or none

    def submitted(self, device_id: str, client_id: str) -> Entry | None:
        return next((e for e in self.entries if (e.device_id, e.client_id) == (device_id, client_id)), None)

    def reporters(self, sequence: int) -> set[str]:
        return {e.user_id for e in self.entries if e.type == UNUSABLE and e.unusable == sequence}

    def append(self, **fields: object) -> Entry:
        ordinal = sum(e.type == "message.created" for e in self.entries) + (fields["type"] == "message.created")
        entry = Entry(
            sequence=len(self.entries) + 1,
            ordinal=ordinal,
            epoch=self.epoch,
            generation=self.generation,
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

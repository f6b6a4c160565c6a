"""What is to be inserted next into one conversation, and what cannot be."""

from __future__ import annotations

from dataclasses import dataclass, field

from parley_contracts.ids import ClientId, DeviceId
from parley_contracts.problems import Problem
from parley_messaging.domain.conversation import ConversationState, EpochState
from parley_messaging.domain.entries import StoredEntry


@dataclass
class Plan:
    """Entries to insert next, the epochs that they make, and what cannot be appended, by (device, client id)."""

    state: ConversationState
    epoch: EpochState | None = None
    entries: list[StoredEntry] = field(default_factory=list)
    epochs: list[EpochState] = field(default_factory=list)
    refused: dict[tuple[DeviceId, ClientId], Problem] = field(default_factory=dict)

    def add(self, entry: StoredEntry) -> None:
        """Plan an entry."""
        self.entries.append(entry)
        self.state = ConversationState.after(entry)

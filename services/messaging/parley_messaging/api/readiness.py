"""What `ready` says, of socket and long poll alike: the heads and read states of which a device knows something else."""

from __future__ import annotations

from collections.abc import Sequence

from parley_contracts.messaging_api import Head
from parley_contracts.state_api import ReadState, read_state_bucket, read_states_digest


def visible(head: Head) -> int:
    """The newest sequence that the person may see."""
    return head.head if head.last_visible_sequence is None else head.last_visible_sequence


def differing_states(heads: Sequence[Head], unverified_digest: Sequence[int]) -> list[ReadState]:
    """The read states of those buckets of which the device knows something else."""
    if not unverified_digest:
        return []
    states = [
        ReadState(head.conversation_id, head.read_sequence, head.unread_sequence, head.read_state_version)
        for head in heads
    ]
    pairs = enumerate(zip(read_states_digest(states), unverified_digest, strict=True))
    differing = {bucket for bucket, (here, there) in pairs if here != there}
    return [state for state in states if read_state_bucket(state.conversation_id) in differing]

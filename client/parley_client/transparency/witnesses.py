"""Witnesses that the person named: what they signed of the log, and how much of it enough of them have seen.

Invariant: only keys that the person gave count; what the server says of witnesses is a courier's word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from parley_client.errors import UntrustedLog, UsageError
from parley_client.store import key_log as kept
from parley_client.store.key_log import Demand
from parley_client.store.port import Store
from parley_contracts.checkpoints import CheckpointError, Head, open_note, parse_key
from parley_contracts.limits import KEY_LOG_HEAD_STALE_S, KEY_LOG_WITNESSES_MAX
from parley_mls import Primitives

Contradicted = Callable[..., UntrustedLog]


def demand_witnesses(store: Store, unverified_keys: Sequence[str], at_least: int) -> None:
    """From now on believe only what so many of these witnesses have signed; `UsageError`."""
    try:
        keys = tuple(dict.fromkeys(parse_key(text).text() for text in unverified_keys))
    except CheckpointError as error:
        raise UsageError(f"a witness has another kind of key: {error}") from error
    if not 0 <= at_least <= len(keys) <= KEY_LOG_WITNESSES_MAX:
        raise UsageError(f"name at most {KEY_LOG_WITNESSES_MAX} witnesses, and demand no more than there are")
    heads = {key: head for key, head in kept.load_demand(store).heads.items() if key in keys}
    kept.save_demand(store, Demand(keys, at_least, heads))


def hear_witnesses(
    store: Store, p: Primitives, origin: str, unverified_notes: Sequence[str], size: int, contradicted: Contradicted
) -> None:
    """Keep the newest word of each witness that fits this device's tree of that size; raises what `contradicted` makes."""
    demand = kept.load_demand(store)
    heads = dict(demand.heads)
    for text in demand.keys:
        for note in unverified_notes[:KEY_LOG_WITNESSES_MAX]:
            try:
                head = open_note(note, parse_key(text), origin, p.verify)
            except CheckpointError:
                continue
            if head.size > size:
                continue
            if head.root != kept.root_at(store, head.size):
                raise contradicted("a witness was shown another log of people's keys than this device", head)
            if text not in heads or Head.decode(heads[text]).time < head.time:
                heads[text] = head.encode()
    if heads != demand.heads:
        kept.save_demand(store, msgspec.structs.replace(demand, heads=heads))


def witnessed_size(store: Store, now: float) -> int | None:
    """Up to which size enough witnesses have lately signed the log; None where the person demands none."""
    demand = kept.load_demand(store)
    if demand.at_least == 0:
        return None
    heads = [Head.decode(head) for head in demand.heads.values()]
    sizes = sorted((head.size for head in heads if abs(now - head.time) < KEY_LOG_HEAD_STALE_S), reverse=True)
    return sizes[demand.at_least - 1] if len(sizes) >= demand.at_least else 0

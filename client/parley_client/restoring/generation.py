"""Which server generation this device follows. A new one is followed only once its person said that they knew of a restore.

Invariant: within one generation this device goes back for nobody; a log that is shorter or another than before is a fork.
"""

from __future__ import annotations

from parley_client.errors import ServerRestored
from parley_client.store import documents
from parley_client.store.port import Store

_FOLLOWED, _WAITING = "server_generation", "server_generation_waiting"


def check_generation(store: Store, unverified_generation: str) -> None:
    """Go on where the server is the one that it was; `ServerRestored` where the person is to be asked first."""
    if not unverified_generation:
        return
    followed = documents.load(store, _FOLLOWED, str)
    if followed is None:
        documents.save(store, _FOLLOWED, unverified_generation)
    elif followed != unverified_generation:
        documents.save(store, _WAITING, unverified_generation)
        raise ServerRestored(
            "the server says that it was restored from a backup; confirm it once you know that this is so"
        )
    elif documents.load(store, _WAITING, str) is not None:
        documents.remove(store, _WAITING)


def waiting_generation(store: Store) -> str | None:
    """The generation about which the person is to be asked, or None."""
    return documents.load(store, _WAITING, str)


def follow_generation(store: Store, generation: str) -> None:
    """The person has agreed, and this device has gone back as far as it had to."""
    with store.transaction():
        documents.save(store, _FOLLOWED, generation)
        documents.remove(store, _WAITING)

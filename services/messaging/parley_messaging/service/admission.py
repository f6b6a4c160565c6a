"""How much anybody may write: of each device, each person and each address, at this node.

Invariant: counted in this process alone, before anything is looked up, so a flood costs a token and a dictionary. What is said in one
conversation is counted where it is judged, by its owner: there only members reach the counter.
"""

from __future__ import annotations

from parley_contracts.ids import DeviceId, UserId
from parley_contracts.limits import (
    MESSAGES_PER_CONVERSATION_BURST,
    MESSAGES_PER_CONVERSATION_PER_S,
    WRITES_PER_ADDRESS_BURST,
    WRITES_PER_ADDRESS_PER_S,
    WRITES_PER_DEVICE_BURST,
    WRITES_PER_DEVICE_PER_S,
    WRITES_PER_PERSON_BURST,
    WRITES_PER_PERSON_PER_S,
)
from parley_contracts.problems import RateLimited
from parley_messaging.domain.rates import Clock, Rates, monotonic


class Admission:
    """The counters of one node. `times` raises every limit, for tests and benches that are floods themselves."""

    def __init__(self, *, times: int = 1, clock: Clock = monotonic) -> None:
        def rates(burst: int, per_s: float) -> Rates:
            return Rates(burst=burst * times, per_s=per_s * times, clock=clock)

        self._devices = rates(WRITES_PER_DEVICE_BURST, WRITES_PER_DEVICE_PER_S)
        self._people = rates(WRITES_PER_PERSON_BURST, WRITES_PER_PERSON_PER_S)
        self._addresses = rates(WRITES_PER_ADDRESS_BURST, WRITES_PER_ADDRESS_PER_S)
        #: For each conversation whose owner this node is.
        self.conversations = rates(MESSAGES_PER_CONVERSATION_BURST, MESSAGES_PER_CONVERSATION_PER_S)

    def admit(self, user_id: UserId, device_id: DeviceId, address: str | None) -> None:
        """Count one write; `RateLimited`. `address` is None where the gateway names none.

        Who is refused as a device is not counted further: one device cannot use up what its neighbours have.
        """
        counted = ((self._devices, device_id), (self._people, user_id), (self._addresses, address))
        if not all(rates.take(key) for rates, key in counted if key is not None):
            raise RateLimited("That is very much at once; wait a little.", retry_after_s=1)

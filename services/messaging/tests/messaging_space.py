"""A disk in the test's hands."""

from parley_contracts.problems import Unavailable


class Disk:
    """`SpaceStore`: as full as it is told."""

    def __init__(self, free_bytes: int | None = 1 << 40) -> None:
        self.free: int | None = free_bytes
        self.away = False

    async def free_bytes(self) -> int | None:
        if self.away:
            raise Unavailable
        return self.free

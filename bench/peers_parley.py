"""Parley itself beside its peers: the running stack, through the gateway with TLS, as devices reach it."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from lean import HEARTBEAT, Door, LeanSocket
from parts import Parts
from peer import TEXT, Peer
from room import Room, Sender

from parley_client import Client
from parley_contracts.limits import ACCESS_TOKEN_LIFETIME_S, HEARTBEAT_INTERVAL_S


class ParleyPeer(Peer):
    """The stack of this run. What it delivers is sealed, signed and fanned out as from real devices."""

    name = "parley"

    def __init__(self, members: int) -> None:
        super().__init__(members)
        self._parts = Parts()
        self._people = Room(self._parts)
        self._door = Door(self._parts.address, self._parts.ca_file)
        self._sockets: list[LeanSocket] = []
        self._opened_s = float("-inf")
        self._beating: asyncio.Task[None] | None = None
        self._into_room: Sender
        self._to_one: Sender

    async def open(self) -> None:
        """Register everybody with a device of their own; one room of all, one conversation of two."""
        people = self._people
        await people.invite(self.room.receivers + 2)
        sender, *members, receiver = people.people
        room = await people.group(sender, members)
        pair = await people.group(sender, [receiver])
        self._into_room = await people.sender(sender, room, TEXT)
        self._to_one = await people.sender(sender, pair, TEXT)
        await self.renew()
        self._beating = asyncio.create_task(self._beat())

    async def renew(self) -> None:
        """Sockets end with their tokens: new ones in good time."""
        if time.monotonic() < self._opened_s + ACCESS_TOKEN_LIFETIME_S / 4:
            return
        self._hang_up()
        sender, *members, receiver = self._people.people
        for number, member in enumerate(members):
            await self._listen(member, counting(self.room.arrived, number))
        await self._listen(receiver, counting(self.pair.arrived, 0))
        await self._listen(sender, lambda _: None)
        self._opened_s = time.monotonic()

    async def _listen(self, client: Client, heard: Callable[[bytes], None]) -> None:
        old = await client.session.api.access_token()
        token = await client.session.api.access_token(unless=old)
        self._sockets.append(await self._door.open(token, heard))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_INTERVAL_S)
            for socket in self._sockets:
                socket.send(HEARTBEAT)

    def _hang_up(self) -> None:
        for socket in self._sockets:
            socket.close()
        self._sockets.clear()

    async def say(self) -> None:
        """A message to the room."""
        self._sockets[-1].send(self._into_room.frame()[1])

    async def tell(self) -> None:
        """A message to one person."""
        self._sockets[-1].send(self._to_one.frame()[1])

    def cpu_s(self) -> dict[str, float]:
        """The parts that a message passes, and all others together."""
        return self._parts.cpu_s() | {"others": self._parts.others_cpu_s()}

    async def close(self) -> None:
        """Hang up and let the people go."""
        if self._beating is not None:
            self._beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._beating
        self._hang_up()
        await self._people.close()


def counting(arrived: Callable[[int], None], receiver: int) -> Callable[[bytes], None]:
    """What a socket does with a frame: count it where it is a message."""

    def heard(frame: bytes) -> None:
        if b'"message.created"' in frame:
            arrived(receiver)

    return heard

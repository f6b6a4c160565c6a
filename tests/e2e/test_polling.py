"""Behind something that lets no socket through, a device chats by long polls through the gateway."""

import asyncio
import random
from pathlib import Path

from e2e_devices import Stack
from e2e_loops import run

from parley_client import Client
from parley_client.api.network import Connection
from parley_client.errors import NetworkError
from parley_client.platforms.https import HttpsNetwork


class WithoutSockets(HttpsNetwork):
    """What a proxy that refuses the upgrade makes of a network, until it is `open`."""

    open = False

    async def connect(self, path: str) -> Connection:
        if not self.open:
            raise NetworkError("protocol", "no socket comes through here")
        return await super().connect(path)


async def register(client: Client, stack: Stack, name: str) -> str:
    username = f"{name}_{random.getrandbits(32):08x}"
    await client.register(
        server=stack.address,
        ca_file=stack.ca_file,
        username=username,
        email=f"{username}@example.org",
        password="plum teapot horizon 7",
    )
    return f"@{username}"


async def heard(client: Client, text: str) -> None:
    async with asyncio.timeout(60):
        async for message in client.messages(after=0):
            if message.text == text:
                return


def test_a_device_without_sockets_chats_and_takes_one_when_it_can(stack: Stack, tmp_path: Path):
    class Opening(WithoutSockets):
        pass

    async def journey() -> None:
        async with (
            Client.open(tmp_path / "anna") as anna,
            Client.open(tmp_path / "berta", network=Opening) as berta,
        ):
            await register(anna, stack, "anna")
            name = await register(berta, stack, "berta")
            anna.connect()
            async with asyncio.timeout(60):
                await berta.connected()
            for text in ("one", "two", "three"):
                await anna.send(name, text)
            await heard(berta, "three")
            where = berta.conversations()[0].conversation_id
            await berta.send(where, "four")
            await heard(anna, "four")
            Opening.open = True
            async with asyncio.timeout(60):
                while not anna.typing(where):  # what only a socket says
                    berta.start_typing(where)
                    await asyncio.sleep(0.1)
            await anna.send(name, "five")
            await heard(berta, "five")

    run(journey())

"""A room to measure in: people, conversations, and raw sockets that speak the wire protocol and nothing more.

Load is made out of one real message of each sender with fresh client ids: the server checks all that it can see of a message,
and that is the same for these. Sealing anew each time would measure the load generator.
"""

import asyncio
import json
import ssl
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from parts import Parts
from websockets.asyncio.client import ClientConnection, connect, unix_connect

from parley_client import Client
from parley_client.api import messaging
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.envelope import MessageHeader
from parley_contracts.ids import ClientId, ConversationId, new_uuid7


class Sender:
    """One device's right to send into one conversation, without its keys' work."""

    def __init__(
        self, conversation_id: ConversationId, token: str, header: MessageHeader, rest: dict[str, str]
    ) -> None:
        self.conversation_id, self.token = conversation_id, token
        self._rest = rest
        encoded, client = header.encode(), uuid.UUID(header.client_id).bytes
        self._before, self._after = encoded.split(client)

    def frame(self) -> tuple[str, str]:
        """A `message.send` frame with a fresh client id; its `ref` and its text."""
        client_id = new_uuid7()
        header = b64encode(self._before + uuid.UUID(client_id).bytes + self._after)
        command = {"type": "message.send", "ref": client_id, "conversation_id": self.conversation_id}
        return client_id, json.dumps(command | {"client_id": client_id, "header": header} | self._rest)


class Room:
    """People of one stack, and sockets in their names."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._profiles = tempfile.TemporaryDirectory(prefix="parley-bench-")
        self._tls = ssl.create_default_context(cafile=parts.ca_file)
        self._url = parts.address.replace("https", "wss", 1) + "/api/v1/messaging/socket"
        self.people: list[Client] = []

    async def invite(self, count: int) -> None:
        """Register people, each with one device."""
        for _ in range(count):
            name = f"bench{new_uuid7()[-10:]}"
            client = Client.open(Path(self._profiles.name) / name)
            await client.register(
                server=self.parts.address,
                ca_file=self.parts.ca_file,
                username=name,
                email=f"{name}@example.org",
                password=f"{new_uuid7()} bench",
            )
            self.people.append(client)

    async def close(self) -> None:
        """Let the profiles go."""
        for client in self.people:
            await client.close()
        self._profiles.cleanup()

    async def conversation(self, owner: Client, members: Sequence[Client]) -> ConversationId:
        """A group of these people, all of them in it and in step."""
        conversation_id = await self.group(owner, members)
        for member in members:
            await member.sync()
        return conversation_id

    async def group(self, owner: Client, members: Sequence[Client]) -> ConversationId:
        """A group of these people; the members' devices have not opened their invitations yet."""
        return await self.group_of(owner, [member.whoami().username for member in members])

    async def group_of(self, owner: Client, usernames: Sequence[str]) -> ConversationId:
        """The same by user names."""
        made = await owner.group_create("room", [f"@{name}" for name in usernames])
        return made.conversation_id

    async def sender(self, client: Client, conversation_id: ConversationId, text: str = "x" * 120) -> Sender:
        """Let a device send one real message, to make others from."""
        await client.sync()
        sent = await client.send(conversation_id, text)
        page = await messaging.get_entries(client.session.api, conversation_id, after=sent.sequence - 1, limit=1)
        entry = page.entries[0]
        header = MessageHeader.decode(b64decode(entry.header or ""))
        rest = {"ciphertext": entry.ciphertext or "", "signature": entry.signature or ""}
        fresh = replace(header, client_id=ClientId(new_uuid7()))
        return Sender(conversation_id, await self.token(client), fresh, rest)

    async def token(self, client: Client) -> str:
        """An access token of a device."""
        return await client.session.api.access_token()

    async def open_socket(self, token: str, *, uds: Path | None = None) -> tuple[ClientConnection, dict[str, Any]]:
        """An identified socket and its `ready`: through the gateway, or straight to a node's Unix socket."""
        common: dict[str, Any] = {"compression": None, "max_size": None, "ping_interval": None, "open_timeout": 30}
        if uds is None:
            socket = await connect(self._url, ssl=self._tls, **common)
        else:
            socket = await unix_connect(str(uds), uri="ws://localhost/api/v1/messaging/socket", **common)
        try:
            await socket.recv()
            await socket.send(json.dumps({"type": "identify", "access_token": token}))
            ready: dict[str, Any] = json.loads(await socket.recv())
        except BaseException:
            socket.transport.abort()
            raise
        return socket, ready

    async def socket(self, token: str, *, uds: Path | None = None) -> ClientConnection:
        """An identified socket past its `ready`."""
        opened, _ = await self.open_socket(token, uds=uds)
        return opened

    async def sockets(self, tokens: Sequence[str], *, uds: Path | None = None) -> list[ClientConnection]:
        """Many sockets, opened a few at a time."""
        limit = asyncio.Semaphore(16)

        async def one(token: str) -> ClientConnection:
            async with limit:
                return await self.socket(token, uds=uds)

        return list(await asyncio.gather(*(one(token) for token in tokens)))

"""Bots: encrypted devices that answer by themselves.

    from parley_client.bot import Bot

    bot = Bot()

    @bot.command("ping", "answers pong")
    async def ping(said):
        await said.reply("pong")

    bot.run("profiles/pingbot")          # or: ./parley client --profile profiles/pingbot bot ping.py

A bot is a device of an account like any other: it is registered once by `./parley client register`, is brought into
conversations by people, and sees what a member sees, no more.

Invariant: a message is marked as handled after its handler has ended, so a crash lets it be handled again and never
lost: handlers bear being called twice. Messages of one conversation are handled in their order, one at a time. What the
bot's own person writes is not handled.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec

from parley_client.answers import Message, Sent
from parley_client.client import Client
from parley_client.errors import ClientError
from parley_client.store import documents
from parley_contracts.ids import ClientId, ConversationId, new_uuid7
from parley_contracts.problems import Problem

HANDLER_TIMEOUT_S = 60.0
#: How long one wait for messages lasts.
_ROUND_S = 3600.0
_log = logging.getLogger("parley_client.bot")


class Talk(Protocol):
    """What a bot needs of its surroundings: `Client` has it, and so has a `Trial`."""

    async def send(self, to: str, text: str, *, reply_to: int | None = None, thread: int | None = None) -> Sent:
        """Say something."""
        ...

    async def react(self, conversation: str, sequence: int, emoji: str, *, removed: bool = False) -> Sent:
        """Give a message an emoji."""
        ...


class Memory(Protocol):
    """What a bot remembers from one start to the next, by name: anything that becomes JSON."""

    def load(self, name: str, default: Any = None) -> Any:
        """What was saved under a name."""
        ...

    def save(self, name: str, value: Any) -> None:
        """Remember something."""
        ...


@dataclass(frozen=True)
class Said:
    """A message that the bot is asked to handle; `words` are what follows a command's name."""

    message: Message
    memory: Memory
    words: tuple[str, ...] = ()
    _talk: Talk = field(kw_only=True, repr=False)

    @property
    def text(self) -> str:
        """The whole message."""
        return self.message.text

    @property
    def sender(self) -> str:
        """Who said it, by user name."""
        return self.message.sender

    async def reply(self, text: str) -> Sent:
        """Answer this message."""
        return await self._talk.send(self.message.conversation_id, text, reply_to=self.message.sequence)

    async def say(self, text: str) -> Sent:
        """Say something in this conversation."""
        return await self._talk.send(self.message.conversation_id, text)

    async def react(self, emoji: str) -> Sent:
        """Give this message an emoji."""
        return await self._talk.react(self.message.conversation_id, self.message.sequence, emoji)


Handler = Callable[[Said], Awaitable[None]]


class Bot:
    """Handlers, and the loop that calls them. Commands begin with `prefix`; `/help` lists them."""

    def __init__(self, *, prefix: str = "/") -> None:
        self._prefix = prefix
        self._commands: dict[str, tuple[str, Handler]] = {}
        self._listeners: list[Handler] = []
        self.command("help", "lists the commands")(self._help)

    def command(self, name: str, explanation: str = "") -> Callable[[Handler], Handler]:
        """Handle messages that begin with this command."""

        def register(handler: Handler) -> Handler:
            if not inspect.iscoroutinefunction(handler):
                raise TypeError(f"the handler of {self._prefix}{name} has to be `async def`")
            self._commands[name.lower()] = (explanation, handler)
            return handler

        return register

    def listen(self, handler: Handler) -> Handler:
        """Handle every message that is no command of this bot."""
        if not inspect.iscoroutinefunction(handler):
            raise TypeError("a listener has to be `async def`")
        self._listeners.append(handler)
        return handler

    def run(self, profile: str | Path) -> None:
        """Be this bot with a registered profile until interrupted."""

        async def serve() -> None:
            async with Client.open(Path(profile)) as client:
                await self.serve(client)

        asyncio.run(serve())

    async def serve(self, client: Client) -> None:
        """Handle what waits and what comes, until cancelled; raises `NotSignedIn` where the session has ended."""
        own = client.whoami().username
        client.connect()
        ended = asyncio.ensure_future(client.disconnected())
        memory = _Profile(client)
        try:
            while not ended.done():
                waiting = asyncio.ensure_future(client.receive(timeout_s=_ROUND_S))
                await asyncio.wait({waiting, ended}, return_when=asyncio.FIRST_COMPLETED)
                if waiting.done():
                    batch = waiting.result()
                    await self._handle_all(client, memory, [said for said in batch if said.sender != own])
                    client.received(batch)
                waiting.cancel()
            await ended
        finally:
            ended.cancel()

    async def handle(self, message: Message, talk: Talk, memory: Memory) -> None:
        """Handle one message; a handler that fails or takes too long is logged and ends with that."""
        name, _, rest = message.text.removeprefix(self._prefix).partition(" ")
        found = self._commands.get(name.lower()) if message.text.startswith(self._prefix) else None
        handlers = [found[1]] if found is not None else self._listeners
        said = Said(message, memory, tuple(rest.split()) if found is not None else (), _talk=talk)
        for handler in handlers:
            try:
                async with asyncio.timeout(HANDLER_TIMEOUT_S):
                    await handler(said)
            except (ClientError, Problem, TimeoutError) as error:
                _log.warning("a handler gave up: %s", type(error).__name__)
            except Exception:  # noqa: BLE001 - a bug in one handler must not silence the bot
                _log.exception("a handler failed")

    async def _handle_all(self, talk: Talk, memory: Memory, batch: Sequence[Message]) -> None:
        conversations: dict[ConversationId, list[Message]] = defaultdict(list)
        for message in batch:
            conversations[message.conversation_id].append(message)

        async def in_order(messages: list[Message]) -> None:
            for message in messages:
                await self.handle(message, talk, memory)

        async with asyncio.TaskGroup() as tasks:
            for messages in conversations.values():
                tasks.create_task(in_order(messages))

    async def _help(self, said: Said) -> None:
        lines = [
            f"{self._prefix}{name}{f': {explanation}' if explanation else ''}"
            for name, (explanation, _) in sorted(self._commands.items())
        ]
        await said.reply("\n".join(lines))


class _Profile:
    """The memory of a bot in its profile."""

    def __init__(self, client: Client) -> None:
        self._store = client.store

    def load(self, name: str, default: Any = None) -> Any:
        kept = documents.load(self._store, f"bot:{name}", bytes)
        return msgspec.json.decode(kept) if kept is not None else default

    def save(self, name: str, value: Any) -> None:
        documents.save(self._store, f"bot:{name}", msgspec.json.encode(value))


class Trial:
    """A bot without server and profile, for its tests.

    talk = Trial(bot)
    assert await talk.say("/ping") == ["pong"]
    """

    def __init__(self, bot: Bot) -> None:
        self.memory: dict[str, Any] = {}
        self.reactions: list[tuple[int, str]] = []
        self._bot = bot
        self._answers: list[str] = []
        self._conversation_id = ConversationId(new_uuid7())
        self._sequence = 0

    async def say(self, text: str, *, sender: str = "somebody") -> list[str]:
        """What the bot says to this."""
        self._answers = []
        self._sequence += 1
        where = (self._conversation_id, self._sequence, ClientId(new_uuid7()))
        message = Message(*where, sender=sender, text=text, attachments=[], sent_at="2026-01-01T00:00:00.000Z")
        await self._bot.handle(message, self, self)
        return self._answers

    async def send(self, to: str, text: str, *, reply_to: int | None = None, thread: int | None = None) -> Sent:
        """The bot says something."""
        del to, reply_to, thread
        self._answers.append(text)
        return self._sent()

    async def react(self, conversation: str, sequence: int, emoji: str, *, removed: bool = False) -> Sent:
        """The bot gives a message an emoji."""
        del conversation, removed
        self.reactions.append((sequence, emoji))
        return self._sent()

    def load(self, name: str, default: Any = None) -> Any:
        """What the bot remembers."""
        return msgspec.json.decode(self.memory[name]) if name in self.memory else default

    def save(self, name: str, value: Any) -> None:
        """The bot remembers something."""
        self.memory[name] = msgspec.json.encode(value)

    def _sent(self) -> Sent:
        self._sequence += 1
        return Sent(self._conversation_id, ClientId(new_uuid7()), self._sequence)

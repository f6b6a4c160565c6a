"""What is between a device and the server: delays, losses, repetitions; and the frames that a socket would bring."""

import asyncio
import json
from urllib.parse import urlsplit

import msgspec

from parley_client.errors import NetworkError
from parley_contracts.encoding import b64decode
from parley_contracts.envelope import MessageHeader
from parley_contracts.messaging_api import Entry, Head
from parley_contracts.resets import RESET, UNUSABLE

LOST, ANSWER_LOST, DOUBLED = 0.04, 0.04, 0.05
DELAY_S_MAX = 1.5
_HEARD_MAX = 40
_NAP_S = 1800


class Wire:
    """The network port of one device; `calm` where nothing goes wrong any more."""

    def __init__(self, server, dice, device) -> None:
        self._server, self._dice, self._device = server, dice, device
        self._sealed: dict[str, dict[tuple[int, int], str]] = {}
        self._late: set[asyncio.Task] = set()
        self.calm = True
        self._archived: list[tuple[str, tuple[int, int]]] = []
        #: Conversations of which the device asked for the group, and the epochs, by generation and number, that it had
        #: seen archived by then.
        self.began: dict[str, list[tuple[int, int]]] = {}

    async def request(self, request):
        self._watch(request)
        if self.calm:
            return await self._server.request(request)
        if self._device.away:
            while self._device.away:  # noqa: ASYNC110 - the play wakes it, in virtual time
                await asyncio.sleep(_NAP_S)
            raise NetworkError("timeout", "the device was asleep")
        await self._delay()
        chance = self._dice.random()
        if chance < LOST:
            raise NetworkError("timeout", "lost on its way")
        answer = await self._server.request(request)
        if request.method == "PUT" and self._dice.random() < DOUBLED:
            late = asyncio.create_task(self._again(request))
            self._late.add(late)
            late.add_done_callback(self._late.discard)
        await self._delay()
        if chance < LOST + ANSWER_LOST:
            raise NetworkError("timeout", "its answer was lost")
        return answer

    async def connect(self, path):
        raise NetworkError("timeout", "what a socket brings comes by `Hearing`")

    async def close(self) -> None:
        return

    async def _again(self, request) -> None:
        await asyncio.sleep(self._dice.uniform(0, 60))
        await self._server.request(request)

    async def _delay(self) -> None:
        await asyncio.sleep(self._dice.uniform(0, DELAY_S_MAX))
        self._device.store.breathe()

    def _watch(self, request) -> None:
        """Note what the device must know, and hold it to this: the same message is sealed once in each epoch."""
        self._device.store.breathe()
        place = urlsplit(request.path).path.split("/")
        if request.method == "GET" and place[-1] == "archive":
            own = [key for key in self._server.archive if key[0] == self._device.whose]
            self._archived = [(where, (int(generation), int(epoch))) for _, where, generation, epoch, _ in own]
        elif request.method == "GET" and place[-1] == "group-info":
            epochs = [epoch for conversation_id, epoch in self._archived if conversation_id == place[-2]]
            self.began.setdefault(place[-2], epochs)
        if request.method != "PUT" or "/messages/" not in request.path:
            return
        header = json.loads(request.body)["header"]
        decoded = MessageHeader.decode(b64decode(header))
        place = (decoded.generation, decoded.epoch)
        known = self._sealed.setdefault(request.path, {}).setdefault(place, header)
        if known != header:
            self._device.complaints.append(f"sealed a message anew in epoch {place}")


class Hearing:
    """Frames for one device, as the server pushed them: what the dice take is dropped, doubled, late or out of order."""

    def __init__(self, server, dice, user_id: str) -> None:
        self._server, self._dice, self._user_id = server, dice, user_id
        self._frames: list[Entry | Head] = []

    def push(self, frame) -> None:
        if not isinstance(frame, dict) or len(self._frames) >= _HEARD_MAX:
            return
        if frame["type"] in {"message.created", "commit.created", "conversation.created", UNUSABLE, RESET}:
            entry = msgspec.convert(frame, Entry)
            last = self._server.logs[entry.conversation_id].last_visible.get(self._user_id)
            if last is None or entry.sequence <= last:
                self._frames.append(entry)
        elif frame["type"] == "conversation.added":
            self._frames.append(msgspec.convert(frame["head"], Head))

    def take(self) -> list[Entry | Head]:
        """Some of what has come, in some order."""
        late = self._dice.randrange(len(self._frames) + 1) if self._dice.random() < 0.3 else len(self._frames)
        now, self._frames = self._frames[:late], self._frames[late:]
        taken = [frame for frame in now for _ in range(self._dice.choice((0, 1, 1, 1, 1, 1, 2)))]
        if self._dice.random() < 0.3:
            self._dice.shuffle(taken)
        return taken

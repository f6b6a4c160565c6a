"""The play: people and their devices, and the steps that the dice draw for them."""

import asyncio
import itertools
import random
from dataclasses import dataclass, field
from functools import partial

from simulated.device import SimulatedDevice
from simulated.judging import known_in, settled
from simulated.spoiling import Spoiler

from parley_client.errors import ClientError
from parley_contracts.limits import LEAF_AGE_S_MAX
from parley_contracts.problems import Problem

HOUR_S = 3600
DAY_S = 24 * HOUR_S
#: What a step is, and how often.
STEPS = {
    "send": 34,
    "direct": 6,
    "hear": 20,
    "come_up": 14,
    "add": 6,
    "remove": 3,
    "leave": 1,
    "promote": 2,
    "restore": 3,
    "revoke": 1,
    "lock_out": 1,
    "spoil": 3,
    "doom": 5,
    "leave_network": 2,
    "wait": 3,
}
#: The same with more of what is rare.
STORM = STEPS | {
    "come_up": 20,
    "add": 14,
    "remove": 8,
    "promote": 14,
    "restore": 7,
    "lock_out": 8,
    "doom": 25,
    "spoil": 6,
}
ROUNDS_MAX = 16
#: Key packages live 90 days; the server in memory does not throw away those that are over.
WAITING_S_MAX = 80 * DAY_S
#: Longer than anything takes in a calm that is not stuck (virtual seconds).
PATIENCE_S = DAY_S
_TRACE_SHOWN = 30
#: So many of those with whom a group is founded may change it, too.
_ADMINS = 0.5
_AT_ONCE = 2


class Failure(AssertionError):
    """The simulation ended badly: the seed, what is wrong, and the last steps."""


@dataclass(frozen=True)
class Size:
    """How much is played."""

    people: int
    devices: int
    groups: int
    steps: int


@dataclass
class Play:
    """One play of a seed."""

    server: object
    folder: object
    seed: str
    size: Size
    spoiler: Spoiler
    weather: dict[str, int] = field(default_factory=lambda: STEPS)
    trace: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.spoiler.begin(self.dice)
        self.devices: list[SimulatedDevice] = []
        self.recovery_keys: dict[str, str] = {}
        self.groups: list[str] = []
        self.said = 0
        self._tokens = itertools.count()
        self.server.end_device = self._ended
        self._ending: list[asyncio.Task] = []
        self.server._tokens = self._lasting_tokens

    def _lasting_tokens(self, session: dict) -> dict:
        token = f"token {next(self._tokens)}"
        self.server.sessions[token] = session
        return {"access_token": token, "refresh_token": "r", "expires_in_s": 100 * 365 * DAY_S}

    async def run(self) -> None:
        """Play the steps, let everything arrive, and judge; `Failure` where something is not as it must be."""
        try:
            await self._found()
            for number in range(self.size.steps):
                await self._step(number)
            await self._settle()
            complaints = [f"{device.name} {text}" for device in self.devices for text in device.complaints]
            complaints += known_in(self.server, self.devices, self.spoiler)
            if complaints:
                raise Failure(self._told(complaints))
        except (ClientError, Problem) as error:  # of what is done in a calm
            raise Failure(self._told([f"{type(error).__name__}: {error}"])) from error
        finally:
            for device in self.devices:
                if not device.gone:
                    await device.stop()

    def _told(self, complaints: list[str]) -> str:
        shown = "\n  ".join(complaints[:12])
        return f"seed {self.seed}:\n  {shown}\nlast steps:\n  " + "\n  ".join(self.trace[-_TRACE_SHOWN:])

    def entries(self, kind: str) -> int:
        """How many entries of a kind stand in all logs."""
        return sum(entry.type == kind for log in self.server.logs.values() for entry in log.entries)

    # --- the beginning

    async def _found(self) -> None:
        for number in range(self.size.people):
            device = self._device(f"p{number}")
            self.recovery_keys[device.person] = await device.register()
        for number in range(self.size.groups):
            founder = self.dice.choice(self._living())
            others = self._some_people(but=founder.person)
            made = await founder.client.group_create(f"Group {number}", [f"@{name}" for name in others])
            self.groups.append(made.conversation_id)
            for name in others:
                if self.dice.random() < _ADMINS:
                    await founder.client.group_role(made.conversation_id, f"@{name}", "admin")
        for device in self.devices:
            await device.come_up()
            device.wire.calm = False

    def _device(self, person: str) -> SimulatedDevice:
        name = f"{person}-{sum(device.person == person for device in self.devices)}"
        device = SimulatedDevice(self.server, self.dice, self.folder, person, name)
        device.recovery_key = self.recovery_keys.get(person)
        self.devices.append(device)
        return device

    def _living(self) -> list[SimulatedDevice]:
        return [device for device in self.devices if not device.gone]

    def _some_people(self, *, but: str) -> list[str]:
        others = [name for name in self.recovery_keys if name != but]
        return self.dice.sample(others, self.dice.randint(1, len(others)))

    # --- steps

    async def _step(self, number: int) -> None:
        device = self.dice.choice(self._living())
        if device.away and device.away > number:
            device = self.dice.choice(self._living())
        if device.away and device.away <= number:
            device.away = 0
        (kind,) = self.dice.choices(list(self.weather), self.weather.values())
        if device.store.dead:
            kind = "reopen"
        elif not device.ready:
            kind = "come_up"
        self.counts[kind] = self.counts.get(kind, 0) + 1
        await getattr(self, f"_{kind}")(number, device)
        await asyncio.sleep(self.dice.choice((0, 0, 0.3, 2, 20)))

    def _begin(self, number: int, device: SimulatedDevice, said: str, work) -> None:
        if len(device.tasks) < (_AT_ONCE if device.ready else 1):
            self._note(number, device, said)
            device.begin(work, lambda outcome: self._note(number, device, f"{said}: {outcome}"))

    def _note(self, number: int, device: SimulatedDevice, said: str) -> None:
        moment = asyncio.get_running_loop().time()
        self.trace.append(f"{number:4} {moment:9.0f} s  {device.name}  {said}")

    def _text(self) -> str:
        self.said += 1
        return f"text {self.said}"

    async def _send(self, number, device) -> None:
        where = self.dice.choice(self.groups)
        text = self._text()
        self._begin(number, device, f"send {text!r} to {where[-4:]}", lambda: device.client.send(where, text))

    async def _direct(self, number, device) -> None:
        to, text = self.dice.choice(list(self.recovery_keys)), self._text()
        self._begin(number, device, f"send {text!r} to {to}", lambda: device.client.send(f"@{to}", text))

    async def _hear(self, number, device) -> None:
        if not device.away:
            self._begin(number, device, "hear", device.hear)

    async def _come_up(self, number, device) -> None:
        self._begin(number, device, "come up", device.come_up)

    async def _add(self, number, device) -> None:
        where, names = self.dice.choice(self.groups), self._some_people(but=device.person)[:3]
        work = partial(device.client.group_add, where, [f"@{name}" for name in names])
        self._begin(number, device, f"add {names} to {where[-4:]}", work)

    async def _remove(self, number, device) -> None:
        where, names = self.dice.choice(self.groups), self._some_people(but=device.person)[:1]
        work = partial(device.client.group_remove, where, [f"@{name}" for name in names])
        self._begin(number, device, f"remove {names} from {where[-4:]}", work)

    async def _leave(self, number, device) -> None:
        where = self.dice.choice(self.groups)
        self._begin(number, device, f"leave {where[-4:]}", lambda: device.client.group_leave(where))

    async def _promote(self, number, device) -> None:
        where, name = self.dice.choice(self.groups), self.dice.choice(list(self.recovery_keys))
        role = self.dice.choice(("owner", "admin", "moderator", "member"))
        work = partial(device.client.group_role, where, f"@{name}", role)
        self._begin(number, device, f"make {name} {role} of {where[-4:]}", work)

    async def _restore(self, number, device) -> None:
        if len(self._living()) < self.size.devices:
            fresh = self._device(device.person)
            fresh.wire.calm = False
            self._begin(number, fresh, "restore", fresh.come_up)

    async def _revoke(self, number, device) -> None:
        own = [other for other in self._living() if other.person == device.person and other.ready]
        if len(own) < 2 or not device.ready:
            return
        self._note(number, device, "signed out for good")
        del self.server.devices[device.user_id][device.device_id]
        sessions = self.server.sessions
        for token in [token for token, who in sessions.items() if who["device"] == device.device_id]:
            del sessions[token]
        self.server.sockets[device.user_id].remove(device.hearing)
        await device.stop()
        device.gone = True

    async def _lock_out(self, number, device) -> None:
        own = [other for other in self._living() if other.person == device.person and other.ready and other != device]
        if own and device.ready:
            lost = self.dice.choice(own)
            work = partial(device.client.lock_out, lost.device_id, self.recovery_keys[device.person])
            self._begin(number, device, f"lock {lost.name} out", work)

    def _ended(self, user_id: str, device_id: str) -> None:
        """A statement does not keep a device: its sessions end, and what it is doing."""
        del self.server.devices[user_id][device_id]
        self.server.sessions = {t: who for t, who in self.server.sessions.items() if who["device"] != device_id}
        for device in self._living():
            if device.registered_as == device_id:  # also one that is on its way in
                self.trace.append(f"     {device.name} is locked out")
                device.gone = device.locked_out = device.store.dead = True
                device.device_id = device_id
                if device.ready:
                    self.server.sockets[user_id].remove(device.hearing)
                self._ending.append(asyncio.get_running_loop().create_task(device.stop()))

    async def _spoil(self, number, device) -> None:
        if device.ready:
            where, part = self.dice.choice(self.groups), self.dice.choice((0.3, 1.0))
            work = partial(self.spoiler.spoil, device.client, where, part)
            self._begin(number, device, f"commit in {where[-4:]} so that {part:.0%} cannot use it", work)

    async def _doom(self, number, device) -> None:
        device.store.fate = int(40 * self.dice.random() ** 2)
        self._note(number, device, f"will die after {device.store.fate} writes")

    async def _reopen(self, number, device) -> None:
        self._note(number, device, "begins anew")
        await device.reopen()
        self._begin(number, device, "come up", device.come_up)

    async def _leave_network(self, number, device) -> None:
        device.away = number + self.dice.choice((20, 60, self.size.steps))
        self._note(number, device, f"is away until step {device.away}")

    async def _wait(self, number, device) -> None:
        pauses_s = (HOUR_S, DAY_S, 3 * DAY_S, 10 * DAY_S, 31 * DAY_S)
        left_s = WAITING_S_MAX - asyncio.get_running_loop().time()
        pause_s = self.dice.choice([pause_s for pause_s in pauses_s if pause_s < left_s] or [0])
        self._note(number, device, f"everybody waits {pause_s // HOUR_S} h")
        await asyncio.sleep(pause_s)

    # --- the end

    async def _settle(self) -> None:
        """Everything is delivered, and everybody comes up until nothing changes any more."""
        await asyncio.gather(*self._ending)
        for device in self._living():
            device.away, device.wire.calm, device.store.fate = 0, True, None
        for device in self._living():
            if device.store.dead:
                await device.reopen()
        for _ in range(ROUNDS_MAX):
            before = settled(self.server)
            for device in self._living():
                if not device.ready:
                    await self._finish(device, *device.tasks)
                self._note(self.size.steps, device, "come up at the end")
                await self._finish(device, device.begin(device.come_up, partial(self._note_end, device)))
            for device in self._living():
                await self._finish(device, *device.tasks)
            if settled(self.server) == before and not self._stuck():
                return
            if (
                settled(self.server) == before
            ):  # who came in later does something in time, by which the stuck see that they may follow
                await asyncio.sleep(LEAF_AGE_S_MAX + DAY_S)
        raise Failure(self._told(["it does not come to rest"]))

    def _stuck(self) -> bool:
        statuses = {conversation.status for device in self._living() for conversation in device.client.conversations()}
        return "stuck" in statuses

    async def _finish(self, device: SimulatedDevice, *tasks: asyncio.Task) -> None:
        _, stuck = await asyncio.wait(tasks, timeout=PATIENCE_S) if tasks else ((), ())
        if stuck:
            raise Failure(self._told([f"{device.name} is stuck", *device.complaints]))

    def _note_end(self, device: SimulatedDevice, outcome: str) -> None:
        if outcome != "ok" and not device.gone:
            device.complaints.append(f"does not come up at the end: {outcome}")

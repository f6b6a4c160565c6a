"""One device of the simulation: a real client on a profile, which crashes, goes away and comes back."""

import asyncio
import contextlib
import contextvars
import sqlite3
from itertools import groupby

import msgspec
from crashing import Crash, crashed
from sign_in_words import sign_in_words
from simulated.clock import SKEW, DeviceTime
from simulated.mortal import MortalStore
from simulated.wire import Hearing, Wire

from parley_client import Client
from parley_client.errors import ClientError, NotSignedIn
from parley_client.platforms.sqlite import SqliteStore
from parley_client.store.documents import Account
from parley_client.sync.catch_up import deliver
from parley_client.sync.heads import sync_head
from parley_contracts.messaging_api import Entry
from parley_contracts.problems import Problem
from parley_mls import default_primitives


class SimulatedDevice:
    """A device of `person`: what it does runs as tasks under its own wrong clock, until the process dies."""

    def __init__(self, server, dice, folder, person: str, name: str) -> None:
        self._server, self._dice, self._profile = server, dice, folder / name
        self.person, self.name = person, name
        self.recovery_key: str | None = None
        self.ready = self.gone = self.away = self.locked_out = False
        self.user_id = self.device_id = ""
        self.skew_s = dice.choice((0.0, 0.0, -1500.0, 1500.0, -40_000.0, 40_000.0))
        self.complaints: list[str] = []
        self.tasks: list[asyncio.Task] = []
        self.wire = Wire(server, dice, self)
        self.open()

    def open(self) -> None:
        """Begin a process on the profile."""
        self.store = MortalStore(self._profile)
        self.client = Client(self.store, lambda server, ca_file: self.wire, default_primitives())

    @property
    def whose(self) -> str:
        """The person's id at the server."""
        return self._server.users[self.person]["id"]

    @property
    def registered_as(self) -> str:
        """The id under which the server may know this device, whether it runs or not."""
        try:
            rows = SqliteStore.execute(self.store, "SELECT body FROM documents WHERE name = 'account'")
        except sqlite3.ProgrammingError:  # it is just being begun anew
            return self.device_id
        return msgspec.msgpack.decode(rows[0][0], type=Account).device_id if rows else ""

    async def register(self) -> str:
        """Make the person's account; gives the recovery key."""
        words = sign_in_words(self.person)
        recovery_key = (await self.client.register(**words, email=f"{self.person}@x.test")).recovery_key
        self._settle_in()
        return recovery_key

    async def restore(self) -> None:
        """Be a new device of the person, by the recovery key; again after a crash."""
        words = sign_in_words(self.person)
        try:
            await self.client.login(**words, recovery_key=self.recovery_key)
        finally:
            with contextlib.suppress(NotSignedIn, Crash):  # what comes after the keys may fail, and comes again
                self._settle_in()

    def _settle_in(self) -> None:
        me = self.client.whoami()
        self.user_id, self.device_id, self.ready = me.user_id, me.device_id, True
        self.device_key = default_primitives().ed25519_public(self.client.session.device.device_secret)
        self.hearing = Hearing(self._server, self._dice, self.user_id)
        self._server.sockets[self.user_id].append(self.hearing)

    def begin(self, work, done) -> asyncio.Task:
        """Do something under this device's clock; `done` hears how it ended: a word, or the error."""

        async def whole() -> None:
            try:
                await work()
            except (ClientError, Problem) as error:
                done(f"{type(error).__name__}: {error}")
            except asyncio.CancelledError:
                done("cancelled")
                raise
            except Crash:
                done("crashed")
            except BaseExceptionGroup as error:
                if not crashed(error):
                    raise
                done("crashed")
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not happen
                self.complaints.append(f"{type(error).__name__}: {error}")
                done(repr(error))
            else:
                done("ok")

        context = contextvars.copy_context()
        context.run(SKEW.set, self.skew_s)
        task = asyncio.get_running_loop().create_task(whole(), context=context)
        self.tasks.append(task)
        task.add_done_callback(self.tasks.remove)
        return task

    async def hear(self) -> None:
        """Take what a socket would have brought."""
        session = self.client.session
        for is_entry, frames in groupby(self.hearing.take(), lambda frame: isinstance(frame, Entry)):
            if not is_entry:
                for head in frames:
                    await sync_head(session, head)
                continue
            for _, entries in groupby(frames, lambda entry: entry.conversation_id):
                await deliver(session, list(entries))

    async def come_up(self) -> None:
        """What a device does whenever it is online: everything that is owed, both ways."""
        if not self.ready:
            await self.restore()
        self.client.session.clock = DeviceTime.time
        await self.client.sync()
        for conversation in self.client.conversations():
            if conversation.status == "paused":
                await self.client.reset_confirm(conversation.conversation_id)
        await self.client.send_waiting()

    async def reopen(self) -> None:
        """End the process, if the crash has not, and begin another one."""
        await self.stop()
        self.open()

    async def stop(self) -> None:
        """End the process."""
        self.store.dead = True
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        try:
            await self.client.close()
        except Crash:
            raise AssertionError("closing writes nothing") from None

"""A device behind its app lock, by method names: those of `parley_client.rpc` while it is open, and `lock.*` always.

Invariants: while it is locked this process holds neither the store's key nor anything that the store held; whatever is asked then
answers `profile_locked`. Only its person keeps it open (`lock.active`, and what nobody else does): news from the server do not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import msgspec

from parley_client.calls import Methods, NoParams, Params, bytes_given
from parley_client.client import Client
from parley_client.crypto.passkeys import SALT_SIZE_BYTES, SECRET_SIZE_BYTES, creation_options, request_options
from parley_client.crypto.passphrases import new_passphrase
from parley_client.errors import ProfileLocked, UsageError
from parley_client.events import Event, Listener, Listeners
from parley_client.locking.lock import AppLock, LockSettings, lock_settings, require_lockable
from parley_client.rpc import PROBLEM, CallError, Rpc, carry_out
from parley_client.store.port import Store
from parley_contracts.encoding import b64encode
from parley_contracts.limits import CREDENTIAL_ID_SIZE_BYTES_MAX
from parley_mls import Primitives

#: A sleeping machine's timers sleep too, so nobody waits for the end of the idle time in one go.
_LOOK_S: Final = 15.0
#: What nobody but a person does.
_BY_PEOPLE: Final = frozenset({"send", "typing.start"})


class LockState(msgspec.Struct, frozen=True):
    """`lock`: whether there is one, whether it is closed, after how many seconds without its person it closes (0: never).

    `passkey` is whether one opens it besides the passphrase.
    """

    set: bool
    locked: bool
    idle_s: int = 0
    passkey: bool = False


class PassphraseParams(Params):
    """`lock.unlock` and `lock.remove`."""

    passphrase: str


class SetParams(PassphraseParams):
    """`lock.set`."""

    idle_s: int


class ChangeParams(PassphraseParams):
    """`lock.change`: the present passphrase, and the next."""

    new: str


class IdleParams(Params):
    """`lock.idle`."""

    idle_s: int


class AskParams(Params):
    """`lock.passkey.ask`: of the passkey that opens the lock, or of one that was just made; binary is base64url."""

    credential: str = ""
    salt: str = ""


class AddParams(PassphraseParams):
    """`lock.passkey.add`: what was made, the salt of `lock.passkey.begin`, and the secret that it gave by it."""

    credential: str
    salt: str
    secret: str


class SecretParams(Params):
    """`lock.passkey.unlock`: what the passkey gave."""

    secret: str


class Gate:
    """A profile's device, which is there only while its lock is open. `begin` makes it of a store, which the lock closes."""

    def __init__(
        self,
        lock: AppLock,
        primitives: Primitives,
        begin: Callable[[Store], Client],
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._lock, self._p, self._begin = lock, primitives, begin
        self._clock, self._sleep = clock, sleep
        self._listeners = Listeners()
        self._client: Client | None = None
        self._rpc: Rpc | None = None
        self._settings: LockSettings | None = None
        self._active_at = clock()
        self._watch: asyncio.Task[None] | None = None
        #: Done once the present device has ended.
        self._over: asyncio.Future[None]
        self._turn = asyncio.Lock()
        self._methods: Methods = {
            "lock": (NoParams, self._state),
            "lock.passphrase": (NoParams, self._draw),
            "lock.active": (NoParams, self._stay),
            "lock.now": (NoParams, self._close_now),
            "lock.unlock": (PassphraseParams, self._unlock),
            "lock.set": (SetParams, self._set),
            "lock.change": (ChangeParams, self._change),
            "lock.idle": (IdleParams, self._set_idle),
            "lock.remove": (PassphraseParams, self._remove),
            "lock.forget": (NoParams, self._forget),
            "lock.passkey.begin": (NoParams, self._begin_passkey),
            "lock.passkey.ask": (AskParams, self._ask_passkey),
            "lock.passkey.add": (AddParams, self._add_passkey),
            "lock.passkey.remove": (NoParams, self._remove_passkey),
            "lock.passkey.unlock": (SecretParams, self._unlock_by_passkey),
        }

    @property
    def client(self) -> Client:
        """The device; `ProfileLocked`."""
        if self._client is None:
            raise ProfileLocked("this profile is locked: its passphrase opens it")
        return self._client

    def start(self) -> None:
        """Begin with the device, online where it is signed in, unless it is locked; needs a running event loop."""
        if self._client is None and not self._lock.is_set:
            self._take(self._lock.open())
        elif self._rpc is not None:
            self._rpc.start()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event, until the answer is called."""
        return self._listeners.subscribe(listener)

    async def call(self, method: str, params: dict[str, Any]) -> object:
        """Carry a method out, as `Rpc.call` does; raises `CallError`."""
        found = self._methods.get(method)
        if found is not None:
            return await carry_out(found, params)
        rpc = self._rpc
        if rpc is None:
            raise _locked()
        if method in _BY_PEOPLE:
            self._active_at = self._clock()
        answer = await self._unless_over(rpc.call(method, params))
        if method == "logout" and self._lock.is_set:
            async with self._turn:
                await self._replace(self._lock.forget)  # the lock goes with what was behind it
        return answer

    async def close(self) -> None:
        """End, keep everything, and let the profile go."""
        async with self._turn:
            await self._let_go()
            self._lock.close()

    async def _unless_over(self, work: Coroutine[Any, Any, object]) -> object:
        """The answer, unless the device ends before it: what waited for its network or its store would wait for ever."""
        call, over = asyncio.ensure_future(work), self._over
        either: set[asyncio.Future[Any]] = {call, over}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not call.done():
                call.cancel()
        if over.done():
            raise _locked()
        return call.result()

    # --- the methods

    async def _state(self, _: NoParams) -> object:
        idle_s = self._settings.idle_s if self._settings else 0
        passkey = self._lock.is_set and self._lock.passkey is not None
        return LockState(self._lock.is_set, self._client is None, idle_s, passkey)

    async def _draw(self, _: NoParams) -> object:
        return {"passphrase": new_passphrase()}

    async def _stay(self, _: NoParams) -> object:
        self._active_at = self._clock()
        return {}

    async def _close_now(self, _: NoParams) -> object:
        await self._lock_up()
        return {}

    async def _unlock(self, params: PassphraseParams) -> object:
        return await self._open(lambda: self._lock.open(params.passphrase))

    async def _open(self, work: Callable[[], Store]) -> object:
        async with self._turn:
            if self._client is None:
                self._take(work())
                self._tell(locked=False)
        return {}

    async def _set(self, params: SetParams) -> object:
        settings = LockSettings(params.idle_s)
        require_lockable(params.passphrase, settings)
        async with self._turn:
            await self._replace(lambda: self._lock.set(params.passphrase, settings))
        self._listeners.tell(Event("push.changed"))  # a sleeping device keeps nothing under a lock
        return {}

    async def _change(self, params: ChangeParams) -> object:
        async with self._turn:
            self._lock.change(params.passphrase, params.new)
        return {}

    async def _set_idle(self, params: IdleParams) -> object:
        settings = LockSettings(params.idle_s)
        self._lock.set_idle(settings)
        self._settings, self._active_at = settings, self._clock()
        return {}

    async def _remove(self, params: PassphraseParams) -> object:
        async with self._turn:
            self._lock.require(params.passphrase)
            await self._replace(self._lock.remove)
        self._listeners.tell(Event("push.changed"))
        return {}

    async def _forget(self, _: NoParams) -> object:
        async with self._turn:
            if self._client is not None:
                raise UsageError("this device is open: sign it out instead")
            await self._replace(self._lock.forget)
        self._listeners.tell(Event("signed_out"))
        return {}

    # --- its passkey

    async def _begin_passkey(self, _: NoParams) -> object:
        salt = self._p.random(SALT_SIZE_BYTES)
        options = creation_options(self._p, salt, self.client.whoami().username)
        return {"salt": b64encode(salt), "options": options}

    async def _ask_passkey(self, params: AskParams) -> object:
        if params.credential:
            credential = bytes_given(params.credential, 1, CREDENTIAL_ID_SIZE_BYTES_MAX)
            salt = bytes_given(params.salt, SALT_SIZE_BYTES, SALT_SIZE_BYTES)
        else:
            passkey = self._lock.passkey
            if passkey is None:
                raise UsageError("no passkey opens this profile")
            credential, salt = passkey.credential, passkey.salt
        return {"options": request_options(self._p, credential, salt)}

    async def _add_passkey(self, params: AddParams) -> object:
        credential = bytes_given(params.credential, 1, CREDENTIAL_ID_SIZE_BYTES_MAX)
        salt = bytes_given(params.salt, SALT_SIZE_BYTES, SALT_SIZE_BYTES)
        secret = bytes_given(params.secret, SECRET_SIZE_BYTES, SECRET_SIZE_BYTES)
        async with self._turn:
            self._lock.add_passkey(params.passphrase, credential, salt, secret)
        return {}

    async def _remove_passkey(self, _: NoParams) -> object:
        self._lock.remove_passkey()
        return {}

    async def _unlock_by_passkey(self, params: SecretParams) -> object:
        secret = bytes_given(params.secret, SECRET_SIZE_BYTES, SECRET_SIZE_BYTES)
        return await self._open(lambda: self._lock.unlock_by_passkey(secret))

    # --- the device

    def _take(self, store: Store) -> None:
        """Begin with the device of a store."""
        self._settings, self._active_at = lock_settings(store), self._clock()
        self._over = asyncio.get_running_loop().create_future()
        self._client = self._begin(store)
        self._rpc = Rpc(self._client)
        self._rpc.subscribe(self._listeners.tell)
        self._rpc.start()
        if self._settings is not None:
            self._watch = asyncio.get_running_loop().create_task(self._look())

    async def _let_go(self) -> None:
        """End the device; its store is closed by the lock."""
        if self._watch is not None and self._watch is not asyncio.current_task():
            self._watch.cancel()
        client, rpc = self._client, self._rpc
        self._client = self._rpc = self._watch = self._settings = None
        if rpc is not None:
            self._over.set_result(None)
            rpc.stop()
        if client is not None:
            await client.close()

    async def _replace(self, work: Callable[[], Store]) -> None:
        """End the device, have the lock give another store, and begin with that, or anew with the one that was."""
        await self._let_go()
        try:
            work()
        finally:
            if self._lock.store is not None:
                self._take(self._lock.store)

    async def _lock_up(self) -> None:
        async with self._turn:
            if self._client is None or not self._lock.is_set:
                return
            await self._let_go()
            self._lock.lock()
        self._tell(locked=True)

    async def _look(self) -> None:
        """Lock up once the person has been away for long enough."""
        while self._settings is not None:
            idle_s = self._settings.idle_s
            left_s = self._active_at + idle_s - self._clock() if idle_s else _LOOK_S
            if left_s <= 0:
                await self._lock_up()
                return
            await self._sleep(min(left_s, _LOOK_S))

    def _tell(self, *, locked: bool) -> None:
        self._listeners.tell(Event("lock.changed", {"locked": locked}))


def _locked() -> CallError:
    return CallError(PROBLEM, "this device is locked: its passphrase opens it", ProfileLocked.slug)

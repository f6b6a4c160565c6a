"""Who is signed in on this device, and the way there: account, recovery key, restore.

Invariant: people reach their conversations only after they have shown that they hold their recovery key.
"""

from __future__ import annotations

import datetime as dt
from typing import Final, Literal

from parley_app import account_words, rights_words, words
from parley_app.bridge import Bridge, Visit
from parley_app.engine import Engine, EngineError, Json
from parley_app.model import faults, times
from parley_app.model.beginning_anew import BeginningAnew
from parley_app.model.by_provider import ByProvider
from parley_app.model.forgotten import Forgotten
from parley_app.model.forms import Form, server_address
from parley_app.model.link_here import LinkHere
from parley_app.model.observing import Observed
from parley_app.model.passkey_secrets import restore_by_passkey
from parley_app.model.passwords import PASSWORD_LENGTH_MIN
from parley_app.model.rows import Person
from parley_app.model.security import Security
from parley_app.model.signing_up import SignUpForm

_LOOKALIKES = str.maketrans("OIL", "011")
Phase = Literal["starting", "locked", "signed_out", "keeping_key", "signed_in"]
Connection = Literal["offline", "connecting", "online"]
Step = Literal["password", "recovery_key", "code", "provider"]
#: What sends somebody who stands before the second step back to an earlier one.
_BACK: Final[dict[str, Step]] = {
    "wrong_credentials": "password",
    "unauthenticated": "password",
    "recovery_key_refused": "recovery_key",
    "recovery_passkey_refused": "recovery_key",
    "recovery_key_required": "recovery_key",
}


class SignInForm(Form):
    """What signing in takes."""

    sentences = {  # noqa: RUF012 - a constant of the class
        "wrong_code": account_words.CODE_WRONG,
        "unauthenticated": account_words.SIGN_IN_ENDED,
    }


class Session(Observed):
    """The account of this device."""

    def __init__(self, engine: Engine, bridge: Bridge) -> None:
        super().__init__()
        self._engine, self._bridge = engine, bridge
        self.phase: Phase = "starting"
        self.connection: Connection = "connecting"
        self.me = Person("", "", own=True)
        self.server = bridge.server
        self.device_id = ""
        self.recovery_key = ""
        self.farewell = ""
        self.fault = ""
        #: Whether somebody signed up here whose account has no device yet: the server wants the address confirmed first.
        self.unfinished = False
        self.sign_up = SignUpForm(engine, bridge.server)
        self.by_provider = ByProvider(engine, bridge)
        self.sign_in = SignInForm(server=bridge.server, username="", password="", recovery_key="", code="")
        #: Where signing in stands; `code` once the server has asked for one.
        self.step: Step = "recovery_key"
        #: Whether the next sign-in opens the history by a passkey in place of the recovery key, and what it is asked by once somebody is known.
        self._by_passkey, self._question = False, None
        #: Whether this system can ask for a passkey, and whether one signs in here without name and password.
        self.passkeys = self.alone = False
        self.forgotten = Forgotten(engine, bridge)
        self.confirmation = Form(last_group="")
        self.security = Security(engine, bridge)
        self.link, self.anew = self._new_link(), self._new_anew()

    @property
    def server_given(self) -> bool:
        """Whether the system says which server it is, so that nobody has to type it."""
        return bool(self._bridge.server)

    async def load(self) -> None:
        """Ask the device whose it is."""
        try:
            state = await self._engine.call("session")
            self.fault = ""
            if state["recovery_key_pending"]:
                self.recovery_key = (await self._engine.call("recovery_key"))["recovery_key"] or ""
        except EngineError as error:
            self.fault = ""
            if error.slug == "profile_locked":
                self.phase = "locked"
            else:
                self.fault = faults.sentence(error)
            self.changed()
            return
        self.connection = state["connection"] if state["connection"] != "offline" else "connecting"
        if state["signed_in"]:
            self.me = Person(state["user_id"], state["username"], own=True)
            self.server, self.device_id = state["server"], state["device_id"]
            self.phase = "keeping_key" if self.recovery_key else "signed_in"
        else:
            self.phase, self.unfinished = "signed_out", state["unfinished"]
            for name in ("server", "username") if self.unfinished else ():
                self.sign_up.values[name] = state[name]
        self.changed()

    async def look_for_passkeys(self) -> None:
        """Learn whether this system can ask for one; nothing waits for that at the start."""
        self.passkeys = await self._bridge.passkeys()
        self.changed()

    async def learn_rules(self) -> None:
        """Ask who may make an account, where the system says at which server."""
        if self.server_given:
            await self.sign_up.load(self._bridge.server, self._bridge.ca_file)

    async def register(self) -> bool:
        """Make the account of the sign-up form; then the recovery key has to be kept."""
        form = self.sign_up
        if not form.require("server", "username", "email", "password"):
            return False
        if len(form["password"]) < PASSWORD_LENGTH_MIN:
            form.complain("password", words.PASSWORD_SHORT)
            return False

        return await self.finish()

    async def finish(self) -> bool:
        """Make the account of the sign-up form, or go on with it where its address is confirmed by now."""
        form, unconfirmed = self.sign_up, False

        async def work() -> None:
            nonlocal unconfirmed
            words_given = {"email": form["email"].strip(), "invitation": form["invitation"].strip()}
            given = {**self._account(form), **words_given, "keep_recovery_key": True}
            try:
                await self._engine.call("register", given)
            except EngineError as error:
                unconfirmed = error.slug == "email_unverified"
                raise

        if not await form.submit(work):
            if unconfirmed:  # nothing is wrong: the next page asks for the code
                self.unfinished, form.fault = True, ""
            return False
        self.unfinished = False
        await self.load()
        return True

    async def give_up(self) -> bool:
        """Forget a sign-up that is unfinished; its user name stays taken."""

        async def work() -> None:
            await self._engine.call("logout")

        if not await self.sign_up.submit(work):
            return False
        self.unfinished, self.security = False, Security(self._engine, self._bridge)
        self.changed()
        return True

    async def restore(self) -> bool:
        """Sign in with the sign-in form, whose recovery key makes this a device of the account.

        Where a code is missing, nothing is wrong yet: `step` says so.
        """
        return await self._begin("recovery_key")

    async def restore_by_passkey(self) -> bool:
        """Sign in with the sign-in form; a passkey that stands for the recovery key makes this a device of the account."""
        return await self._begin()

    async def _begin(self, *needed: str) -> bool:
        form = self.sign_in
        names = () if self.alone else ("username", "password")
        if form.busy or not form.require("server", *names, *needed):
            return False
        self.step, self._by_passkey, self._question = "recovery_key", not needed, None
        form.values.pop("code", None)  # each works once
        return await self._log_in(passkey=self.alone)

    async def give_code(self) -> bool:
        """Sign in with what was given before and the form's code; `step` says where a refusal leads."""
        return self.sign_in.require("code") and await self._log_in("".join(self.sign_in["code"].split()))

    async def give_passkey(self) -> bool:
        """Sign in with what was given before and a passkey; `step` says where a refusal leads."""
        return await self._log_in(passkey=True)

    async def _log_in(self, code: str | None = None, *, passkey: bool = False) -> bool:
        form = self.sign_in
        account = self._given()
        given: dict[str, Json] = {**account, "code": code}
        refused = ""

        async def work() -> None:
            nonlocal refused
            try:
                if passkey and self._question is None:
                    given["passkey"] = await self._ask_passkey(account)
                await self._enter(given)
            except EngineError as error:
                refused = error.slug
                if passkey and refused == "wrong_code":
                    raise EngineError("passkey_refused", error.sentence) from error
                if refused != "second_factor_required":
                    raise

        came_in = await form.submit(work) and not refused
        if came_in:
            await self.load()
        elif refused == "second_factor_required":
            self.step = "code"
        elif self.step == "code" and refused:
            self.step = _BACK.get(refused, "code")
        return came_in

    async def _enter(self, given: dict[str, Json]) -> None:
        if not self._by_passkey:
            await self._engine.call("login", given | {"recovery_key": self.sign_in["recovery_key"].strip()})
            return
        if self._question is None:  # a code of the second step works once, so what it opened is gone on with
            self._question = (await self._engine.call("recovery_passkey.ask", given))["options"]
        await restore_by_passkey(self._engine, self._bridge, self._question)
        self._question = None

    async def _ask_passkey(self, account: dict[str, str | None]) -> Json:
        asked = await self._engine.call("account.passkey.ask", account)
        return {"flow": asked["flow"], "credential": await self._bridge.use_passkey(asked["options"])}

    async def return_from_provider(self, address: str) -> None:
        """Somebody came back to an app that had begun anew meanwhile."""
        await self.by_provider.take(address)
        self.step = "provider" if self.by_provider.missing else "password"

    async def visit_provider(self, provider: str, visit: Visit) -> bool:
        """Send somebody to a provider; whether they came back to this very app, with something missing."""
        server, invitation = self._account(self.sign_in)["server"] or "", self.sign_up["invitation"].strip()
        came_back = await self.by_provider.leave(provider, server, invitation, visit)
        self.step = "provider" if came_back else "password"
        return came_back

    async def finish_by_provider(self, *, passkey: bool = False) -> bool:
        """Give what is missing of somebody who came back, a passkey in place of the recovery key; whether they have come in."""
        came_in = await (self.by_provider.give_passkey() if passkey else self.by_provider.give())
        if came_in or self.by_provider.unconfirmed:
            await self.load()
        return came_in

    async def confirm_key(self) -> bool:
        """Whether the last group of the recovery key was typed; then the device forgets the key."""
        typed = "".join(self.confirmation["last_group"].split()).strip("-").upper().translate(_LOOKALIKES)
        last = self.recovery_key.rsplit("-", 1)[-1].upper()
        if not typed or typed != last:
            self.confirmation.complain("last_group", words.KEY_CONFIRM_WRONG)
            return False

        async def work() -> None:
            await self._engine.call("recovery_key.forget")

        if not await self.confirmation.submit(work):
            return False
        self.recovery_key = ""
        self.phase = "signed_in"
        self.changed()
        return True

    def forget_typed(self) -> None:
        """Forget the secrets that were typed, once their fields have left the screen (emptied in use, a field breaks)."""
        self.link, self.anew = self._new_link(), self._new_anew()
        for form in (self.sign_up, self.sign_in, self.by_provider, self.confirmation):
            for name in ("password", "recovery_key", "last_group", "code"):
                form.values.pop(name, None)
        self.alone = self.forgotten.done = False

    async def log_out(self) -> str:
        """Erase this device; a sentence where that failed."""
        try:
            await self._engine.call("logout")
        except EngineError as error:
            return faults.sentence(error)
        self.farewell = ""
        self._leave()
        return ""

    def heard(self, name: str, state: Connection, going_at: str = "") -> None:
        """An event of the connection or the session; `going_at` is when the account that was left goes for good."""
        if name == "connection.changed" and state != self.connection:
            self.connection = state
            self.changed()
        elif name == "signed_out" and (going_at or self.phase != "signed_out"):
            # The server's own word that this device is out may be first; that the account goes is still to be said.
            self.farewell = _farewell(going_at)
            self._leave()

    def lock_up(self) -> None:
        """The device is locked: nothing of the account stays here."""
        self._leave()
        self.phase = "locked"
        self.changed()

    async def try_now(self) -> None:
        """Connect at once."""
        self.connection = "connecting"
        self.changed()
        await self._engine.call("connection.retry")

    def _new_link(self) -> LinkHere:
        return LinkHere(self._engine, lambda: self._account(self.sign_in), self.load)

    def _new_anew(self) -> BeginningAnew:
        return BeginningAnew(self._engine, self._given, self._ask_passkey, self.load)

    def _given(self) -> dict[str, str | None]:
        return self._account(self.sign_in) | ({"username": "", "password": ""} if self.alone else {})

    def _account(self, form: Form) -> dict[str, str | None]:
        return {
            "server": server_address(form["server"]),
            "ca_file": self._bridge.ca_file,
            "username": form["username"].strip().removeprefix("@"),
            "password": form["password"],
        }

    def _leave(self) -> None:
        self.phase, self.me, self.recovery_key = "signed_out", Person("", "", own=True), ""
        self.step, self.security = "recovery_key", Security(self._engine, self._bridge)
        self.changed()


def _farewell(going_at: str) -> str:
    """What is said to somebody who was signed out."""
    if not going_at:
        return words.SIGNED_OUT
    return rights_words.going(times.day(times.parse(going_at), dt.datetime.now().astimezone()))

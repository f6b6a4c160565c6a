"""Signing in by an identity provider: leaving for it, and what is missing of whoever comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal
from urllib.parse import parse_qs, urlsplit

from parley_app import account_words, entrance_words
from parley_app.bridge import Bridge, Visit
from parley_app.engine import Engine, EngineError, Json
from parley_app.model.forms import Form
from parley_app.model.passkey_secrets import restore_by_passkey
from parley_app.model.signing_up import SignUpForm

#: Nobody has come back; or what whoever came back has to give.
Missing = Literal["", "sign_up", "code", "restore"]
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "sign_up": ("username", "email"),
    "code": ("code",),
    "restore": ("recovery_key",),
}


def is_return(address: str) -> bool:
    """Whether an address is one to which a provider sends its person back."""
    told = parse_qs(urlsplit(address).query)
    return "state" in told and ("code" in told or "error" in told)


class ByProvider(Form):
    """The form that somebody fills in who came back."""

    fields: ClassVar[Mapping[str, str]] = SignUpForm.fields
    sentences: ClassVar[Mapping[str, str]] = {
        **SignUpForm.sentences,
        "wrong_code": account_words.CODE_WRONG,
        "provider_refused": entrance_words.PROVIDER_REFUSED,
        "unauthenticated": entrance_words.PROVIDER_OVER,
        "usage": entrance_words.PROVIDER_OVER,
        "unavailable": entrance_words.PROVIDER_AWAY,
    }

    def __init__(self, engine: Engine, bridge: Bridge) -> None:
        super().__init__(username="", email="", invitation="", recovery_key="", code="")
        self._engine, self._bridge = engine, bridge
        self.missing: Missing = ""
        #: Whether the account is made, and its address has to be confirmed before it gets its keys.
        self.unconfirmed = False

    async def leave(self, provider: str, server: str, invitation: str, visit: Visit) -> bool:
        """Send somebody to a provider of a server, with the invitation by which they came; whether they came back to this very app."""
        returned = ""

        async def begin(redirect_uri: str) -> str:
            given = {"server": server, "ca_file": self._bridge.ca_file, "provider": provider, "invitation": invitation}
            answer = await self._engine.call("provider.begin", {**given, "redirect_uri": redirect_uri})
            return str(answer["url"])

        async def work() -> None:
            nonlocal returned
            returned = await self._bridge.by_way_of(begin, visit)

        return await self.submit(work) and bool(returned) and await self.take(returned)

    async def take(self, address: str) -> bool:
        """Take the address that somebody came back to; `missing` says what they have to give."""

        async def work() -> None:
            self._go_on(await self._engine.call("provider.finish", {"address": address}))

        return await self.submit(work)

    async def give(self) -> bool:
        """Give what is missing; whether somebody has come in."""
        if not self.missing or not self.require(*_NEEDED[self.missing]):
            return False
        came_in = self.unconfirmed = False

        async def work() -> None:
            nonlocal came_in
            match self.missing:
                case "code":
                    code = "".join(self["code"].split())
                    self._go_on(await self._engine.call("provider.code", {"code": code}))
                    return
                case "sign_up":
                    words = {name: self[name].strip() for name in ("username", "email", "invitation")}
                    await self._engine.call(
                        "provider.register", {**words, "username": words["username"].removeprefix("@")}
                    )
                case _:
                    await self._engine.call("provider.restore", {"recovery_key": self["recovery_key"].strip()})
            came_in = True

        await self.submit(work)
        if came_in or self.unconfirmed:
            self.missing = ""
        return came_in

    async def give_passkey(self) -> bool:
        """Give a passkey in place of the recovery key that is missing; whether somebody has come in."""

        async def work() -> None:
            asked = await self._engine.call("provider.recovery_passkey")
            await restore_by_passkey(self._engine, self._bridge, asked["options"])

        came_in = self.missing == "restore" and await self.submit(work)
        if came_in:
            self.missing = ""
        return came_in

    def _refused(self, error: EngineError) -> None:
        self.unconfirmed = error.slug == "email_unverified"
        if not self.unconfirmed:
            super()._refused(error)

    def _go_on(self, step: Json) -> None:
        self.missing = step["step"]
        for name in ("username", "invitation") if self.missing == "sign_up" else ():
            self.values[name] = self[name] or step[name]

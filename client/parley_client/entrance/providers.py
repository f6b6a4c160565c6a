"""What `Client` offers to sign in by an identity provider: leaving for it, coming back, and what then is missing.

A provider opens the account and no history: an account that has keys takes the recovery key as well, and a new one makes its own.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import parse_qsl, urlsplit

import msgspec

from parley_client.account import read_recovery_key
from parley_client.answers import Registration, WhoAmI
from parley_client.api import auth, entrance
from parley_client.api.http import Api
from parley_client.api.network import parse_server
from parley_client.errors import UsageError
from parley_client.parts import ClientPart, entering
from parley_client.store import documents
from parley_client.store.documents import Account
from parley_contracts.auth_api import Tokens
from parley_contracts.problems import ProviderAccountMissing, ProviderRefused, SecondFactorRequired
from parley_contracts.providers_api import (
    OwnProviderAnswer,
    ProviderAnswer,
    ProviderLink,
    ProviderPurpose,
    ProviderSignUp,
)

_DOCUMENT = "provider_flow"


class LeftFor(msgspec.Struct, frozen=True):
    """This device sent its person to a provider: a document, since a browser's page goes away meanwhile.

    `invitation` is the code by which they had come to the server, empty where there was none.
    """

    server: str
    ca_file: str | None
    flow_token: str
    invitation: str = ""


class ProviderStep(msgspec.Struct, frozen=True):
    """What is missing of somebody who came back: an account, a code, or the recovery key.

    For an account `username` is a suggestion, and `invitation` the code with which they left.
    """

    step: Literal["sign_up", "code", "restore"]
    username: str = ""
    invitation: str = ""


class Waiting(msgspec.Struct, frozen=True):
    """Somebody who came back and has not come in: signed in already, or with the token of the next step."""

    left: LeftFor
    flow_token: str = ""
    entered: auth.Entered | None = None


class ProviderMethods(ClientPart):
    """A part of `Client`."""

    _waiting: Waiting | None = None

    async def provider_begin(
        self, *, server: str, ca_file: str | None, provider: str, redirect_uri: str, invitation: str = ""
    ) -> str:
        """The address to which the person is to go; what they come back to goes to `provider_finish`. `NotFound`.

        `invitation` is kept for them, should they have no account yet.
        """
        account = _somebody(server, ca_file)
        flow = await entrance.begin_provider(self._api(account), provider, redirect_uri=redirect_uri)
        documents.save(self._store, _DOCUMENT, LeftFor(account.server, ca_file, flow.flow_token, invitation))
        return flow.url

    async def provider_finish(self, address: str) -> ProviderStep:
        """Take the address that the person came back to, once; `ProviderRefused`, `Unauthenticated` where it took too long."""
        left, told = self._returned(address)
        answer = ProviderAnswer(left.flow_token, told["code"], told["state"], told["iss"])
        try:
            entered = await entrance.finish_provider(self._api(_of(left)), answer)
        except SecondFactorRequired as step:
            self._waiting = Waiting(left, flow_token=_token(step))
            return ProviderStep("code")
        except ProviderAccountMissing as missing:
            self._waiting = Waiting(left, flow_token=_token(missing))
            return ProviderStep("sign_up", str(missing.extra.get("suggested_username", "")), left.invitation)
        return self._enter(left, entered)

    async def provider_code(self, code: str) -> ProviderStep:
        """Give a code of the second factor; `WrongCode`, after which another may be given."""
        waiting = self._expect_waiting()
        return self._enter(
            waiting.left, await auth.give_code(self._api(_of(waiting.left)), flow_token=waiting.flow_token, code=code)
        )

    @entering
    async def provider_register(self, *, username: str, email: str, invitation: str = "") -> Registration:
        """Make the account with this, its first device, or give one that never got them its keys.

        `UsernameTaken`, `InvitationRefused`, `SignUpRefused`; `AlreadySignedIn` where the account has keys.
        """
        waiting = self._expect_waiting()
        entered, name = waiting.entered, username

        async def obtain(api: Api) -> Tokens:
            if entered is not None:
                return entered.tokens
            words = ProviderSignUp(waiting.flow_token, username, email, invitation)
            return (await entrance.sign_up_by_provider(api, words)).tokens

        if entered is not None:
            name = entered.username
        account = msgspec.structs.replace(_of(waiting.left), username=name)
        account = await self._set_up(account).register_signed_in(account, obtain)
        self._waiting = None
        return await self._registered(account)

    @entering
    async def provider_restore(self, recovery_key: str | None) -> WhoAmI:
        """Make this a device of the account by its recovery key (on its own profile, none is needed); `RecoveryKeyRefused`."""
        waiting, key = self._expect_waiting(), read_recovery_key(recovery_key)
        entered = waiting.entered
        if entered is None:
            raise UsageError("a code or an account is missing before the recovery key")
        account = msgspec.structs.replace(_of(waiting.left), username=entered.username, stage="signed_in")
        account = await self._set_up(account).login(account, password="", recovery_key=key, tokens=entered.tokens)
        self._waiting = None
        return await self._come_in(account)

    async def provider_links(self) -> list[ProviderLink]:
        """The accounts at providers that sign this person in."""
        return (await entrance.get_provider_links(self.session.api)).links

    async def provider_own_begin(self, provider: str, *, redirect_uri: str, purpose: ProviderPurpose) -> str:
        """The address for linking an account there, or for showing by it who one is; `SignInAgain`, `NotFound`."""
        account = documents.load_account(self._store)
        assert account is not None
        api = self.session.api
        flow = await entrance.begin_own_provider(api, provider, redirect_uri=redirect_uri, purpose=purpose)
        documents.save(self._store, _DOCUMENT, LeftFor(account.server, account.ca_file, flow.flow_token))
        return flow.url

    async def provider_own_finish(self, address: str, *, code: str = "") -> list[ProviderLink]:
        """Take the address that the person came back to, once; `ProviderRefused`, `Conflict`, `WrongCode`."""
        left, told = self._returned(address)
        answer = OwnProviderAnswer(left.flow_token, told["code"], told["state"], told["iss"], code)
        return (await entrance.finish_own_provider(self.session.api, answer)).links

    async def provider_unlink(self, link_id: str) -> None:
        """Let an account at a provider sign this person in no more; `NotFound`, `Conflict`, `SignInAgain`."""
        await entrance.delete_provider_link(self.session.api, link_id)

    def _enter(self, left: LeftFor, entered: auth.Entered) -> ProviderStep:
        self._waiting = Waiting(left, entered=entered)
        return ProviderStep("restore", entered.username)

    def _returned(self, address: str) -> tuple[LeftFor, dict[str, str]]:
        """The flow that was begun here, which is used up, and what the address says."""
        left = documents.load(self._store, _DOCUMENT, LeftFor)
        if left is None:
            raise UsageError("no sign-in by a provider was begun here")
        documents.remove(self._store, _DOCUMENT)
        told = dict.fromkeys(("code", "state", "iss"), "") | dict(parse_qsl(urlsplit(address).query))
        if not told["code"]:
            raise ProviderRefused
        return left, told

    def _expect_waiting(self) -> Waiting:
        if self._waiting is None:
            raise UsageError("nobody has come back from a provider")
        return self._waiting


def _somebody(server: str, ca_file: str | None) -> Account:
    return Account(server=parse_server(server), ca_file=ca_file, username="", stage="signing_up")


def _of(left: LeftFor) -> Account:
    return Account(server=left.server, ca_file=left.ca_file, username="", stage="signing_up")


def _token(step: SecondFactorRequired | ProviderAccountMissing) -> str:
    return str(step.extra.get("flow_token", ""))

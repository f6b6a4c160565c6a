"""What `Client` offers of a passkey that stands for the recovery key: keeping it, and coming in by it. A browser's page asks the passkey."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from parley_client.account import Arrival
from parley_client.answers import WhoAmI
from parley_client.api import auth, recovery
from parley_client.api.network import parse_server
from parley_client.crypto.passkeys import PasskeyWrap, creation_options, request_options
from parley_client.entrance.providers import ProviderMethods
from parley_client.errors import UsageError
from parley_client.parts import entering
from parley_client.recovery.passkeys import PasskeySecret, kept_passkey, wrap_for_passkey
from parley_client.recovery.words import read_recovery, recovery_key_of
from parley_client.store import documents
from parley_client.store.documents import Account
from parley_contracts.auth_api import Tokens
from parley_contracts.identity import AccountStatement
from parley_contracts.limits import RECOVERY_PASSKEY_SALT_SIZE_BYTES

Options = dict[str, Any]


@dataclass(frozen=True)
class Keeping:
    """A key that opens the account's vault, and the salt of the passkey that is to stand for it."""

    recovery_key: bytes = field(repr=False)
    statement: AccountStatement
    salt: bytes


@dataclass(frozen=True)
class Asked:
    """Somebody who has signed in, and the passkey that was asked."""

    arrival: Arrival
    kept: PasskeyWrap


class RecoveryPasskeyMethods(ProviderMethods):
    """A part of `Client`. Options are WebAuthn's, as JSON."""

    _passkey_begun: Keeping | None = None
    _asked_passkey: Asked | None = None

    async def recovery_key_opened(self, recovery_key: str) -> tuple[bytes, AccountStatement]:
        """The 32 bytes of a key, or of words for it, that open the account's vault, and the statement of that; `RecoveryKeyRefused`."""
        session, given = self.session, read_recovery(recovery_key)
        identity = await session.directory.identity(session.device.user_id)
        key = await recovery_key_of(given, session.api, session.primitives, identity.statement)
        await self._set_up(self._account_here()).open_vault(identity, key)
        return key, identity.statement

    async def recovery_passkey_begin(self, recovery_key: str) -> Options:
        """What makes a passkey that is to stand for the recovery key; `RecoveryKeyRefused`. The key is held until it is kept."""
        key, statement = await self.recovery_key_opened(recovery_key)
        p = self.session.primitives
        self._passkey_begun = Keeping(key, statement, p.random(RECOVERY_PASSKEY_SALT_SIZE_BYTES))
        name = f"{self._account_here().username} (recovery key)"
        return creation_options(p, self._passkey_begun.salt, name, travels=True)

    def recovery_passkey_question(self, credential: bytes) -> Options:
        """What asks a passkey for its secret that gave none when it was made."""
        return request_options(self.session.primitives, credential, self._expect_passkey_begun().salt)

    async def recovery_passkey_keep(self, credential: bytes, secret: bytes) -> None:
        """Have the passkey that was made stand for the recovery key, in place of any other one; `SignInAgain`, after which again."""
        begun, session = self._expect_passkey_begun(), self.session
        wrap = wrap_for_passkey(begun.recovery_key, session.primitives, begun.statement, salt=begun.salt, secret=secret)
        await recovery.put_recovery_passkey(session.api, credential=credential, salt=begun.salt, wrap=wrap)
        self._passkey_begun = None

    def recovery_passkey_leave(self) -> None:
        """Forget the key of `recovery_passkey_begin`."""
        self._passkey_begun = None

    async def recovery_passkey_forget(self) -> None:
        """Have the server forget the wrap; `SignInAgain`. A copy that somebody kept ends by another recovery key."""
        await recovery.delete_recovery_passkey(self.session.api)

    @entering
    async def recovery_passkey_ask(
        self,
        *,
        server: str,
        ca_file: str | None,
        username: str = "",
        password: str = "",
        code: str | None = None,
        passkey: auth.PasskeyAnswer | None = None,
    ) -> Options | None:
        """Sign in as `login` does, and give what asks the passkey that stands for the recovery key; `RecoveryPasskeyRefused`.

        None where this profile is a device of the account again, which needs no recovery key.
        """
        account = Account(server=parse_server(server), ca_file=ca_file, username=username, stage="signed_in")
        return await self._ask_recovery_passkey(account, password=password, code=code, passkey=passkey)

    @entering
    async def provider_recovery_passkey(self) -> Options | None:
        """`recovery_passkey_ask` for somebody who came back from a provider, instead of `provider_restore`."""
        waiting = self._expect_waiting()
        if waiting.entered is None:
            raise UsageError("a code or an account is missing before the recovery key")
        account = Account(
            server=waiting.left.server,
            ca_file=waiting.left.ca_file,
            username=waiting.entered.username,
            stage="signed_in",
        )
        return await self._ask_recovery_passkey(account, tokens=waiting.entered.tokens)

    @entering
    async def recovery_passkey_restore(self, secret: bytes) -> WhoAmI:
        """Make this a device of the account by what the passkey gave; `RecoveryPasskeyRefused`, after which another may be asked."""
        if self._asked_passkey is None:
            raise UsageError("no passkey was asked for the recovery key")
        arrival, kept = self._asked_passkey.arrival, self._asked_passkey.kept
        account = await self._set_up(arrival.account).recover(arrival, PasskeySecret(kept, secret))
        self._asked_passkey = self._waiting = None
        return await self._come_in(account)

    async def _ask_recovery_passkey(
        self,
        account: Account,
        *,
        password: str = "",
        code: str | None = None,
        passkey: auth.PasskeyAnswer | None = None,
        tokens: Tokens | None = None,
    ) -> Options | None:
        arrival = await self._set_up(account).arrive(
            account, password=password, code=code, passkey=passkey, tokens=tokens
        )
        if arrival.user_id is None:
            await self._come_in(arrival.account)
            return None
        kept = await kept_passkey(self._api(account))
        self._asked_passkey = Asked(arrival, kept)
        return request_options(self._primitives, kept.credential, kept.salt)

    def _account_here(self) -> Account:
        account = documents.load_account(self._store)
        assert account is not None
        return account

    def _expect_passkey_begun(self) -> Keeping:
        if self._passkey_begun is None:
            raise UsageError("no passkey was begun for the recovery key")
        return self._passkey_begun

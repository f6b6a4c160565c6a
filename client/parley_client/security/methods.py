"""What `Client` offers for the account itself: its e-mail address, its password, its second factors, its sessions.

None of it touches a key: a new password opens no history, which takes the recovery key or another device.
"""

from __future__ import annotations

import msgspec

from parley_client.api import auth, security
from parley_client.api.http import Api
from parley_client.api.network import parse_server
from parley_client.crypto.recovery import format_recovery_key
from parley_client.parts import ClientPart
from parley_client.store import documents
from parley_client.store.documents import Account
from parley_contracts.auth_api import (
    Assertion,
    Attestation,
    OwnProfile,
    PasskeyAdded,
    PasskeyChallenge,
    PasskeySetup,
    RecoveryCodes,
    SecondFactors,
    SessionInfo,
    SignInInfo,
    TotpSetup,
)
from parley_contracts.ids import SessionId


class SecurityMethods(ClientPart):
    """A part of `Client`."""

    def forget_recovery_key(self) -> None:
        """The recovery key was shown: erase it from the device."""
        account = documents.load_account(self._store)
        if account is not None and account.stage == "ready":
            documents.save_account(self._store, msgspec.structs.replace(account, recovery_key=None))

    def pending_recovery_key(self) -> str | None:
        """The recovery key of a registration until `forget_recovery_key`: it may be shown again after a restart."""
        account = documents.load_account(self._store)
        ready = account is not None and account.stage == "ready"
        return format_recovery_key(account.recovery_key) if ready and account and account.recovery_key else None

    def unfinished_sign_up(self) -> Account | None:
        """An account that has no device yet, because its server wants the address confirmed first or was away."""
        account = documents.load_account(self._store)
        return account if account is not None and account.stage in {"signed_in", "keys_made"} else None

    async def own_profile(self) -> OwnProfile:
        """The account as the server has it, with the address and whether it is confirmed."""
        return await security.get_own_profile(self._own_api())

    async def request_verification(self) -> None:
        """Have a letter with a code sent to the account's address; `Conflict` where it is confirmed."""
        await security.request_verification(self._own_api())

    async def verify_email(self, code: str) -> OwnProfile:
        """Confirm an address, the present or the new one, by the code of its letter; `WrongCode`, `EmailTaken`."""
        return await security.verify_email(self._own_api(), code)

    async def change_email(self, email: str) -> None:
        """Have a letter sent to a new address, which is the account's once its code is given; `SignInAgain`."""
        await security.change_email(self._own_api(), email)

    async def reauthenticate(self, password: str, code: str = "") -> None:
        """Give the password again (and a code), for what asks for a recent sign-in; `WrongCredentials`, `WrongCode`."""
        await security.reauthenticate(self._own_api(), password=password, code=code)

    async def begin_passkey_check(self) -> PasskeyChallenge:
        """What one of the account's passkeys has to sign in place of the password; `Conflict` where there is none."""
        return await security.begin_passkey_check(self.session.api)

    async def confirm_passkey_check(self, *, challenge: str, credential: Assertion) -> None:
        """Give what it signed, for what asks for a recent sign-in; `WrongCode`."""
        await security.confirm_passkey_check(self.session.api, challenge=challenge, credential=credential)

    async def change_password(self, *, current: str, new: str) -> None:
        """Take another password; other sessions end, and their devices sign in anew. `WrongCredentials`, `WeakPassword`."""
        await security.change_password(self.session.api, current=current, new=new)

    async def second_factors(self) -> SecondFactors:
        """Which second factors the account has."""
        return await security.get_second_factors(self.session.api)

    async def begin_totp(self) -> TotpSetup:
        """A new secret for an authenticator app, as text and as the address for a QR code; `SignInAgain`, `Conflict`."""
        return await security.begin_totp(self.session.api)

    async def confirm_totp(self, *, setup: str, code: str) -> RecoveryCodes:
        """Switch the second step on by a first code; the recovery codes are shown this once. `WrongCode`."""
        return await security.confirm_totp(self.session.api, setup=setup, code=code)

    async def remove_totp(self) -> None:
        """Switch the second step off; `SignInAgain`."""
        await security.remove_totp(self.session.api)

    async def begin_passkey(self) -> PasskeySetup:
        """What `navigator.credentials.create()` takes to make a passkey; `SignInAgain`, `TooMany`."""
        return await security.begin_passkey(self.session.api)

    async def confirm_passkey(self, *, setup: str, name: str, credential: Attestation) -> PasskeyAdded:
        """Add the passkey that was made; with recovery codes, this once, where it is the first factor. `WrongCode`."""
        return await security.confirm_passkey(self.session.api, setup=setup, name=name, credential=credential)

    async def remove_passkey(self, number: int) -> None:
        """Take a passkey away, by its number among the second factors; `NotFound`, `SignInAgain`."""
        await security.remove_passkey(self.session.api, number)

    async def renew_recovery_codes(self) -> RecoveryCodes:
        """New recovery codes in place of all earlier ones; `SignInAgain`."""
        return await security.renew_recovery_codes(self.session.api)

    async def sessions(self) -> list[SessionInfo]:
        """The account's signed-in sessions with their devices, the last seen first."""
        return (await security.get_sessions(self.session.api)).sessions

    async def sign_ins(self) -> list[SignInInfo]:
        """The account's last sign-ins, the newest first."""
        return (await security.get_sign_ins(self.session.api)).sign_ins

    async def rename_session(self, session_id: str, name: str) -> SessionInfo:
        """Give a session's device another name; `NotFound`."""
        return await security.rename_session(self.session.api, SessionId(session_id), name)

    async def end_session(self, session_id: str) -> None:
        """Sign a session out; its device leaves groups with their next commit. `NotFound`, `SignInAgain`."""
        await security.end_session(self.session.api, SessionId(session_id))

    async def end_other_sessions(self) -> None:
        """Sign out everywhere but here; `SignInAgain`."""
        await security.end_other_sessions(self.session.api)

    async def ask_passkey(
        self, *, server: str, ca_file: str | None, username: str = "", password: str = ""
    ) -> auth.PasskeyQuestion:
        """What `navigator.credentials.get()` takes to sign in: by a passkey alone, or with a name as the second step.

        The answer goes to `login`. `WrongCredentials`, `NoPasskey`.
        """
        api = self._api(_somebody(server, ca_file))
        if not username:
            return await auth.ask_passkey(api)
        return await auth.ask_second_passkey(api, username=username, password=password)

    async def request_reset(self, *, server: str, ca_file: str | None, email: str) -> None:
        """Have a letter sent that lets set a new password; the same answer whether anybody has this address."""
        await security.request_reset(self._api(_somebody(server, ca_file)), email)

    async def reset_password(self, *, server: str, ca_file: str | None, code: str, new: str) -> None:
        """Set a new password by a letter's code; all sessions end, and history stays as closed as it was. `WrongCode`."""
        await security.reset_password(self._api(_somebody(server, ca_file)), code=code, new=new)

    def _own_api(self) -> Api:
        """A way to the account's server, also while its sign-up is unfinished; `NotSignedIn`."""
        unfinished = self.unfinished_sign_up()
        return self._api(unfinished) if unfinished is not None else self.session.api


def _somebody(server: str, ca_file: str | None) -> Account:
    return Account(server=parse_server(server), ca_file=ca_file, username="", stage="signing_up")

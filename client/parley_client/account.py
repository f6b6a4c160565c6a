"""Setting a device up: registration, signing in with the recovery key or by another device, signing out.

Invariant: every key is stored before the server hears of it, and every step may be repeated after a crash. The root key
leaves this module only inside the sealed vault; the recovery key stays in the profile only until it was shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec

from parley_client.api import auth, messaging
from parley_client.api.http import ATTEMPTS, Api, answered_bytes
from parley_client.backoff import full_jitter
from parley_client.crypto.account import (
    VaultContent,
    VaultError,
    VerifiedIdentity,
    certify_device,
    create_account,
    first_history_version,
    open_vault,
    session_signer,
    verify_identity,
    vouches_for,
)
from parley_client.crypto.history import (
    HistoryKey,
    HistoryKeyError,
    HistoryKeySigner,
    new_history_key,
    open_history_key,
    seal_history_key,
)
from parley_client.crypto.linking import LinkPackage
from parley_client.crypto.passphrases import normal
from parley_client.crypto.recovery import new_recovery_key
from parley_client.directory import Directory
from parley_client.errors import (
    AlreadySignedIn,
    LinkOver,
    RecoveryKeyRefused,
    RecoveryKeyRequired,
    UntrustedIdentity,
    UsageError,
)
from parley_client.platforms.labels import DeviceLabel
from parley_client.recovery.words import DrawnWords, Recovery, read_recovery, recovery_key_of
from parley_client.store.documents import Account, Stage, load_account, load_tokens, save_account, save_tokens
from parley_client.store.history import save_history_key
from parley_client.store.port import Store
from parley_client.store.schema import wipe
from parley_contracts.auth_api import StatementUpload, Tokens
from parley_contracts.encoding import b64encode
from parley_contracts.identity import AccountStatement
from parley_contracts.ids import DeviceId, UserId, new_uuid7
from parley_contracts.messaging_api import HistoryKeyRecord, HistoryKeyUpload
from parley_contracts.problems import Conflict, InvitationRefused, Unavailable, UsernameTaken, WrongCredentials
from parley_mls import MlsError, Primitives, generate_signature_key

_FIRST_VERSION = 1


@dataclass(frozen=True)
class SignUpWords:
    """What a sign-up gives besides the name."""

    email: str
    password: str = field(repr=False)
    invitation: str = field(default="", repr=False)


@dataclass(frozen=True)
class Arrival:
    """Somebody who has signed in on a profile, which becomes their device by the recovery key; without `user_id` it is that already.

    `afresh` leaves nothing of the device that the profile was: its leaves are gone from all groups.
    """

    account: Account
    user_id: UserId | None = None
    afresh: bool = False


class SetUp:
    """The set-up of one profile."""

    def __init__(self, store: Store, api: Api, primitives: Primitives, label: DeviceLabel) -> None:
        self._store = store
        self.label = label
        self._api = api
        self._primitives = primitives

    async def register(self, account: Account, *, email: str, password: str, invitation: str = "") -> Account:
        """Make an account with its keys, or go on where an earlier try stopped; the result still holds the recovery key."""
        stored = self._stored(account)
        if stored is not None and stored.stage == "ready" and stored.recovery_key is None:
            raise AlreadySignedIn("this profile is registered already")
        account = stored or account
        if account.stage == "signing_up":
            words = SignUpWords(email, password, invitation)
            account = await self._sign_up(account, words, retried=stored is not None)
        if account.stage == "signed_in":
            account = self._make_keys(account)
        if account.stage == "keys_made":
            account = await self._publish_keys(account)
        return account

    async def register_signed_in(self, account: Account, obtain: Callable[[Api], Awaitable[Tokens]]) -> Account:
        """Give an account that signs in by `obtain` its keys, or go on where an earlier try stopped."""
        stored = self._stored(account)
        if stored is not None and stored.stage == "ready":
            raise AlreadySignedIn("this profile is registered already")
        account = stored or account
        if account.stage == "signing_up":
            account = await self._adopt(account, await obtain(self._api))
        if account.stage == "signed_in":
            account = self._make_keys(account)
        return await self._publish_keys(account) if account.stage == "keys_made" else account

    async def login(
        self,
        account: Account,
        *,
        password: str,
        recovery_key: Recovery | None,
        code: str | None = None,
        passkey: auth.PasskeyAnswer | None = None,
        tokens: Tokens | None = None,
    ) -> Account:
        """Sign in (where `tokens` do not say that somebody has): this profile's own device again, or a new one by the recovery key.

        An account without a name is whoever's the passkey is.
        """
        if isinstance(recovery_key, DrawnWords) and normal(password) == recovery_key.text:
            raise RecoveryKeyRefused(
                "these words are your password too, so the server has seen them: give the recovery key"
            )
        stored = self._stored(account) if account.username else None
        if recovery_key is None and account.username and (stored is None or stored.stage != "ready"):
            raise RecoveryKeyRequired("a new device needs the recovery key: give --recovery-key-file")
        arrival = await self.arrive(account, password=password, code=code, passkey=passkey, tokens=tokens)
        if arrival.user_id is None:
            return arrival.account
        if recovery_key is None:
            raise RecoveryKeyRequired(
                "this device was signed out and returns as a new one: give --recovery-key-file"
                if arrival.afresh
                else "a new device needs the recovery key: give --recovery-key-file"
            )
        return await self.recover(arrival, recovery_key)

    async def arrive(
        self,
        account: Account,
        *,
        password: str,
        code: str | None = None,
        passkey: auth.PasskeyAnswer | None = None,
        tokens: Tokens | None = None,
    ) -> Arrival:
        """Sign in, as `login` does, and look whose device this is; nothing is stored of another one's but tokens."""
        if passkey is not None and not account.username:
            username, tokens = await auth.login_by_passkey(self._api, passkey)
            account = msgspec.structs.replace(account, username=username)
        stored = self._stored(account)
        self._api.keep_tokens(tokens or await self._tokens(account, password=password, code=code, passkey=passkey))
        again = stored is not None and stored.stage == "ready"
        if stored is not None and again and await self._is_bound_again(stored):
            return Arrival(stored)
        me = await auth.get_me(self._api)
        if not me.has_statement:
            raise RecoveryKeyRequired(
                "this account never finished its registration; register it from its first profile"
            )
        given_up = stored is not None and stored.stage == "root_made"  # the key was found after all
        return Arrival(stored or account, me.user_id, afresh=again or given_up)

    async def _tokens(
        self, account: Account, *, password: str, code: str | None, passkey: auth.PasskeyAnswer | None
    ) -> Tokens:
        if passkey is not None:
            return await auth.login_by_second_passkey(self._api, passkey)
        return await auth.login(self._api, username=account.username, password=password, code=code)

    async def sign_in(self, account: Account, *, password: str, code: str | None) -> Account:
        """Sign in on a profile that another device is to make one of the account's; nothing is stored of it yet but tokens."""
        stored = self._stored(account)
        self._api.keep_tokens(await auth.login(self._api, username=account.username, password=password, code=code))
        if stored is not None and stored.stage == "ready":
            if await self._is_bound_again(stored):
                raise AlreadySignedIn("this profile is a device of its account already")
            stored = self._begin_anew(stored)
        me = await auth.get_me(self._api)
        if not me.has_statement:
            raise UsageError("this account never finished its registration; register it from its first profile")
        return msgspec.structs.replace(stored or account, user_id=me.user_id)

    async def take(self, account: Account, package: LinkPackage) -> Account:
        """Be a further device by what an own device handed over: its root key is pinned, and the server is held to it."""
        identity = await self._identity_under(account, package)
        account = msgspec.structs.replace(account, stage="recovering")
        if account.statement_version != identity.statement.version:
            account = self._with_device(account, identity.statement, package.signing_seed)
        save_account(self._store, account)
        await self._bind_device(account)
        # From now on new keys are handed to this device, too; what was made meanwhile, nobody would tell it.
        published = await messaging.get_history_keys(self._api)
        versions = {key.version for key in published.history_keys if key.version >= identity.history_begins}
        if versions - {key.version for key in package.history_keys}:
            raise LinkOver("the account's keys changed meanwhile: link this device once more")
        with self._store.transaction():
            for history_key in package.history_keys:
                save_history_key(self._store, history_key)
            return self._finish(account)

    async def _identity_under(self, account: Account, package: LinkPackage) -> VerifiedIdentity:
        assert account.user_id is not None
        shown = await auth.get_identity(self._api, account.user_id)
        try:
            identity = verify_identity(
                self._primitives,
                shown,
                server_name=_server_name(account),
                known_root=package.root_key,
                known_version=package.statement_version,
            )
        except (MlsError, ValueError) as error:
            raise UntrustedIdentity("the server shows other keys for this account than its own device has") from error
        own = (package.root_key, self._primitives.ed25519_public(package.signing_seed))
        shown_keys = (identity.root_key, identity.statement.signing_key)
        if identity.user_id != account.user_id or own != shown_keys or not package.history_keys:
            raise UntrustedIdentity("the server shows other keys for this account than its own device has")
        return identity

    def _stored(self, account: Account) -> Account | None:
        """What the profile holds of this account; a sign-up that never came through does not bind it to a name."""
        stored = load_account(self._store)
        if stored is None or (stored.username, stored.server) == (account.username, account.server):
            return stored
        if stored.stage == "signing_up":
            return None
        raise AlreadySignedIn("this profile belongs to another account; use another --profile")

    # --- registration

    async def _sign_up(self, account: Account, words: SignUpWords, *, retried: bool) -> Account:
        save_account(self._store, account)
        return await self._adopt(account, await self._new_session(account, words, retried=retried))

    async def _adopt(self, account: Account, tokens: Tokens) -> Account:
        self._api.keep_tokens(tokens)
        me = await auth.get_me(self._api)
        if me.has_statement:
            raise AlreadySignedIn("this account has its keys already; sign in with the recovery key")
        account = msgspec.structs.replace(account, user_id=me.user_id, stage="signed_in")
        save_account(self._store, account)
        return account

    async def _new_session(self, account: Account, words: SignUpWords, *, retried: bool) -> Tokens:
        for attempt in range(ATTEMPTS):
            try:
                return await auth.signup(
                    self._api,
                    username=account.username,
                    email=words.email,
                    password=words.password,
                    invitation=words.invitation,
                )
            except Unavailable:
                if attempt + 1 == ATTEMPTS:
                    raise
                retried = True
                await asyncio.sleep(full_jitter(attempt, base_s=1.0))
            except (UsernameTaken, InvitationRefused) as problem:
                # The answer of an earlier try may have been lost: then the account is ours, and has no keys yet.
                if not retried:
                    raise
                try:
                    return await auth.login(self._api, username=account.username, password=words.password)
                except WrongCredentials:
                    raise problem from None
        raise AssertionError("the last attempt returns or raises")

    def _make_keys(self, account: Account, *, version: int = _FIRST_VERSION, stage: Stage = "keys_made") -> Account:
        """Root, signing, recovery, device and history key of a new account, stored before any is published."""
        assert account.user_id is not None
        p, server_name = self._primitives, _server_name(account)
        recovery_key = new_recovery_key()
        made = create_account(
            p, server_name=server_name, user_id=account.user_id, recovery_key=recovery_key, version=version
        )
        history_key = new_history_key(first_history_version(version))
        sealed_history = seal_history_key(
            p,
            history_key,
            made.statement.recovery_key,
            signer=HistoryKeySigner(made.statement.version, made.keys.signing_seed),
            user_id=account.user_id,
            server_name=server_name,
        )
        account = self._with_device(account, made.statement, made.keys.signing_seed)
        account = msgspec.structs.replace(
            account,
            stage=stage,
            statement=made.statement.encode(),
            statement_signature=made.statement_signature,
            vault=made.vault,
            recovery_key=recovery_key,
            history_uploads={history_key.version: sealed_history},
        )
        with self._store.transaction():
            save_history_key(self._store, history_key)
            save_account(self._store, account)
        return account

    async def _publish_keys(self, account: Account) -> Account:
        await auth.put_statement(self._api, account.statement_version, statement_upload(account))
        await self._enter(account)
        return self._finish(account)

    async def _enter(self, account: Account) -> None:
        """Be the first device of a statement that is published."""
        await self._bind_device(account)
        for version, sealed in account.history_uploads.items():
            await messaging.put_history_key(self._api, version, HistoryKeyUpload(b64encode(sealed)))

    def _finish(self, account: Account) -> Account:
        account = msgspec.structs.replace(
            account, stage="ready", vault=b"", statement=b"", statement_signature=b"", history_uploads={}
        )
        with self._store.transaction():
            save_account(self._store, account)
            directory = Directory(self._store, self._api, self._primitives, _server_name(account))
            assert account.user_id is not None
            directory.pin(account.user_id, account.username, account.root_key)
        return account

    def _with_device(self, account: Account, statement: AccountStatement, signing_seed: bytes) -> Account:
        """The account with a new device, certified under the statement's signing key."""
        device_id = DeviceId(new_uuid7())
        device_seed, device_key = generate_signature_key(self._primitives)
        certificate = certify_device(
            self._primitives,
            signing_seed=signing_seed,
            server_name=statement.server_name,
            user_id=statement.user_id,
            device_id=device_id,
            statement_version=statement.version,
            device_key=device_key,
        )
        return msgspec.structs.replace(
            account,
            device_id=device_id,
            device_secret=device_seed,
            signing_secret=signing_seed,
            certificate=certificate.encode(),
            statement_version=statement.version,
            root_key=statement.root_key,
        )

    async def _bind_device(self, account: Account) -> None:
        assert account.device_id is not None
        tokens = await auth.put_device(
            self._api,
            account.device_id,
            account.certificate,
            sign=session_signer(self._primitives, account.device_secret),
            name=self.label.name,
            platform=self.label.platform,
        )
        self._api.keep_tokens(tokens)

    async def _is_bound_again(self, account: Account) -> bool:
        """Whether the server takes the device back; one that was signed out from elsewhere is over for ever."""
        try:
            await self._bind_device(account)
        except Conflict:
            return False
        return True

    # --- recovery

    async def recover(self, arrival: Arrival, recovery: Recovery) -> Account:
        """Be a further device by the account's vault, as the newest statement under its root key vouches for it."""
        account, user_id = arrival.account, arrival.user_id
        present = self._stored(account)
        if user_id is None or (present is not None and present.stage == "ready" and not arrival.afresh):
            raise AlreadySignedIn("this profile is a device of its account already")
        identity = await self._own_identity(user_id, _server_name(account))
        key = await recovery_key_of(recovery, self._api, self._primitives, identity.statement)
        content = await self.open_vault(identity, key)
        if arrival.afresh:
            account = self._begin_anew(account)
        account = msgspec.structs.replace(account, user_id=user_id, stage="recovering")
        if account.statement_version != identity.statement.version:
            account = self._with_device(account, identity.statement, content.signing_seed)
        save_account(self._store, account)
        await self._bind_device(account)
        opened = await self.history_keys(identity, content)
        with self._store.transaction():
            for history_key in opened.values():
                save_history_key(self._store, history_key)
            return self._finish(account)

    def _begin_anew(self, account: Account) -> Account:
        tokens = load_tokens(self._store)
        wipe(self._store)
        assert tokens is not None
        save_tokens(self._store, tokens)
        return Account(server=account.server, ca_file=account.ca_file, username=account.username, stage="signed_in")

    async def history_keys(self, identity: VerifiedIdentity, content: VaultContent) -> dict[int, HistoryKey]:
        """The account's history keys, by version; `UntrustedIdentity` where one is not signed by it.

        After a lock-out the earlier signing keys sign nothing more: what they signed since is left out. Those of before the account was
        begun anew open for nobody.
        """
        published = (await messaging.get_history_keys(self._api)).history_keys
        keys = [key for key in published if key.version >= identity.history_begins]
        opened = {key.version: self._history_key(identity, key, content.recovery_keys) for key in keys}
        newest = identity.statement.version
        kept = {
            version: key
            for version, (key, signed_by) in opened.items()
            if signed_by == newest or version <= content.history_version
        }
        if not kept:
            raise UntrustedIdentity("the server has lost this account's history keys")
        return kept

    def _history_key(
        self, identity: VerifiedIdentity, key: HistoryKeyRecord, recovery_keys: tuple[bytes, ...]
    ) -> tuple[HistoryKey, int]:
        try:
            return open_history_key(
                self._primitives,
                answered_bytes(key.sealed),
                recovery_keys,
                version=key.version,
                signing_keys={version: said.signing_key for version, said in identity.statements.items()},
                user_id=identity.user_id,
                server_name=identity.statement.server_name,
            )
        except HistoryKeyError as error:
            raise UntrustedIdentity(f"{error}: it is not this account's") from error

    async def open_vault(self, identity: VerifiedIdentity, recovery_key: bytes) -> VaultContent:
        """The vault of the account's newest statement; `RecoveryKeyRefused`, `UntrustedIdentity`."""
        vault = await auth.get_vault(self._api)
        try:
            content = open_vault(
                self._primitives,
                sealed=answered_bytes(vault.vault),
                recovery_key=recovery_key,
                server_name=identity.statement.server_name,
                user_id=identity.user_id,
                version=identity.statement.version,
                expected_hash=identity.statement.vault_hash,
            )
        except VaultError as error:
            anew = (
                "; the account was begun anew since its first keys, and has another one" if identity.later_root else ""
            )
            raise RecoveryKeyRefused(f"{error}{anew}") from error
        # Only the vault is proof: a server could write a statement of its own around it, with keys that it knows.
        if not vouches_for(self._primitives, content, identity.statement):
            raise UntrustedIdentity("the server shows other keys for this account than its vault holds")
        return content

    async def _own_identity(self, user_id: UserId, server_name: str) -> VerifiedIdentity:
        directory = Directory(self._store, self._api, self._primitives, server_name)
        return await directory.identity(user_id)


def statement_upload(account: Account) -> StatementUpload:
    """The statement that was made here, with its vault."""
    return StatementUpload(
        b64encode(account.statement), b64encode(account.statement_signature), b64encode(account.vault)
    )


def read_recovery_key(unverified_text: str | None) -> Recovery | None:
    """The key, or the words for it, that somebody typed; `RecoveryKeyRefused`."""
    return read_recovery(unverified_text) if unverified_text is not None else None


def _server_name(account: Account) -> str:
    return account.server.removeprefix("https://")

"""Beginning an account anew: for who can sign in and has lost every device and the recovery key.

    signed in → keys stored → statement under a new root key published, which ends all devices and sessions → this device registered
    → history key, empty account index and settings in place of those that nobody can open any more

Invariant: nothing of before is read, and nothing is taken back that others have to give: conversations come back by their people's hand.
"""

from __future__ import annotations

from parley_client.account import SetUp, statement_upload
from parley_client.api import auth, messaging
from parley_client.api import settings as settings_api
from parley_client.crypto.index import seal_index
from parley_client.crypto.settings import seal_settings
from parley_client.errors import AlreadySignedIn, UsageError
from parley_client.settings.marks import StoredSettings, save_stored
from parley_client.store import documents
from parley_client.store.documents import Account, IndexState
from parley_client.store.history import newest_history_key
from parley_contracts.auth_api import Tokens
from parley_contracts.encoding import b64encode
from parley_contracts.ids import UserId
from parley_contracts.messaging_api import AccountIndex
from parley_contracts.problems import Conflict, VersionStale
from parley_contracts.settings_api import SealedSettings


class NewRoot(SetUp):
    """The set-up of a profile that begins its account anew."""

    async def begin(
        self,
        account: Account,
        *,
        password: str = "",
        code: str | None = None,
        passkey: auth.PasskeyAnswer | None = None,
        tokens: Tokens | None = None,
    ) -> Account:
        """Sign in (where `tokens` do not say that somebody has) and begin anew; after a crash or a lost answer, call it again.

        `AlreadySignedIn` where this profile is a device of the account that still has its keys. The result holds the recovery key.
        """
        if passkey is not None and not account.username:
            username, tokens = await auth.login_by_passkey(self._api, passkey)
            account = Account(server=account.server, ca_file=account.ca_file, username=username, stage="signed_in")
        stored = self._stored(account)
        self._api.keep_tokens(tokens or await self._tokens(account, password=password, code=code, passkey=passkey))
        if stored is not None and stored.stage == "ready":
            if await self._is_bound_again(stored):
                raise AlreadySignedIn("this device has the account's keys: nothing is lost")
            stored = self._begin_anew(stored)
        me = await auth.get_me(self._api)
        if not me.has_statement:
            raise UsageError("this account never finished its registration; register it from its first profile")
        if stored is None or stored.stage != "root_made":
            stored = await self._make_root(stored or account, me.user_id)
        try:
            await auth.post_new_root(self._api, statement_upload(stored))
        except (VersionStale, Conflict):
            self._begin_anew(stored)  # the account has moved on: what was made is nobody's
            raise
        await self._enter(stored)
        await self._replace_sealed(stored)
        return self._finish(stored)

    async def _make_root(self, account: Account, user_id: UserId) -> Account:
        """The keys of a new beginning, stored; what the server says of the old ones is held to the log of people's keys."""
        identity = await self._own_identity(user_id, _server_name(account))
        account = Account(
            server=account.server,
            ca_file=account.ca_file,
            username=account.username,
            stage="signed_in",
            user_id=user_id,
        )
        return self._make_keys(account, version=identity.statement.version + 1, stage="root_made")

    async def _replace_sealed(self, account: Account) -> None:
        """Put an empty account index and empty settings in place of those that nobody can open any more."""
        p, key, server_name = self._primitives, newest_history_key(self._store), _server_name(account)
        assert account.user_id is not None
        index = (await messaging.get_account_index(self._api)).version + 1
        sealed = seal_index(p, key, (), version=index, user_id=account.user_id, server_name=server_name)
        await messaging.put_account_index(self._api, AccountIndex(index, b64encode(sealed)))
        settings = (await settings_api.get_settings(self._api, known=0)).version + 1
        sealed = seal_settings(p, key, b"{}", version=settings, user_id=account.user_id, server_name=server_name)
        await settings_api.put_settings(self._api, SealedSettings(settings, b64encode(sealed)))
        documents.save(self._store, "account_index", IndexState(index, ()))
        save_stored(self._store, StoredSettings(settings))


def _server_name(account: Account) -> str:
    return account.server.removeprefix("https://")

"""What `Client` offers of the recovery key, and of words for it."""

from __future__ import annotations

from parley_client.api import recovery
from parley_client.crypto.sealing import place_of
from parley_client.parts import ClientPart
from parley_client.recovery.replacing import replace_recovery_key
from parley_client.recovery.words import draw_recovery_words, read_recovery, recovery_key_of
from parley_client.store import documents


class RecoveryMethods(ClientPart):
    """A part of `Client`."""

    async def recovery_words_draw(self, recovery_key: str) -> str:
        """Six new words that stand for the recovery key from now on, in place of any others.

        `RecoveryKeyRefused` where the key does not open the account's vault; `SignInAgain`.
        """
        account = documents.load_account(self._store)
        session, given = self.session, read_recovery(recovery_key)
        assert account is not None
        device = session.device
        place = place_of(device.server_name, device.user_id).finish()
        key = await recovery_key_of(given, session.api, session.primitives, place)
        await self._set_up(account).open_vault(await session.directory.identity(device.user_id), key)
        return await draw_recovery_words(key, session.api, session.primitives, place)

    async def recovery_key_replace(self, recovery_key: str) -> str:
        """Another recovery key in place of the present one or of the words for it, which open nothing any more.

        The profile keeps it until `forget_recovery_key`. `RecoveryKeyRefused`, `LockOutFailed`.
        """
        return await replace_recovery_key(self.session, read_recovery(recovery_key))

    async def recovery_words_forget(self) -> None:
        """Have the server forget the words, and the pepper with them; `SignInAgain`. A copy that somebody kept ends by another recovery key."""
        await recovery.delete_recovery_words(self.session.api)

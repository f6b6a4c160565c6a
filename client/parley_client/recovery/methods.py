"""What `Client` offers of the recovery key, and of what stands for it."""

from __future__ import annotations

from parley_client.api import recovery
from parley_client.recovery.passkey_methods import RecoveryPasskeyMethods
from parley_client.recovery.replacing import replace_recovery_key
from parley_client.recovery.words import draw_recovery_words, read_recovery


class RecoveryMethods(RecoveryPasskeyMethods):
    """A part of `Client`."""

    async def recovery_words_draw(self, recovery_key: str) -> str:
        """Six new words that stand for the recovery key from now on, in place of any others.

        `RecoveryKeyRefused` where the key does not open the account's vault; `SignInAgain`.
        """
        key, statement = await self.recovery_key_opened(recovery_key)
        return await draw_recovery_words(key, self.session.api, self.session.primitives, statement)

    async def recovery_key_replace(self, recovery_key: str) -> str:
        """Another recovery key in place of the present one, which opens nothing any more, nor do words and passkey for it.

        The profile keeps it until `forget_recovery_key`. `RecoveryKeyRefused`, `LockOutFailed`.
        """
        return await replace_recovery_key(self.session, read_recovery(recovery_key))

    async def recovery_words_forget(self) -> None:
        """Have the server forget the words, and the pepper with them; `SignInAgain`. A copy that somebody kept ends by another recovery key."""
        await recovery.delete_recovery_words(self.session.api)

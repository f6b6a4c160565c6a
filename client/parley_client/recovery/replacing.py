"""Another recovery key in place of the present one, whose copies, and those of words and passkey for it, open nothing that comes later.

It goes like a lock-out that locks nobody out (`lockout.locking`): the account's next statement with another recovery key pair and, since
whoever opened the vault of before has the signing key too, another signing key; a new history key follows. The server forgets words and passkey.

Invariant: the new key is stored before the server hears of it, and stays in the profile until it was shown.
"""

from __future__ import annotations

from parley_client.crypto.recovery import format_recovery_key, new_recovery_key
from parley_client.lockout.locking import finish, own_account, prepare, publish
from parley_client.recovery.words import Recovery
from parley_client.session import Session


async def replace_recovery_key(session: Session, recovery: Recovery) -> str:
    """Replace the recovery key, by itself or by the words for it; the new one, or one that nobody was shown yet.

    `RecoveryKeyRefused`, `LockOutFailed`. What cannot be done now is done later.
    """
    async with session.keys_lock:
        await publish(session)
        if own_account(session).recovery_key is None:
            await prepare(session, recovery, new_recovery_key=new_recovery_key())
            await publish(session)
        await finish(session)
        made = own_account(session).recovery_key
    assert made is not None
    return format_recovery_key(made)

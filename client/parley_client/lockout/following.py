"""A device that stays when another one is locked out: it takes up the account's new signing key, and certifies itself by it.

Invariant: a signing key is taken up only where the account's newest statement, signed by the root key, names it and keeps this device.
"""

from __future__ import annotations

import contextlib

from parley_client.crypto.account import certify_device
from parley_client.errors import UntrustedIdentity
from parley_client.lockout.locking import (
    become,
    finish,
    is_owed,
    own_account,
    publish,
    put_out_the_lost,
    register_again,
)
from parley_client.session import Session
from parley_client.store.documents import Succession
from parley_client.store.history import forget_handed_signing_key, handed_signing_key
from parley_contracts.identity import KeptDevice


def is_waiting(session: Session) -> bool:
    """Whether `see_to_keys` has anything to do."""
    return is_owed(session) or handed_signing_key(session.store) is not None


async def see_to_keys(session: Session) -> None:
    """Go on with a lock-out that was begun here, and take up a signing key that an own device handed on."""
    async with session.keys_lock:
        if handed_signing_key(session.store) is not None:
            await _take_up(session)
        if is_owed(session):
            await publish(session)
            await register_again(session)
            await finish(session)
    own = session.directory.known(session.device.user_id)
    if own is not None and own.statement.version > 1:
        await put_out_the_lost(session)


async def look_for_lock_outs(session: Session) -> None:
    """Ask for the account's own statements: the device that made the newest one may be gone before it told anybody."""
    with contextlib.suppress(UntrustedIdentity):
        await session.directory.fetch([session.device.user_id])


async def _take_up(session: Session) -> None:
    identity = await session.directory.identity(session.device.user_id)
    handed, own, account = handed_signing_key(session.store), session.device, own_account(session)
    if handed is None:
        return
    version, secret = handed
    statement, p = identity.statement, session.primitives
    device_key = p.ed25519_public(own.device_secret)
    fits = (
        version == statement.version > account.statement_version
        and p.ed25519_public(secret) == statement.signing_key
        and KeptDevice(own.device_id, device_key) in statement.devices
    )
    with session.store.transaction():
        forget_handed_signing_key(session.store)
        if fits:
            certificate = certify_device(
                p,
                signing_seed=secret,
                server_name=own.server_name,
                user_id=own.user_id,
                device_id=own.device_id,
                statement_version=version,
                device_key=device_key,
            )
            become(session, account, Succession(version, secret, certificate.encode()))
    await register_again(session)

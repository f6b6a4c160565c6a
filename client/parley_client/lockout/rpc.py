"""Locking a device out by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

from parley_client.calls import Methods, Params
from parley_client.lockout.methods import LockOutMethods


class LockOutParams(Params):
    """`device.lock_out`: which device, and the account's recovery key."""

    device_id: str
    recovery_key: str


def lock_out_methods(client: LockOutMethods) -> Methods:
    """The methods of one client, with what they take."""

    async def lock_out(params: LockOutParams) -> object:
        await client.lock_out(params.device_id, params.recovery_key)
        return {}

    return {"device.lock_out": (LockOutParams, lock_out)}

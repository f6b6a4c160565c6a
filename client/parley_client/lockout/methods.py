"""What `Client` offers of locking a lost device out."""

from __future__ import annotations

from parley_client.errors import UsageError
from parley_client.lockout.locking import lock_out
from parley_client.parts import ClientPart
from parley_client.recovery.words import read_recovery
from parley_contracts.ids import DeviceId, is_uuid


class LockOutMethods(ClientPart):
    """A part of `Client`."""

    async def lock_out(self, device_id: str, recovery_key: str) -> None:
        """Lock a lost device out for good, by the recovery key or the words for it: whatever keys a thief has copied from it are worth nothing after that.

        `RecoveryKeyRefused`, `LockOutFailed`. It leaves all groups at once, and the account gets new keys; signing out
        alone ends its sessions, and keeps these keys.
        """
        if not is_uuid(device_id):
            raise UsageError("a device is named by its id")
        await lock_out(self.session, DeviceId(device_id), read_recovery(recovery_key))

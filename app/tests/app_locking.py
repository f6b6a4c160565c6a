"""The app lock at the engine's port."""

from parley_app.engine import EngineError

PASSPHRASE, DRAWN = "orchard ferry lamp", "acorn acre acrobat active actress acuteness"


class LockAnswers:
    """The part of a device in memory that answers for its lock; `passphrase` is None where there is none."""

    def __init__(self):
        super().__init__()
        self.passphrase, self.locked, self.idle_s = None, False, 0
        self.lock_passkey = None

    def turn(self, *, locked):
        """The lock closes, or opens, and says so."""
        self.locked = locked
        self.tell("lock.changed", locked=locked)

    def _lock(self):
        idle_s = 0 if self.locked else self.idle_s
        stands = {"set": self.passphrase is not None, "locked": self.locked, "idle_s": idle_s}
        return stands | {"passkey": self.lock_passkey is not None}

    def _lock_passkey_begin(self):
        return {"salt": "salt", "options": {"publicKey": {"challenge": "begin"}}}

    def _lock_passkey_ask(self, credential="", salt=""):
        return {"options": {"publicKey": {"challenge": credential or "stored"}}}

    def _lock_passkey_add(self, passphrase, credential, salt, secret):
        self._hold(passphrase)
        self.lock_passkey = (credential, salt, secret)
        return {}

    def _lock_passkey_remove(self):
        self.lock_passkey = None
        return {}

    def _lock_passkey_unlock(self, secret):
        if secret != self.lock_passkey[2]:
            raise EngineError("wrong_passphrase", "this passkey does not open this device")
        self.turn(locked=False)
        return {}

    def _lock_passphrase(self):
        return {"passphrase": DRAWN}

    def _lock_active(self):
        return {}

    def _lock_now(self):
        self.turn(locked=True)
        return {}

    def _lock_unlock(self, passphrase):
        self._hold(passphrase)
        self.turn(locked=False)
        return {}

    def _lock_set(self, passphrase, idle_s):
        if len(passphrase) < 8:
            raise EngineError("weak_passphrase", "a passphrase has 8 to 256 characters")
        self.passphrase, self.idle_s = passphrase, idle_s
        return {}

    def _lock_change(self, passphrase, new):
        self._hold(passphrase)
        self.passphrase = new
        return {}

    def _lock_idle(self, idle_s):
        self.idle_s = idle_s
        return {}

    def _lock_remove(self, passphrase):
        self._hold(passphrase)
        self.passphrase = None
        return {}

    def _lock_forget(self):
        self.passphrase, self.signed_in = None, False
        self.locked = False
        self.tell("signed_out")
        return {}

    def _hold(self, passphrase):
        if passphrase != self.passphrase:
            raise EngineError("wrong_passphrase", "this is not the passphrase of this device")

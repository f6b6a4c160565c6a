"""What decides who may sign in as this person: the password, the e-mail address, the second step, passkeys, sessions and devices, what stands for the recovery key, everybody's keys, the account as a whole, and giving the password again."""

from __future__ import annotations

from parley_app.bridge import Bridge
from parley_app.engine import Engine
from parley_app.model.key_log import KeyLog
from parley_app.model.link_other import LinkOther
from parley_app.model.locking_out import LockingOut
from parley_app.model.new_recovery_key import NewRecoveryKey
from parley_app.model.own_data import OwnData
from parley_app.model.own_email import OwnEmail
from parley_app.model.own_invitations import OwnInvitations
from parley_app.model.own_profile import OwnProfile
from parley_app.model.own_sessions import OwnSessions
from parley_app.model.passkeys import Passkeys
from parley_app.model.passwords import PasswordForm
from parley_app.model.recovery_passkey import RecoveryPasskey
from parley_app.model.recovery_words import RecoveryWords
from parley_app.model.second_factors import SecondFactors
from parley_app.model.signing_again import SigningAgain


class Security:
    """The parts, of one account; a person who signs in next gets new ones."""

    def __init__(self, engine: Engine, bridge: Bridge) -> None:
        self.again = SigningAgain(engine, bridge)
        self.password = PasswordForm(engine)
        self.email = OwnEmail(engine, self.again)
        self.profile = OwnProfile(engine)
        self.factors = SecondFactors(engine, self.again)
        self.passkeys = Passkeys(engine, bridge, self.again)
        self.sessions = OwnSessions(engine, self.again)
        self.linking = LinkOther(engine, self.again)
        self.locking_out = LockingOut(engine)
        self.new_recovery_key = NewRecoveryKey(engine)
        self.recovery_words = RecoveryWords(engine, self.again)
        self.recovery_passkey = RecoveryPasskey(engine, bridge, self.again)
        self.invitations = OwnInvitations(engine)
        self.key_log = KeyLog(engine)
        self.data = OwnData(engine, bridge, self.again)

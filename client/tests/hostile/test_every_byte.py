"""Every byte of what is sealed or signed, flipped: each is refused by a cause or an error of a closed family, nothing else."""

import pytest
from flips import MESSAGE_CAUSES, RECOVERY_KEY, SEED, Target, flipped, targets

from parley_client.crypto.account import CertificateError, IdentityError, VaultError
from parley_client.crypto.archive import ArchiveError
from parley_client.crypto.history import HistoryKeyError
from parley_client.crypto.index import AccountIndexError
from parley_client.crypto.past import PastError
from parley_client.crypto.recovery import RecoveryKeyError
from parley_client.crypto.settings import SettingsError
from parley_client.crypto.wraps import WrapError
from parley_client.errors import AttachmentBroken, RecoveryPasskeyRefused
from parley_client.push.opening import PushError
from parley_client.sync.opening import Unopened
from parley_contracts.checkpoints import CheckpointError
from parley_mls import DecodeError, MlsError

PUSH_CAUSES = MESSAGE_CAUSES | {"malformed", "no_envelope", "sender_unknown"}
TARGETS = targets()
#: The beginning of a target's name, and what it is refused with.
FAMILIES = {
    "account statement": IdentityError,
    "statement": IdentityError,
    "device certificate": CertificateError,
    "vault": VaultError,
    "recovery key": RecoveryKeyError,
    "recovery passkey": RecoveryPasskeyRefused,
    "wrap": WrapError,
    "head of the key log": (CheckpointError, DecodeError),
    "archive record": ArchiveError,
    "account index": AccountIndexError,
    "settings": SettingsError,
    "history key": HistoryKeyError,
    "secrets of past epochs": PastError,
    "message": Unopened,
    "push": PushError,
    "names": PushError,
    "epoch kept": PushError,
    "chunk": AttachmentBroken,
    "key package": (MlsError, DecodeError),
    "Welcome": (MlsError, DecodeError),
    "GroupInfo": (MlsError, DecodeError),
    "commit": (MlsError, DecodeError),
    "external commit": (MlsError, DecodeError),
}


def family_of(name: str):
    return next(family for start, family in FAMILIES.items() if name.startswith(start))


def causes_of(name: str, target: Target) -> tuple[int, set[str], list[tuple[int, object]]]:
    """How many were tried, the causes of the refused, and what got through at which place."""
    tried, causes, through = 0, set(), []
    for place, changed in flipped(target):
        tried += 1
        try:
            through.append((place, target.open(changed)))
        except family_of(name) as refused:
            causes.add(getattr(refused, "cause", None) or getattr(refused, "code", None) or type(refused).__name__)
    return tried, causes, through


@pytest.mark.parametrize("name", TARGETS)
def test_a_flipped_byte_is_refused(name, say_trials):
    target = TARGETS[name]
    target.open(target.data)
    tried, causes, through = causes_of(name, target)
    say_trials(f"{name}: flips n={tried} seed={SEED} causes={','.join(sorted(causes))}")
    if name.startswith("recovery key"):  # typed by people: other case and other dashes are the same key
        through = [found for found in through if found[1] != RECOVERY_KEY]
    assert through == []
    assert tried >= len(target.data)
    if name.startswith("message"):
        assert causes <= MESSAGE_CAUSES
    if family_of(name) is WrapError:
        assert causes == ({"damaged"} if name == "wrap" else {"damaged", "cost", "passphrase"})
    if family_of(name) is RecoveryPasskeyRefused:
        assert causes == {"unopened"}
    if family_of(name) is PushError:
        assert causes <= PUSH_CAUSES


def test_what_is_not_checked_gets_through():
    """The search itself: an opener that checks nothing is caught."""
    tried, causes, through = causes_of("vault", Target(b"vault", bytes))
    assert (tried, causes, len(through)) == (40, set(), 40)


def test_what_raises_something_else_is_not_counted_as_refused():
    with pytest.raises(ZeroDivisionError):
        causes_of("vault", Target(b"v", lambda b: 1 // 0))

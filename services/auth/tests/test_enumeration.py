"""Nobody learns who has an account: answers and work for known and unknown names are alike, over many trials.

`./parley bench enumeration` plays 1,000 of each with passwords hashed as in service; here they are fewer and cheaper, which leaves
less work for a difference to hide behind.
"""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from test_attacks import shown

from parley_auth.accounts.passwords import BoundedArgon2Hasher

TRIALS = int(os.environ.get("PARLEY_ENUMERATION_TRIALS", "0"))
SHORT_TRIALS = 40
SEED = int(os.environ.get("PARLEY_SEED", "0")) or random.SystemRandom().randrange(1 << 32)
#: What the full form is held to; of few trials chance alone makes more: three and a half standard errors and a bit.
AUC_MAX, SHORT_AUC_MAX = 0.55, 0.75


@dataclass
class Trials:
    """CPU seconds of this process for known and for unknown names, and the different answers."""

    known_s: list[float] = field(default_factory=list)
    unknown_s: list[float] = field(default_factory=list)
    answers: set[str] = field(default_factory=set)

    def auc(self) -> float:
        """How well the best threshold on time tells known from unknown: 0.5 is chance, 1 is always."""
        ranks = sorted((s, kind) for kind, times in enumerate((self.unknown_s, self.known_s)) for s in times)
        above = sum(rank for rank, (_, kind) in enumerate(ranks, start=1) if kind)
        n, m = len(self.known_s), len(self.unknown_s)
        found = (above - n * (n + 1) / 2) / (n * m)
        return max(found, 1 - found)


def play(count: int, ask: Callable[[bool], object], tell: Callable[[object], str]) -> Trials:
    """Ask for known and unknown names in an order of chance; the same kind of request warms everything up before."""
    dice, trials = random.Random(SEED), Trials()
    for kind in (True, False) * 3:
        ask(kind)
    for _ in range(count):
        for kind in dice.sample((True, False), 2):
            began = time.process_time()
            answer = ask(kind)
            (trials.known_s if kind else trials.unknown_s).append(time.process_time() - began)
            trials.answers.add(tell(answer))
    return trials


@pytest.fixture
def count(monkeypatch) -> int:
    """How many of each; in full, with passwords that cost what they cost."""
    if TRIALS:
        monkeypatch.setattr(BoundedArgon2Hasher, "memory_cost", 64 * 1024)
        monkeypatch.setattr(BoundedArgon2Hasher, "time_cost", 3)
    return TRIALS or SHORT_TRIALS


class Names:
    """Known and unknown names of one kind, so that nothing tells them apart but whether somebody has them."""

    def __init__(self, make_person: Callable[..., object]) -> None:
        self._dice = random.Random(SEED + 1)
        self._known = [self._new() for _ in range(8)]
        for name in self._known:
            make_person(name)

    def one(self, *, known: bool) -> str:
        return self._dice.choice(self._known) if known else self._new()

    def _new(self) -> str:
        return f"p{self._dice.randrange(10**9):09}"


def test_known_and_unknown_cannot_be_told_apart(count, make_person, login, signup, anonymous, say_trials):
    names = Names(make_person)

    def log_in(known):
        return login(names.one(known=known), "wrong-password-1")

    def reset(known):
        return anonymous.post("password/reset-request", {"email": f"{names.one(known=known)}@example.org"})

    def sign_up(known):
        return signup(names.one(known=False), email=f"{names.one(known=known)}@example.org")

    def alike(answer):
        return str(shown(answer))

    def alike_but_for_who_it_is(answer):
        names = sorted(set(answer.headers) - {"X-Request-ID"})
        return str((answer.status, names, sorted(answer.body), sorted(answer.body["meta"])))

    found = {
        "logins": play(count, log_in, alike),
        "resets": play(count, reset, alike),
        "sign-ups": play(count, sign_up, alike_but_for_who_it_is),
    }
    aucs = {name: trials.auc() for name, trials in found.items()}
    told = " ".join(f"auc_{name}={auc:.3f}" for name, auc in aucs.items())
    say_trials(f"enumeration n={count} of each seed={SEED} {told}")
    assert {name: len(trials.answers) for name, trials in found.items()} == dict.fromkeys(found, 1)
    assert max(aucs.values()) <= (AUC_MAX if TRIALS else SHORT_AUC_MAX), aucs


def test_a_difference_is_found(make_person, login, monkeypatch):
    """The trials can fail: a password that is checked twice where there is one shows in time."""
    monkeypatch.setattr(BoundedArgon2Hasher, "memory_cost", 8 * 1024)
    names, verify = Names(make_person), BoundedArgon2Hasher.verify

    def twice(self, password, encoded):
        verify(self, password, encoded)
        return verify(self, password, encoded)

    monkeypatch.setattr(BoundedArgon2Hasher, "verify", twice)
    trials = play(
        15, lambda known: login(names.one(known=known), "wrong-password-1"), lambda answer: str(answer.status)
    )
    assert trials.auc() > 0.9 and len(trials.answers) == 1

"""Passwords that guessers try first are refused, and others are not, at a bounded price."""

import gzip
import random
import time
from pathlib import Path

import pytest
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError

from parley_auth.accounts.models import User
from parley_auth.accounts.passwords import check_strength
from parley_contracts.limits import PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN
from parley_contracts.problems import WeakPassword

SEED = 20_261_126


def refused(password: str, username: str = "grace", email: str = "grace@hopper.example") -> bool:
    try:
        check_strength(password, User(username=username), email=email, field="password")
    except WeakPassword as problem:
        assert password not in str(problem.to_dict())
        return True
    return False


@pytest.mark.parametrize(
    "password",
    [
        "password123",
        "Password123!",
        "P@ssw0rd1234",
        "iloveyou2024",
        "qwertyuiop12",
        "1q2w3e4r5t6y",
        "zaq1zaq1zaq1",
        "abcdefghijkl",
        "aaaaaaaaaaaaaaaa",
        "19841984198419841984",
        "password" * 8,
        "p@55w0rd" * 30,
        "michael1985",
        "gracehopper1",
        "grace@hopper",
        "football2026",
        "letmein12345",
        "11.11.2011",
        "parley2026!",
        "chat.example1",
        "chat.example-2026",
    ],
)
def test_what_is_tried_first_is_refused(password):
    assert refused(password)


@pytest.mark.parametrize(
    "password",
    [
        "copper-window-lantern-19",
        "correct horse battery staple",
        "  two spaces around  ",
        "sch\u00f6ne-aussicht-77",
        "\u043a\u043e\u0440\u0430\u0431\u043b\u044c \u043d\u0430 \u0433\u043e\u0440\u0435 7",
        "x7#kQ2!mZ9p",
        "qwertyuiop asdfghjkl lantern copper window",
        "the copper window of a lantern, seen from a slow boat in the fog, tells nobody the time",
    ],
)
def test_what_is_not_is_taken(password):
    assert not refused(password)


def test_every_common_one_of_djangos_list_is_refused():
    file = Path(password_validation.__file__).parent / "common-passwords.txt.gz"
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        common = [line.strip() for line in lines if len(line.strip()) >= PASSWORD_LENGTH_MIN]
    assert len(common) > 1000
    sample = random.Random(SEED).sample(common, 60)
    print(f"{len(sample)} of {len(common)} common passwords, seed {SEED}")
    assert not [word for word in sample if not refused(word)]


def test_the_price_is_bounded():
    """Letters in disguise, which cost an estimate without a bound minutes."""
    disguised = random.Random(SEED)
    for length in (20, 72, PASSWORD_LENGTH_MAX):
        password = "".join(disguised.choice("4@8({[<369&#!1/|0$5+7%2a") for _ in range(length))
        began = time.process_time()
        refused(password)
        assert time.process_time() - began < 2.0


def test_an_absent_person_is_no_bug():
    with pytest.raises(ValidationError):
        password_validation.validate_password("Password123!")

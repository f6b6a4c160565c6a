"""Passwords that guessers try first: breached ones, names, words, keyboard rows, dates, this server's names, and their variants.

What is estimated, by lists that ship with zxcvbn (Wheeler, USENIX Security 2016), is how many guesses a good guesser needs; Django's
own list of 20,000 common ones stands beside it (`settings.AUTH_PASSWORD_VALIDATORS`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

from parley_auth.accounts.models import User

#: 10^8 guesses: what limits at the door hold off for centuries, and a stolen hash of Argon2id for months of a machine.
GUESSES_LOG10_MIN = 8.0
#: The estimate's cost grows steeply with what looks like letters in disguise: 50 ms at this length.
_LENGTH = 20
_PRODUCT = "parley"


class GuessablePasswordValidator:
    """A validator of Django's: refuses what is guessed within `GUESSES_LOG10_MIN`."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Django `ValidationError` where a password is guessed easily; `user` may carry `unsaved_email`."""
        known = _words_of_this_server()
        if user is not None:
            known += [user.username, *str(getattr(user, "unsaved_email", "")).split("@")]
        password = _without_repetitions(password)
        pieces = [password[:_LENGTH], password[_LENGTH:][-_LENGTH:]]
        if sum(_guesses_log10(piece, known) for piece in pieces if piece) < GUESSES_LOG10_MIN:
            raise ValidationError(self.get_help_text(), code="password_guessable")

    def get_help_text(self) -> str:
        """What to do."""
        return "This password is easily guessed. Take some words that have nothing to do with each other."


def _words_of_this_server() -> list[str]:
    """What everybody here knows: the product's name, the host's, and each part of it."""
    host: str = settings.CONFIG.host
    return [_PRODUCT, host, *host.split(".")]


def _without_repetitions(password: str) -> str:
    """A password that repeats one piece, with that piece only twice."""
    period = (password + password).find(password, 1)
    return password[: 2 * period] if period < len(password) else password


def _guesses_log10(piece: str, known: list[str]) -> float:
    # Its lists take 12 MB, which only the process pays that checks passwords.
    from zxcvbn import zxcvbn  # noqa: PLC0415

    estimate: Callable[..., dict[str, Any]] = zxcvbn
    return float(estimate(piece, user_inputs=[word for word in known if word])["guesses_log10"])

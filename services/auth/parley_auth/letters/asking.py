"""Asking for a letter: one row, whoever the address belongs to, so that no answer or its time tells of accounts."""

from __future__ import annotations

from parley_auth.accounts.models import User
from parley_auth.letters.models import Letter


def ask_for_letter(kind: Letter.Kind, address: str, user: User | None = None, *, about: str = "") -> None:
    """Let a letter be written to a canonical address, with the caller's transaction; `about` is a sentence in it."""
    letter = Letter(kind=kind, user=user, about=about)
    letter.seal_address(address)
    letter.save(force_insert=True)


def tell_person(kind: Letter.Kind, user: User, *, about: str = "") -> None:
    """Tell a person of a change of their account; only at an address that they confirmed."""
    if user.email_verified_at is not None:
        ask_for_letter(kind, user.open_email(), user, about=about)

"""User names: one canonical form, and the names that nobody may take."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError

from parley_contracts.limits import USERNAME_LENGTH_MAX, USERNAME_LENGTH_MIN

_PATTERN = re.compile(r"[a-z0-9_.-]+")
RESERVED = frozenset(
    [
        "abuse",
        "admin",
        "administrator",
        "all",
        "anonymous",
        "api",
        "auth",
        "channel",
        "deleted",
        "everyone",
        "everybody",
        "gateway",
        "guest",
        "help",
        "here",
        "hostmaster",
        "info",
        "mail",
        "me",
        "moderator",
        "nobody",
        "null",
        "operator",
        "parley",
        "postmaster",
        "root",
        "security",
        "server",
        "service",
        "staff",
        "support",
        "system",
        "undefined",
        "unknown",
        "user",
        "webmaster",
        "www",
        "you",
    ]
)


def canonical_username(unverified_name: str) -> str:
    """The form under which a name is stored and looked up (NFKC, lower case); it may still be no valid name."""
    return unicodedata.normalize("NFKC", unverified_name).lower()


def check_username(name: str) -> None:
    """Django `ValidationError` where a canonical name breaks the rules."""
    if not USERNAME_LENGTH_MIN <= len(name) <= USERNAME_LENGTH_MAX:
        raise ValidationError(
            f"A user name has {USERNAME_LENGTH_MIN} to {USERNAME_LENGTH_MAX} characters.", code="username_length"
        )
    if not _PATTERN.fullmatch(name):
        raise ValidationError("A user name has only the characters a-z, 0-9, _, . and -.", code="username_characters")
    if name in RESERVED:
        raise ValidationError("This user name is reserved.", code="username_reserved")

"""Texts of people that others see: names of persons and devices."""

from __future__ import annotations

import unicodedata

from parley_contracts.problems import InvalidRequest


def read_label(unverified_text: str, *, field: str, length_max: int) -> str:
    """A one-line text that people see, in NFC, its ends trimmed; `InvalidRequest` where it is empty or not such."""
    text = unicodedata.normalize("NFC", unverified_text.strip())
    if not text or len(text) > length_max:
        raise InvalidRequest(f"This text has 1 to {length_max} characters.", field=field)
    if any(unicodedata.category(character) in {"Cc", "Cs", "Co", "Zl", "Zp"} for character in text):
        raise InvalidRequest("This text has a character that cannot be shown.", field=field)
    return text


def read_optional_label(unverified_text: str, *, field: str, length_max: int) -> str:
    """The same, where nothing may be said, too."""
    return read_label(unverified_text, field=field, length_max=length_max) if unverified_text.strip() else ""

"""Errors as people read them: what happened, then what to do."""

from __future__ import annotations

from parley_app import words
from parley_app.engine import EngineError


def sentence(error: EngineError) -> str:
    """A plain sentence for a failed call; the server's own where the app knows none."""
    return words.FAULTS.get(error.slug) or capitalized(error.sentence)


def capitalized(text: str) -> str:
    """A sentence that begins and ends as sentences do."""
    text = text.strip()
    if not text:
        return words.FAULTS["internal"]
    return text[0].upper() + text[1:] + ("" if text[-1] in ".?…" else ".")

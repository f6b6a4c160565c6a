"""Whom an @ in the composer may mean: what is typed after it, who fits, and the text once somebody is chosen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from parley_app import words
from parley_app.model.observing import Observed
from parley_app.model.rows import Person

FOUND_MAX = 6
#: What is being typed at the cursor: an @ that begins a word, and the letters after it.
_BEGUN = re.compile(r"(?<![\w.@-])@([\w.-]*)$")


@dataclass(frozen=True)
class Begun:
    """The stretch of a text that is to become a mention, from its @, and what was typed of the name."""

    start: int
    end: int
    name: str


def cursor_after(old: str, new: str) -> int:
    """Where the cursor stands after a text became another by typing: what follows it is as before."""
    same = 0
    while same < min(len(old), len(new)) and old[-1 - same] == new[-1 - same]:
        same += 1
    return len(new) - same


def begun_at(text: str, cursor: int) -> Begun | None:
    """The mention that is being typed at the cursor, None where there is none."""
    found = _BEGUN.search(text[:cursor])
    return Begun(found.start(), cursor, found[1]) if found else None


class Completion(Observed):
    """The people offered for the mention that is being typed; nobody while none is."""

    def __init__(self) -> None:
        super().__init__()
        self.found: tuple[Person, ...] = ()
        self.index = 0
        self.begun: Begun | None = None

    def typed(self, old: str, new: str, people: Sequence[Person]) -> None:
        """The text changed: offer whoever fits what stands after the @ at the cursor."""
        begun = begun_at(new, cursor_after(old, new))
        found: tuple[Person, ...] = ()
        if begun is not None and people:
            wanted = begun.name.casefold()
            everybody = Person(words.EVERYBODY, words.EVERYBODY, role=words.EVERYBODY_DETAIL)
            fitting = [person for person in (*people, everybody) if person.name.casefold().startswith(wanted)]
            found = tuple(fitting[:FOUND_MAX])
        self._show(found, begun if found else None)

    def move(self, step: int) -> None:
        """Choose the next or the one before, round and round."""
        if self.found:
            self.index = (self.index + step) % len(self.found)
            self.changed()

    def close(self) -> bool:
        """Offer nobody; whether somebody was offered."""
        was = bool(self.found)
        self._show((), None)
        return was

    def taken(self, text: str, person: Person | None = None) -> str | None:
        """The text with the chosen person's name in it, None where nobody is offered."""
        if self.begun is None or not self.found:
            return None
        name = (person or self.found[self.index]).name
        before, after = text[: self.begun.start], text[self.begun.end :]
        self._show((), None)
        return f"{before}@{name} {after.removeprefix(' ')}"

    def _show(self, found: tuple[Person, ...], begun: Begun | None) -> None:
        changed = found != self.found
        self.found, self.begun = found, begun
        if changed:
            self.index = 0
            self.changed()

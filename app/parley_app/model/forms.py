"""What people fill in: a value and a complaint for each field, and whether work is going on.

Invariant: a complaint never empties a field.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar, Final

from parley_app import words
from parley_app.engine import EngineError
from parley_app.model import faults
from parley_app.model.observing import Observed

#: Which field a problem is about.
FIELDS: Final = {
    "username_taken": "username",
    "email_taken": "email",
    "weak_password": "password",
    "wrong_credentials": "password",
    "recovery_key_refused": "recovery_key",
    "recovery_key_required": "recovery_key",
    "wrong_code": "code",
}


def server_address(typed: str) -> str:
    """The address of a server from what people type; a bare host name is enough."""
    server = typed.strip()
    return server if "://" in server else f"https://{server}"


class Form(Observed):
    """Fields by name. `fault` is what concerns no single field, `refusal` the slug for which the last work was refused.

    `fields` says which field a problem is about, `sentences` what is said of one otherwise than elsewhere.
    """

    fields: ClassVar[Mapping[str, str]] = FIELDS
    sentences: ClassVar[Mapping[str, str]] = {}

    def __init__(self, **values: str) -> None:
        super().__init__()
        self.values = values
        self.faults: dict[str, str] = {}
        self.fault = self.refusal = ""
        self.busy = False
        #: Changes when the fields begin anew: a field keeps what was typed in it, until its key changes.
        self.turn = 0

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def fill(self, name: str, value: str) -> None:
        """Somebody types; no view has to be drawn anew for it, unless a complaint goes away."""
        self.values[name] = value
        if self.faults.pop(name, None) or self.fault:
            self.fault = ""
            self.changed()

    def require(self, *names: str) -> bool:
        """Complain about fields that are empty; whether there was none."""
        self.faults = {name: words.MISSING for name in names if not self[name].strip()}
        self.fault = ""
        self.changed()
        return not self.faults

    def complain(self, name: str, sentence: str) -> None:
        """Say what is wrong with a field."""
        self.faults[name] = sentence
        self.changed()

    def empty(self) -> None:
        """Empty all fields; they begin anew."""
        self.values, self.faults, self.fault = dict.fromkeys(self.values, ""), {}, ""
        self.turn += 1
        self.changed()

    async def submit(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Do the work, once at a time; whether it succeeded. What fails is said where it belongs."""
        if self.busy:
            return False
        self.busy, self.faults, self.fault, self.refusal = True, {}, "", ""
        self.changed()
        try:
            await work()
        except EngineError as error:
            self.refusal = error.slug
            self._refused(error)
            return False
        finally:
            self.busy = False
            self.changed()
        return True

    def _refused(self, error: EngineError) -> None:
        field = self.fields.get(error.slug)
        sentence = self.sentences.get(error.slug) or faults.sentence(error)
        if field is not None:
            self.faults[field] = sentence
        else:
            self.fault = sentence

"""The form of a new account, and what the server asks of whoever fills it in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from parley_app import entrance_words
from parley_app.engine import Engine, EngineError, Json
from parley_app.model.forms import FIELDS, Form

#: As `parley_contracts.sign_up_api` has it, which a memory snapshot cannot hold.
INVITATION_MARK: Final = "#invitation="


class SignUpForm(Form):
    """What signing up takes; `rules` are the server's, None while they are not known."""

    fields: ClassVar[Mapping[str, str]] = {
        **FIELDS,
        "invitation_refused": "invitation",
        "sign_up_refused": "email",
    }
    sentences: ClassVar[Mapping[str, str]] = {"invitation_refused": entrance_words.INVITATION_REFUSED}

    def __init__(self, engine: Engine, server: str) -> None:
        super().__init__(server=server, username="", email="", password="", invitation="")
        self._engine = engine
        self.rules: Json | None = None

    @property
    def closed(self) -> bool:
        """Whether nobody may make an account."""
        return self.rules is not None and self.rules["mode"] == "closed"

    @property
    def asks_invitation(self) -> bool:
        """Whether a code may be needed, was given, or was refused."""
        asked = self.rules is not None and self.rules["mode"] in {"invitation", "domain"}
        return asked or bool(self["invitation"]) or "invitation" in self.faults

    async def load(self, server: str, ca_file: str | None) -> None:
        """Ask the server for its rules; one that does not answer is met when the form is sent."""
        try:
            self.rules = await self._engine.call("sign_up.rules", {"server": server, "ca_file": ca_file})
        except EngineError:
            return
        self.changed()

    def follow(self, link: str) -> bool:
        """Whether a link invites to an account; then its code stands in the form."""
        _, mark, code = link.partition(INVITATION_MARK)
        if mark:
            self.fill("invitation", code)
            self.changed()
        return bool(mark)

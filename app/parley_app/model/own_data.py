"""One's account as a whole: letting it go."""

from __future__ import annotations

from parley_app.engine import Engine
from parley_app.model.forms import Form
from parley_app.model.signing_again import SigningAgain


class OwnData(Form):
    """What can be asked of the account as a whole."""

    def __init__(self, engine: Engine, again: SigningAgain) -> None:
        super().__init__()
        self._engine, self._again = engine, again

    async def delete(self) -> None:
        """Let the account go; the device tells that it is signed out, and until when it can come back."""

        async def work() -> None:
            await self._engine.call("account.delete")

        await self._again.submit_for(self, work)

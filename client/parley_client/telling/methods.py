"""What `Client` offers of what the server tells its people."""

from __future__ import annotations

import msgspec

from parley_client.api import telling
from parley_client.parts import ClientPart
from parley_contracts.telling_api import Announcement, Consent, Terms


class OwnTerms(msgspec.Struct, frozen=True):
    """The version that the person agreed to last (0: none) and when, and the terms that they are asked for, None for none."""

    version: int
    agreed_at: str | None
    due: Terms | None


class TellingMethods(ClientPart):
    """A part of `Client`."""

    async def announcements(self) -> list[Announcement]:
        """What operators tell everybody at present, the newest first."""
        return (await telling.get_announcements(self.session.api)).announcements

    async def own_terms(self) -> OwnTerms:
        """What the person agreed to, and what they are asked for."""
        return await self._with_text(await telling.get_consent(self.session.api))

    async def agree(self, version: int) -> OwnTerms:
        """Agree to the terms of this version; `VersionStale` where others are asked for by now."""
        return await self._with_text(await telling.put_consent(self.session.api, version))

    async def _with_text(self, consent: Consent) -> OwnTerms:
        due = await telling.get_terms(self.session.api) if consent.version_due is not None else None
        return OwnTerms(consent.version, consent.agreed_at, due)

"""What `Client` offers of safety numbers: showing one, saying that it was compared, taking that back.

Invariant: that somebody was verified is said of their root key, in the person's sealed settings; a device that is shown another one
refuses it (`directory`) until the person takes it back.
"""

from __future__ import annotations

import msgspec

from parley_client.crypto.account import VerifiedIdentity
from parley_client.crypto.safety import format_code, read_number, safety_number
from parley_client.errors import SafetyNumberDiffers, UsageError
from parley_client.parts import ClientPart
from parley_client.renewal.noticing import look_for_new_roots
from parley_client.settings import marks, syncing
from parley_contracts.encoding import b64encode
from parley_contracts.ids import UserId


class SafetyNumber(msgspec.Struct, frozen=True):
    """The number that this person and another one share, sixty digits, and whether this person has compared it.

    `code` is the text of a code that the other person's device scans. `changed`: the other has a new root key, which this person has neither accepted nor compared.
    """

    user_id: UserId
    number: str
    code: str
    verified: bool
    changed: bool


class TrustMethods(ClientPart):
    """A part of `Client`."""

    async def safety_number(self, person: str) -> SafetyNumber:
        """The number to compare with somebody; `UntrustedIdentity` where the server shows other keys than were known or verified."""
        found = await self._number(await self._other(person))
        if found.changed:  # somebody may have heard of it by telephone: their conversations say it from now on
            await look_for_new_roots(self.session)
        return found

    async def verify(self, person: str, number: str) -> SafetyNumber:
        """Say that somebody shows this very number, typed or as the text of their code; `SafetyNumberDiffers` where it is another, and nothing is remembered then."""
        user_id = await self._other(person)
        try:
            said = read_number(number)
        except ValueError as error:
            raise UsageError(str(error)) from error
        if said != (await self._number(user_id)).number:
            raise SafetyNumberDiffers("this is not the number that this device has: somebody may stand between you")
        identity = self.session.directory.known(user_id)
        assert identity is not None
        syncing.change(self.session, {marks.verified_key(user_id): b64encode(identity.root_fingerprint)})
        return await self._number(user_id)

    async def unverify(self, person: str) -> None:
        """Take it back that somebody was verified."""
        user_id = await self.find(person)
        syncing.change(self.session, {marks.verified_key(user_id): None})

    async def _other(self, person: str) -> UserId:
        user_id = await self.find(person)
        if user_id == self.session.device.user_id:
            raise UsageError("a safety number is compared with somebody else")
        return user_id

    async def _number(self, user_id: UserId) -> SafetyNumber:
        session = self.session
        own: VerifiedIdentity = await session.directory.identity(session.device.user_id)
        await session.directory.fetch([user_id])
        other = session.directory.known(user_id)
        assert other is not None
        number = safety_number(session.primitives, own.root_fingerprint, other.root_fingerprint)
        verified = marks.verified_fingerprint(session.store, user_id) == other.root_fingerprint
        return SafetyNumber(
            user_id, number, format_code(number), verified, changed=not session.directory.is_accepted(user_id)
        )

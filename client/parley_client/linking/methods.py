"""What `Client` offers of linking a device: the old device's side, and the new one's."""

from __future__ import annotations

import msgspec

from parley_client.answers import WhoAmI
from parley_client.api.network import parse_server
from parley_client.crypto.linking import LinkError, parse_scan
from parley_client.errors import LinkOver, UsageError
from parley_client.linking.asking import Asking
from parley_client.linking.giving import Giving
from parley_client.parts import ClientPart, entering
from parley_client.store.documents import Account
from parley_contracts.ids import DeviceLinkId


class LinkOffer(msgspec.Struct, frozen=True):
    """A new device that wants to be linked, by the name that it gives itself."""

    link_id: DeviceLinkId
    name: str


class LinkMethods(ClientPart):
    """A part of `Client`."""

    _giving: Giving | None = None
    _asking: Asking | None = None

    # --- the old device

    async def link_offers(self) -> list[LinkOffer]:
        """New devices that were signed in and wait to be linked."""
        return [LinkOffer(link.link_id, link.name) for link in await self._give().offers()]

    async def link_answer(self, link_id: str) -> None:
        """Answer one of them; it shows six digits then. `LinkOver`, `LinkRefused`, `SignInAgain`."""
        await self._give().answer(DeviceLinkId(link_id))

    async def link_confirm(self, digits: str) -> str:
        """Hand the keys over to the device that shows these digits; the six to type there. `LinkRefused`, for good."""
        return await self._give().confirm(digits)

    async def link_show(self) -> str:
        """The text of a code that a new device scans, good for two minutes; `SignInAgain`."""
        return await self._give().show()

    async def link_hand_over(self) -> None:
        """Wait for the device that scans the code, and hand the keys over; `LinkOver`."""
        await self._give().hand_over()

    async def link_joined(self) -> None:
        """Wait until the device that the keys were handed to is one of the account's; `LinkOver`."""
        await self._give().joined()

    # --- the new device

    async def link_ask(
        self, *, server: str, ca_file: str | None, username: str, password: str, code: str | None = None
    ) -> None:
        """Sign in on a new profile, and wait to be linked by another device of the account."""
        account = _account(server, ca_file, username)
        self._asking = Asking(self._set_up(account), self._api(account), self._primitives)
        await self._asking.begin(account, password=password, code=code)

    async def link_digits(self) -> str:
        """The six digits to type into the device that answered, once it has; `LinkOver`."""
        return await self._ask().digits()

    @entering
    async def link_finish(self, digits: str) -> WhoAmI:
        """Be a device of the account, by the digits that the other one shows; `LinkRefused`, for good."""
        return await self._come_in(await self._ask().finish(digits))

    @entering
    async def link_scan(
        self, text: str, *, server: str, ca_file: str | None, username: str, password: str, code: str | None = None
    ) -> WhoAmI:
        """Sign in on a new profile, and be a device of the account by a code that was scanned; `LinkRefused`, `LinkOver`."""
        try:
            scanned = parse_scan(text)
        except LinkError as error:
            raise UsageError(str(error)) from error
        account = _account(server, ca_file, username)
        asking = Asking(self._set_up(account), self._api(account), self._primitives)
        return await self._come_in(await asking.scan(account, scanned, password=password, code=code))

    async def link_cancel(self) -> None:
        """End whatever link was begun here."""
        for side in (self._giving, self._asking):
            if side is not None:
                await side.cancel()
        self._giving = self._asking = None

    def _give(self) -> Giving:
        if self._giving is None:
            self._giving = Giving(self.session)
        return self._giving

    def _ask(self) -> Asking:
        if self._asking is None:
            raise LinkOver("this device is not being linked: begin again")
        return self._asking


def _account(server: str, ca_file: str | None, username: str) -> Account:
    return Account(server=parse_server(server), ca_file=ca_file, username=username, stage="signed_in")

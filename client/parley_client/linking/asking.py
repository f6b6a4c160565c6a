"""The new device's side of a link.

Invariant: nothing that came from the other device is believed or stored before the digits that it shows were typed here, or the
secret that was scanned has opened it; a wrong one ends the link.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from parley_client.account import SetUp
from parley_client.api import linking
from parley_client.api.http import Api
from parley_client.crypto.linking import (
    NONCE_SIZE_BYTES,
    LinkError,
    LinkPlace,
    ScannedLink,
    commitment_to,
    digits_of,
    open_package,
    transcript_by_code,
    transcript_by_scan,
)
from parley_client.crypto.sealing import KEY_SIZE_BYTES
from parley_client.errors import LinkOver
from parley_client.linking.waiting import leave_part, refuse, sized, wait_for_part
from parley_client.store.documents import Account
from parley_contracts.ids import DeviceLinkId, new_uuid7
from parley_mls import Primitives, generate_hpke_key


@dataclass(frozen=True)
class _Attempt:
    account: Account
    place: LinkPlace
    new_private: bytes = field(repr=False)
    new_key: bytes
    nonce: bytes
    old_key: bytes = b""
    transcript: bytes = b""


class Asking:
    """One link, by which this profile becomes a device of an account."""

    def __init__(self, set_up: SetUp, api: Api, primitives: Primitives) -> None:
        self._set_up = set_up
        self._api = api
        self._primitives = primitives
        self._attempt: _Attempt | None = None

    async def begin(self, account: Account, *, password: str, code: str | None) -> None:
        """Sign in, and offer to be linked."""
        account = await self._set_up.sign_in(account, password=password, code=code)
        attempt = self._new_attempt(account, DeviceLinkId(new_uuid7()))
        commitment = commitment_to(attempt.place, attempt.new_key, attempt.nonce)
        await leave_part(self._api, attempt.place.link_id, "offer", commitment, name=self._set_up.label.name)
        self._attempt = attempt

    async def digits(self) -> str:
        """Wait for the old device's answer; the digits to type there. `LinkOver`, `LinkRefused`."""
        attempt = self._take()
        link_id = attempt.place.link_id
        try:
            old_key = sized(await wait_for_part(self._api, link_id, "answer"), KEY_SIZE_BYTES)
        except LinkError as error:
            raise await refuse(self._api, link_id, str(error)) from error
        transcript = transcript_by_code(attempt.place, old_key=old_key, new_key=attempt.new_key, nonce=attempt.nonce)
        await leave_part(self._api, link_id, "reveal", attempt.new_key + attempt.nonce)
        self._attempt = _Attempt(
            attempt.account, attempt.place, attempt.new_private, attempt.new_key, attempt.nonce, old_key, transcript
        )
        return digits_of(self._primitives, transcript, "new")

    async def finish(self, digits: str) -> Account:
        """Take the keys where these are the old device's digits; `LinkRefused`, for good."""
        attempt = self._take()
        if not attempt.transcript:
            raise LinkOver("the other device has not answered yet: begin again")
        link_id = attempt.place.link_id
        expected = digits_of(self._primitives, attempt.transcript, "old")
        if not hmac.compare_digest("".join(digits.split()).encode(), expected.encode()):
            sentence = "these are not the digits of the other device: begin again, and if they were right, somebody stood between"
            raise await refuse(self._api, link_id, sentence)
        return await self._receive(attempt)

    async def scan(self, account: Account, link: ScannedLink, *, password: str, code: str | None) -> Account:
        """Sign in, answer the device whose code was scanned, and take the keys; `LinkRefused`, `LinkOver`."""
        account = await self._set_up.sign_in(account, password=password, code=code)
        attempt = self._new_attempt(account, link.link_id)
        await leave_part(self._api, link.link_id, "answer", attempt.new_key)
        transcript = transcript_by_scan(attempt.place, old_key=link.old_key, new_key=attempt.new_key)
        scanned = _Attempt(
            account, attempt.place, attempt.new_private, attempt.new_key, attempt.nonce, link.old_key, transcript
        )
        return await self._receive(scanned, link.secret)

    async def cancel(self) -> None:
        """End what was begun here."""
        if self._attempt is not None:
            await linking.end_link(self._api, self._take().place.link_id)

    async def _receive(self, attempt: _Attempt, secret: bytes | None = None) -> Account:
        link_id = attempt.place.link_id
        sealed = await wait_for_part(self._api, link_id, "package")
        try:
            package = open_package(
                self._primitives,
                sealed,
                attempt.transcript,
                new_private=attempt.new_private,
                old_key=attempt.old_key,
                secret=secret,
            )
        except LinkError as error:
            raise await refuse(self._api, link_id, str(error)) from error
        account = await self._set_up.take(attempt.account, package)
        await linking.end_link(self._api, link_id)
        return account

    def _new_attempt(self, account: Account, link_id: DeviceLinkId) -> _Attempt:
        assert account.user_id is not None
        place = LinkPlace(account.server.removeprefix("https://"), account.user_id, link_id)
        new_private, new_key = generate_hpke_key(self._primitives)
        return _Attempt(account, place, new_private, new_key, self._primitives.random(NONCE_SIZE_BYTES))

    def _take(self) -> _Attempt:
        attempt, self._attempt = self._attempt, None
        if attempt is None:
            raise LinkOver("this device is not being linked: begin again")
        return attempt

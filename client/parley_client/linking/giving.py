"""The old device's side of a link.

Invariant: keys leave only after the digits of the new device were typed here, or to whoever scanned this screen; each attempt has keys
of its own, which are forgotten with it, and a wrong one ends it.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from parley_client.api import linking
from parley_client.crypto.linking import (
    NONCE_SIZE_BYTES,
    LinkError,
    LinkPackage,
    LinkPlace,
    ScannedLink,
    commitment_to,
    digits_of,
    format_scan,
    seal_package,
    transcript_by_code,
    transcript_by_scan,
)
from parley_client.crypto.sealing import KEY_SIZE_BYTES
from parley_client.errors import LinkOver, NotSignedIn, UsageError
from parley_client.linking.waiting import leave_part, refuse, sized, wait_for_end, wait_for_part
from parley_client.session import Session
from parley_client.store.documents import load_account
from parley_client.store.history import load_history_keys
from parley_contracts.ids import DeviceId, DeviceLinkId, new_uuid7
from parley_contracts.linking_api import DeviceLink
from parley_mls import generate_hpke_key
from parley_mls.hpke import PSK_SIZE_BYTES_MIN

#: What stands in place of a commitment where the other device scans.
_TO_SCAN = b"scan"


@dataclass(frozen=True)
class _Attempt:
    link_id: DeviceLinkId
    old_private: bytes = field(repr=False)
    old_key: bytes
    new_key: bytes = b""
    transcript: bytes = b""
    secret: bytes | None = field(default=None, repr=False)


class Giving:
    """Links that this device answers or begins, one at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._attempt: _Attempt | None = None
        #: The link whose keys were handed over last, and the account's devices of before.
        self._handed: tuple[DeviceLinkId, frozenset[DeviceId]] | None = None

    async def offers(self) -> list[DeviceLink]:
        """New devices that wait for an answer."""
        links = await linking.get_links(self._session.api)
        return [link for link in links if link.new_device and link.offer is not None and link.answer is None]

    async def answer(self, link_id: DeviceLinkId) -> None:
        """Answer a new device, and wait until it has opened its commitment; `LinkRefused`, `LinkOver`."""
        session, place = self._session, self._place(link_id)
        commitment = await wait_for_part(session.api, link_id, "offer")
        old_private, old_key = generate_hpke_key(session.primitives)
        await leave_part(session.api, link_id, "answer", old_key)
        revealed = await wait_for_part(session.api, link_id, "reveal")
        new_key, nonce = revealed[:KEY_SIZE_BYTES], revealed[KEY_SIZE_BYTES:]
        if len(nonce) != NONCE_SIZE_BYTES or not hmac.compare_digest(commitment_to(place, new_key, nonce), commitment):
            raise await refuse(session.api, link_id, "the new device's key is not the one that it began with")
        transcript = transcript_by_code(place, old_key=old_key, new_key=new_key, nonce=nonce)
        self._attempt = _Attempt(link_id, old_private, old_key, new_key, transcript)

    async def confirm(self, digits: str) -> str:
        """Hand the keys over where these are the new device's digits, and say what to type there; `LinkRefused`, for good."""
        session, attempt = self._session, self._take()
        expected = digits_of(session.primitives, attempt.transcript, "new")
        if not hmac.compare_digest("".join(digits.split()).encode(), expected.encode()):
            sentence = "these are not the digits of the new device: begin again, and if they were right, somebody stood between"
            raise await refuse(session.api, attempt.link_id, sentence)
        await self._hand_over(attempt)
        return digits_of(session.primitives, attempt.transcript, "old")

    async def show(self) -> str:
        """Begin a link that a new device scans; the text of its code."""
        session, link_id = self._session, DeviceLinkId(new_uuid7())
        old_private, old_key = generate_hpke_key(session.primitives)
        secret = session.primitives.random(PSK_SIZE_BYTES_MIN)
        await leave_part(session.api, link_id, "offer", _TO_SCAN)
        self._attempt = _Attempt(link_id, old_private, old_key, secret=secret)
        return format_scan(ScannedLink(link_id, old_key, secret))

    async def hand_over(self) -> None:
        """Wait for whoever scanned, and hand the keys over to them; `LinkRefused`, `LinkOver`."""
        session, attempt = self._session, self._take()
        try:
            new_key = sized(await wait_for_part(session.api, attempt.link_id, "answer"), KEY_SIZE_BYTES)
        except LinkError as error:
            raise await refuse(session.api, attempt.link_id, str(error)) from error
        transcript = transcript_by_scan(self._place(attempt.link_id), old_key=attempt.old_key, new_key=new_key)
        secret = attempt.secret
        await self._hand_over(
            _Attempt(attempt.link_id, attempt.old_private, attempt.old_key, new_key, transcript, secret)
        )

    async def joined(self) -> None:
        """Wait until the device that got the keys is one of the account's; `LinkOver` where the link ends without that."""
        if self._handed is None:
            raise LinkOver("nothing was handed over here: begin again")
        link_id, before = self._handed
        await wait_for_end(self._session.api, link_id)
        if not await self._devices() - before:
            raise LinkOver("the link is over, and the new device has not joined: begin again")

    async def cancel(self) -> None:
        """End what was begun here."""
        if self._attempt is not None:
            await linking.end_link(self._session.api, self._take().link_id)

    def _take(self) -> _Attempt:
        attempt, self._attempt = self._attempt, None
        if attempt is None:
            raise LinkOver("no device is being linked here: begin again")
        return attempt

    async def _hand_over(self, attempt: _Attempt) -> None:
        session = self._session
        try:
            sealed = seal_package(
                session.primitives,
                self._package(),
                attempt.transcript,
                old_private=attempt.old_private,
                new_key=attempt.new_key,
                secret=attempt.secret,
            )
        except LinkError as error:
            raise await refuse(session.api, attempt.link_id, str(error)) from error
        self._handed = (attempt.link_id, await self._devices())
        await leave_part(session.api, attempt.link_id, "package", sealed)

    async def _devices(self) -> frozenset[DeviceId]:
        user_id = self._session.device.user_id
        await self._session.directory.fetch([user_id])
        return self._session.directory.devices(user_id)

    def _package(self) -> LinkPackage:
        account = load_account(self._session.store)
        if account is None:
            raise NotSignedIn("this profile is not signed in")
        if account.recovery_key is not None:
            raise UsageError("keep this account's recovery key first: it was shown and never confirmed")
        keys = tuple(load_history_keys(self._session.store).values())
        return LinkPackage(account.root_key, account.statement_version, account.signing_secret, keys)

    def _place(self, link_id: DeviceLinkId) -> LinkPlace:
        device = self._session.device
        return LinkPlace(device.server_name, device.user_id, link_id)

"""Linking a device: how an old device hands an account's keys to a new one past a server that must not learn or swap them.

By code:  commitment = SHA-256("parley link" || place || link || new key || nonce), sent first; then the old key, then new key and nonce.
          Six digits over the whole transcript are typed from the new device into the old one, which sends the package and
          shows six others, which are typed into the new one. Whoever stands between the two has one guess in a million.
To scan:  the old device shows its key and a secret of 32 bytes, the HPKE pre-shared key of the package.

    package   = HPKE(new key, info = "Parley Link 1", aad = transcript), sealed from the old key: base mode by code, PSK mode by scanning
    place     = server name, user
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Literal

from parley_client.crypto.history import HistoryKey
from parley_client.crypto.sealing import KEY_SIZE_BYTES, place_of
from parley_contracts.ids import DeviceLinkId, UserId, uuid_bytes, uuid_text
from parley_mls import CryptoError, DecodeError, Primitives, Reader, Writer, decode, expand_with_label, hpke

DIGITS = 6
NONCE_SIZE_BYTES = 32
_INFO = b"Parley Link 1"
_PSK_ID = b"parley link"
_BY_CODE, _BY_SCAN, _PACKAGE_FORMAT, _SCAN_FORMAT = 1, 2, 1, 1
_LABELS = {"new": "Parley Link Code 1", "old": "Parley Link Answer 1"}
_SCAN_PREFIX = "PARLEY LINK "
_CHECK_SIZE_BYTES = 4
Side = Literal["new", "old"]


class LinkError(ValueError):
    """What came from the other device does not hold."""


@dataclass(frozen=True)
class LinkPlace:
    """Which link, of whom, on which server."""

    server_name: str
    user_id: UserId
    link_id: DeviceLinkId

    def begin(self, first: int) -> Writer:
        """The beginning of a transcript."""
        place = place_of(self.server_name, self.user_id).raw(uuid_bytes(self.link_id)).finish()
        return Writer().uint8(first).raw(place)


@dataclass(frozen=True)
class LinkPackage:
    """What makes a device one of the account's: the root key to pin, the signing key (a seed) of a statement, all history keys."""

    root_key: bytes
    statement_version: int
    signing_seed: bytes = field(repr=False)
    history_keys: tuple[HistoryKey, ...] = field(repr=False)

    def encode(self) -> bytes:
        """The bytes that are sealed."""
        return (
            Writer()
            .uint8(_PACKAGE_FORMAT)
            .raw(self.root_key)
            .uint32(self.statement_version)
            .raw(self.signing_seed)
            .vector(self.history_keys, lambda w, key: w.uint32(key.version).raw(key.secret))
            .finish()
        )

    @classmethod
    def read(cls, reader: Reader) -> LinkPackage:
        """The package; `DecodeError` where it is none."""
        if reader.uint8() != _PACKAGE_FORMAT:
            raise DecodeError("unknown format of a package")
        return cls(
            root_key=reader.raw(KEY_SIZE_BYTES),
            statement_version=reader.uint32(),
            signing_seed=reader.raw(KEY_SIZE_BYTES),
            history_keys=tuple(reader.vector(lambda r: HistoryKey(r.uint32(), r.raw(KEY_SIZE_BYTES)))),
        )


@dataclass(frozen=True)
class ScannedLink:
    """What a code to scan says."""

    link_id: DeviceLinkId
    old_key: bytes
    secret: bytes = field(repr=False)


def commitment_to(place: LinkPlace, new_key: bytes, nonce: bytes) -> bytes:
    """What the new device sends first: 32 bytes that bind it to its key before it has seen the other's."""
    return hashlib.sha256(b"parley link" + place.begin(_BY_CODE).raw(new_key).raw(nonce).finish()).digest()


def transcript_by_code(place: LinkPlace, *, old_key: bytes, new_key: bytes, nonce: bytes) -> bytes:
    """All that was said; the commitment follows from what it commits to, and is among it."""
    committed = commitment_to(place, new_key, nonce)
    return place.begin(_BY_CODE).raw(committed).raw(old_key).raw(new_key).raw(nonce).finish()


def transcript_by_scan(place: LinkPlace, *, old_key: bytes, new_key: bytes) -> bytes:
    """All that was said; the secret is not among it."""
    return place.begin(_BY_SCAN).raw(old_key).raw(new_key).finish()


def digits_of(p: Primitives, transcript: bytes, side: Side) -> str:
    """The six digits that the device of that side shows."""
    drawn = expand_with_label(p, hashlib.sha256(transcript).digest(), _LABELS[side], b"", 8)
    return f"{int.from_bytes(drawn, 'big') % 10**DIGITS:0{DIGITS}}"


def seal_package(
    p: Primitives,
    package: LinkPackage,
    transcript: bytes,
    *,
    old_private: bytes,
    new_key: bytes,
    secret: bytes | None = None,
) -> bytes:
    """The package for the new device; `old_private` seals this once. `LinkError` for a key that gives no secret."""
    psk = hpke.Psk(secret, _PSK_ID) if secret is not None else None
    try:
        _, sealed = hpke.seal_from(p, old_private, new_key, _INFO, transcript, package.encode(), psk)
    except CryptoError as error:
        raise LinkError("the new device's key is malformed") from error
    return sealed


def open_package(
    p: Primitives, sealed: bytes, transcript: bytes, *, new_private: bytes, old_key: bytes, secret: bytes | None = None
) -> LinkPackage:
    """The package, from whoever holds the private half of `old_key` (and the secret); `LinkError`."""
    psk = hpke.Psk(secret, _PSK_ID) if secret is not None else None
    try:
        return decode(hpke.open_(p, new_private, _INFO, transcript, old_key, sealed, psk), LinkPackage.read)
    except (CryptoError, DecodeError) as error:
        raise LinkError("what the other device handed over does not open") from error


def format_scan(link: ScannedLink) -> str:
    """The text behind a code to scan: no address, so that nothing but Parley does anything with it."""
    said = Writer().uint8(_SCAN_FORMAT).raw(uuid_bytes(link.link_id)).raw(link.old_key).raw(link.secret).finish()
    return _SCAN_PREFIX + base64.b32encode(said + _check(said)).decode().rstrip("=")


def parse_scan(unverified_text: str) -> ScannedLink:
    """What the text says; `LinkError` where it is none, or was cut off."""
    text = "".join(unverified_text.split()).upper()
    prefix = "".join(_SCAN_PREFIX.split())
    coded = text.removeprefix(prefix)
    try:
        data = base64.b32decode(coded + "=" * (-len(coded) % 8))
        said, check = data[:-_CHECK_SIZE_BYTES], data[-_CHECK_SIZE_BYTES:]
        link = decode(said, _read_scan)
    except (ValueError, DecodeError) as error:
        raise LinkError("this is no code for linking a device") from error
    if not text.startswith(prefix) or check != _check(said):
        raise LinkError("this is no code for linking a device, or a part of it is missing")
    return link


def _read_scan(reader: Reader) -> ScannedLink:
    if reader.uint8() != _SCAN_FORMAT:
        raise DecodeError("unknown format of a code to scan")
    link_id = DeviceLinkId(uuid_text(reader.raw(16)))
    return ScannedLink(link_id, reader.raw(KEY_SIZE_BYTES), reader.raw(hpke.PSK_SIZE_BYTES_MIN))


def _check(said: bytes) -> bytes:
    return hashlib.sha256(b"parley link code" + said).digest()[:_CHECK_SIZE_BYTES]

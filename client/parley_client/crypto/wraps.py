"""A key wrapped by a passphrase.

    wrap = uint8 1 ‖ uint32 memory in KiB ‖ uint32 passes ‖ uint32 lanes ‖ salt[16] ‖ Seal(key, place ‖ all before, secret[32]) ‖ check[4]
    key  = ExpandWithLabel(HMAC(pepper, Argon2id(passphrase, salt, cost)), label, place ‖ all before, 32)

`check` is the beginning of SHA-256(all before): it tells damage from a wrong passphrase, and hinders nobody. `pepper` is a secret
that lies elsewhere than the wrap, 32 zeros where there is none.
"""

from __future__ import annotations

from typing import Literal

from parley_client.crypto.passphrases import COST, SALT_SIZE_BYTES, Cost, normal
from parley_client.crypto.sealing import KEY_SIZE_BYTES, NONCE_SIZE_BYTES, open_sealed, seal
from parley_client.platforms.stretching import Stretch
from parley_mls import CryptoError, DecodeError, Primitives, Reader, Writer, expand_with_label

WrapErrorCode = Literal["damaged", "cost", "passphrase"]
NO_PEPPER = bytes(KEY_SIZE_BYTES)
_FORMAT = 1
_CHECK_SIZE_BYTES = 4
_HEAD_SIZE_BYTES = 1 + 12 + SALT_SIZE_BYTES


class WrapError(ValueError):
    """The wrap does not open; `code` says why: it is damaged, its cost is out of bounds, or the passphrase is another one."""

    def __init__(self, code: WrapErrorCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code: WrapErrorCode = code


class Wrapping:
    """Wraps under one label; the stretching is the platform's."""

    def __init__(self, primitives: Primitives, stretch: Stretch, label: str) -> None:
        self._p, self._stretch, self._label = primitives, stretch, label

    def wrap(self, secret: bytes, passphrase: str, place: bytes, pepper: bytes = NO_PEPPER) -> bytes:
        """A secret of 32 bytes, wrapped at today's cost."""
        head = Writer().uint8(_FORMAT).raw(COST.encode()).raw(self._p.random(SALT_SIZE_BYTES)).finish()
        key = self._key(head, COST, passphrase, place, pepper)
        body = head + seal(self._p, key, self._p.random(NONCE_SIZE_BYTES), secret, place + head)
        return body + self._check(body)

    def unwrap(self, wrap: bytes, passphrase: str, place: bytes, pepper: bytes = NO_PEPPER) -> bytes:
        """The secret; `WrapError`."""
        body, check = wrap[:-_CHECK_SIZE_BYTES], wrap[-_CHECK_SIZE_BYTES:]
        if len(body) < _HEAD_SIZE_BYTES or self._check(body) != check or body[0] != _FORMAT:
            raise WrapError("damaged", "what a passphrase opens is damaged")
        head = body[:_HEAD_SIZE_BYTES]
        try:
            cost = Cost.read(Reader(head[1:]))
        except DecodeError as error:
            raise WrapError("cost", "what a passphrase opens was made at a cost that is not accepted") from error
        key = self._key(head, cost, passphrase, place, pepper)
        try:
            return open_sealed(self._p, key, body[_HEAD_SIZE_BYTES:], place + head)
        except CryptoError as error:
            raise WrapError("passphrase", "this is not the passphrase") from error

    def _key(self, head: bytes, cost: Cost, passphrase: str, place: bytes, pepper: bytes) -> bytes:
        stretched = self._stretch(normal(passphrase).encode(), head[-SALT_SIZE_BYTES:], cost)
        return expand_with_label(self._p, self._p.hmac(pepper, stretched), self._label, place + head, KEY_SIZE_BYTES)

    def _check(self, body: bytes) -> bytes:
        return self._p.hash(body)[:_CHECK_SIZE_BYTES]

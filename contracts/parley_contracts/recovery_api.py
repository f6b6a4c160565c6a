"""Wire types of what stands for the recovery key: six words, and a passkey.

Words wrap it with a secret of the server. The *pepper* is 32 bytes that the server makes of a secret outside its database, the person and the salt. Whoever has a copy of
the database has wraps without peppers; who has signed in is given the account's own, a few times an hour.

A passkey wraps it by a secret of 32 bytes that it gives for a salt (WebAuthn's PRF extension), and that no server sees.
"""

from __future__ import annotations

import msgspec


class RecoveryWordsBegun(msgspec.Struct, frozen=True):
    """`POST me/recovery-words`: what the next wrap is made with; nothing is stored. `salt` goes back with the wrap."""

    salt: str
    pepper: str


class RecoveryWordsUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT me/recovery-words`: the wrap, in place of any other."""

    salt: str
    wrap: str


class RecoveryWords(msgspec.Struct, frozen=True):
    """`GET me/recovery-words`."""

    wrap: str
    pepper: str


class RecoveryPasskey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT` and `GET me/recovery-passkey`: which credential, the salt that it is asked by, and the wrap; binary is base64url."""

    credential: str
    salt: str
    wrap: str

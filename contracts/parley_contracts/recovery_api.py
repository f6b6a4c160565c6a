"""Wire types of recovery words: the recovery key wrapped by six words and by a secret of the server.

The *pepper* is 32 bytes that the server makes of a secret outside its database, the person and the salt. Whoever has a copy of
the database has wraps without peppers; who has signed in is given the account's own, a few times an hour.
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

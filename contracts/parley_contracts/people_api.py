"""Wire types around people: whom somebody has blocked, and who is found by name; what auth tells messaging of blocks."""

from __future__ import annotations

import msgspec

from parley_contracts.ids import UserId
from parley_contracts.numbers import Uint63


class Block(msgspec.Struct, frozen=True):
    """Somebody whom the person has blocked, since `blocked_at` (RFC 3339)."""

    user_id: UserId
    username: str
    blocked_at: str


class Blocks(msgspec.Struct, frozen=True):
    """`GET me/blocks`, and the answer of `PUT` and `DELETE me/blocks/{user_id}`: the last blocked first.

    `version` rises with each change, 0 before the first. Nobody but the person is told of any of it.
    """

    blocks: list[Block]
    version: Uint63


class Discovery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`GET` and `PUT me/discovery`: whether people find this person by the whole user name (`GET users?username=`)."""

    by_name: bool


class BlocksChanged(msgspec.Struct, frozen=True, tag="blocks.changed"):
    """The person has blocked or unblocked somebody, by whichever device; to the person's own devices."""

    version: Uint63


class BlockChange(msgspec.Struct, frozen=True):
    """How it stands between two people since `position`; the later one of a pair counts."""

    position: Uint63
    blocker_id: UserId
    blocked_id: UserId
    active: bool


class BlockChanges(msgspec.Struct, frozen=True):
    """`GET /internal/blocks?since=POSITION`: ascending, from 0 all that stand; ask again from `next`."""

    changes: list[BlockChange]
    next: Uint63

"""Wire types of linking a device: what two devices of one person leave for each other at the server.

The server keeps parts that it cannot read, each written once, for `LINK_LIFETIME_S`. By code the new device begins (`offer`), the
old one answers (`answer`), the new one opens its commitment (`reveal`), and the old one hands over (`package`). By a code to
scan the old device begins, the new one answers, and the old one hands over.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from parley_contracts.ids import DeviceLinkId

LinkSlot = Literal["offer", "answer", "reveal", "package"]


class DeviceLinkPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT me/links/{link_id}`: one part, and with an offer the name of the device that begins."""

    slot: LinkSlot
    data: str
    name: str = ""


class DeviceLink(msgspec.Struct, frozen=True, kw_only=True):
    """`GET me/links/{link_id}`: the parts that there are. `new_device` says who began: a session that has no device yet."""

    link_id: DeviceLinkId
    name: str
    new_device: bool
    offer: str | None = None
    answer: str | None = None
    reveal: str | None = None
    package: str | None = None


class DeviceLinks(msgspec.Struct, frozen=True):
    """`GET me/links`: what new devices of the caller's account have begun and nobody has answered, the latest first."""

    links: list[DeviceLink]

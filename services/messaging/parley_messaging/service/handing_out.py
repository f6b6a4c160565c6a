"""Handing out what is kept of a person, for the archive that they asked auth for."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, Protocol

from parley_contracts.ids import UserId
from parley_messaging.domain.reports import Report, members_of


class KeptStore(Protocol):
    """What is kept of single persons; may raise `Unavailable`."""

    def kept(self, user_id: UserId) -> AsyncIterator[dict[str, Any]]:
        """Documents as JSON, what they are as `kind`."""
        ...


class ReportsMade(Protocol):
    """Reports by who made them; may raise `Unavailable`."""

    def made_by(self, reporter: UserId) -> AsyncIterator[Report]:
        """What somebody reported."""
        ...


class HandingOut:
    """What auth asks for."""

    def __init__(self, people: KeptStore, reports: ReportsMade) -> None:
        self._people = people
        self._reports = reports

    async def lines(self, user_id: UserId) -> AsyncIterator[bytes]:
        """What is kept of a person, a line of JSON each; it breaks off with `Unavailable`."""
        async for found in self._people.kept(user_id):
            yield _line(found)
        async for report in self._reports.made_by(user_id):
            said = members_of(report)
            yield _line(said | {"kind": "reports", "content_kind": said.get("kind")})


def _line(members: dict[str, Any]) -> bytes:
    return json.dumps(members, ensure_ascii=False).encode() + b"\n"

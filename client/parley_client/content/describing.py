"""What a new description of a group says that the one before did not: newcomers are told all of it again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from parley_client.content.bodies import NameBody, read
from parley_client.store.messages import MessageRow

Change = Literal["name", "topic", "picture", "picture_removed"]


def changes_of(row: MessageRow, earlier: Iterable[MessageRow]) -> list[Change]:
    """What a row of `KIND_NAME` changes; `earlier` are those before it, the last first."""
    said = read(row.body, NameBody)
    if said is None:
        return []
    before = [body for body in (read(each.body, NameBody) for each in earlier) if body is not None]
    last = before[0] if before else NameBody(name="")
    # Of the picture only some say anything.
    picture = next((body.picture for body in before if body.picture is not None), "")
    changed: list[Change] = []
    if said.name != last.name:
        changed.append("name")
    if said.topic != last.topic:
        changed.append("topic")
    if said.picture is not None and said.picture != picture:
        changed.append("picture" if said.picture else "picture_removed")
    return changed

"""From the messages of a window to what stands in it: bubbles in runs, days, the New line, send states.

Invariants: a message keeps its key from the moment it is queued, so its bubble stays where it is when it is sent; no key
stands twice (Flet's patches would miss the screen), whatever is on its way and whatever ids other devices choose.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from parley_app import rights_words, words
from parley_app.engine import Json
from parley_app.model import marks, times
from parley_app.model.faults import capitalized
from parley_app.model.rows import (
    Day,
    Entry,
    File,
    Message,
    NewMark,
    Note,
    Part,
    Person,
    Picture,
    RepliesMark,
    SendState,
)

RUN_GAP = dt.timedelta(minutes=5)
_PICTURE_SIDE_MAX = 20_000


@dataclass(frozen=True)
class Window:
    """What a timeline is made of: a page of `history.page`, and what only this screen knows.

    `names` are the user names that can be mentioned, in small letters; `marked` is the sequence that somebody jumped to;
    `root` is the message whose thread this is; `fleeting`: what is sent now disappears.
    """

    items: Sequence[Json]
    outgoing: Sequence[Json]
    read: Mapping[str, int]
    others: frozenset[str]
    me: Person
    delivered: Mapping[str, int] = field(default_factory=dict)
    where: str = ""
    named: bool = False
    new_after: int | None = None
    new_count: int = 0
    names: frozenset[str] = frozenset()
    marked: int = 0
    root: Json | None = None
    fleeting: bool = False


def entries(window: Window, now: dt.datetime) -> tuple[Entry, ...]:
    """Everything that stands in the window, from old to new."""
    rows: list[Entry] = []
    moments: dict[str, dt.datetime] = {}
    day: dt.date | None = None
    marked = window.new_after is None or not window.new_count
    for item in window.items:
        key, moment = _key(item, moments), times.parse(item["sent_at"])
        if day is None or moment.date() > day:
            day = moment.date()
            rows.append(Day(f"day-{day.isoformat()}", times.day(moment, now)))
        if not marked and window.new_after is not None and item["sequence"] > window.new_after and not item["own"]:
            rows.append(NewMark("new", window.new_count))
            marked = True
        rows.append(_row(window, item, key, moment, now))
        moments[key] = moment
    for outgoing in window.outgoing:
        key, moment = outgoing["client_id"], times.parse(outgoing["queued_at"])
        if key in moments:  # it has come further meanwhile
            continue
        if day is None or moment.date() > day:
            day = moment.date()
            rows.append(Day(f"day-{day.isoformat()}", times.day(moment, now)))
        rows.append(_outgoing(window, outgoing, moment))
        moments[key] = moment
    return (*_root(window, len(moments), now), *_in_runs(rows, moments))


def _root(window: Window, replies: int, now: dt.datetime) -> list[Entry]:
    """What a thread stands under: without the way into the thread, which is open."""
    if window.root is None:
        return []
    key = f"root-{window.root['sequence']}"
    row = _row(window, window.root, key, times.parse(window.root["sent_at"]), now)
    shown = replace(row, thread=None) if isinstance(row, Message) else row
    return [shown, RepliesMark("replies", replies)] if replies else [shown]


def send_state(
    sequence: int, others: Collection[str], read: Mapping[str, int], delivered: Mapping[str, int]
) -> SendState:
    """Sent; delivered once everybody else has it on a device, read once everybody else has read it."""

    def everybody(*positions: Mapping[str, int]) -> bool:
        return bool(others) and all(max(p.get(user_id, 0) for p in positions) >= sequence for user_id in others)

    if everybody(read):
        return SendState.READ
    return SendState.DELIVERED if everybody(delivered, read) else SendState.SENT


def parts_of(
    attachments: Sequence[Mapping[str, Any]], key: str, where: str = "", sequence: int = 0
) -> tuple[Part, ...]:
    """The pictures and files of a message, as far as they describe themselves sensibly."""
    parts: list[Part] = []
    for index, attachment in enumerate(attachments):
        name = str(attachment.get("name", ""))[: words.NAME_LENGTH_MAX] or words.UNNAMED_FILE
        thumbnail = _bytes(attachment.get("thumbnail"))
        if thumbnail:
            width, height = (_side(attachment.get(side)) for side in ("width", "height"))
            place = attachment.get("index", index)
            parts.append(Picture(f"{key}-{index}", name, width, height, thumbnail, where, sequence, place))
        else:
            parts.append(File(f"{key}-{index}", name, words.size(attachment.get("size_bytes", attachment.get("size")))))
    return tuple(parts)


def _key(item: Json, taken: Container[str]) -> str:
    """What an own message was queued by; its place in the log for what others sent."""
    client_id = str(item["client_id"])
    return client_id if item["own"] and client_id not in taken else f"at-{item['sequence']}"


def _text(item: Json) -> str:
    """What was said; of an application with its name, for it speaks under the person's who let it in."""
    application = item.get("application", "")
    return f"{application}: {item['text']}" if application else str(item["text"])


def _note(window: Window, item: Json, key: str) -> Note | None:
    """Something that happened to the conversation itself; None where somebody said something."""
    match item["kind"]:
        case "name":
            return Note(key, marks.name_note(item), "picture" if marks.is_of_picture(item) else "name")
        case "members":
            return Note(key, marks.members_note(item, window.me), "people")
        case "history":
            return Note(key, marks.history_note(item), "people")
        case "reset":
            return Note(key, marks.reset_note(item, window.me), "people")
        case "lifetimes":
            return Note(key, marks.lifetimes_note(item), "time")
        case _:
            return None


def _row(window: Window, item: Json, key: str, moment: dt.datetime, now: dt.datetime) -> Entry:
    note = _note(window, item, key)
    if note is not None:
        return note
    author = window.me if item["own"] else Person(item["user_id"], rights_words.name(item["sender"]))
    locked, deleted = item["kind"] == "unopened", item["kind"] == "deleted"
    counts = item["own"] and not locked and not deleted
    row = Message(
        key=key,
        author=author,
        time=times.clock(moment),
        text=words.LOCKED if locked else marks.deletion_note(item, window.me) if deleted else _text(item),
        state=send_state(item["sequence"], window.others, window.read, window.delivered) if counts else SendState.NONE,
        locked=locked,
        deleted=deleted,
        named=window.named and not item["own"],
        sequence=item["sequence"],
        marked=item["sequence"] == window.marked,
        thread=marks.thread_of(item, window.me),
    )
    if locked or deleted:
        return row
    return replace(
        row,
        parts=parts_of(item["attachments"], key, window.where, item["sequence"]),
        edited=item["edited_at"] is not None,
        pinned=item["pinned"],
        fleeting=item["expires_at"] is not None,
        until=times.ahead(times.parse(item["expires_at"]), now) if item["expires_at"] is not None else "",
        mentions=marks.mentions_in(item["text"], window.names),
        quote=marks.quote_of(item, window.me),
        reactions=marks.reactions_of(item, window.me),
        poll=marks.poll_of(item),
    )


def _outgoing(window: Window, outgoing: Json, moment: dt.datetime) -> Message:
    states = {"waiting": SendState.SENDING, "failed": SendState.FAILED, "sent": SendState.SENT}
    problem = outgoing["problem"] or {}
    slug = str(problem.get("type", "")).rsplit(":", 1)[-1]
    reason = words.FAULTS.get(slug) or (capitalized(str(problem["detail"])) if problem.get("detail") else "")
    return Message(
        key=outgoing["client_id"],
        author=window.me,
        time=times.clock(moment),
        text=outgoing["text"],
        state=states[outgoing["state"]],
        parts=parts_of(outgoing["attachments"], outgoing["client_id"], window.where),
        fleeting=window.fleeting,
        mentions=marks.mentions_in(outgoing["text"], window.names),
        quote=marks.quote_of(outgoing, window.me),
        failure=words.not_sent(reason) if outgoing["state"] == "failed" else "",
    )


def _in_runs(rows: list[Entry], moments: Mapping[str, dt.datetime]) -> tuple[Entry, ...]:
    """Say of each message whether it begins or ends a run of one author within a few minutes."""

    def joined(before: Entry, after: Entry) -> bool:
        if not isinstance(before, Message) or not isinstance(after, Message):
            return False
        same = before.author.user_id == after.author.user_id
        return same and moments[after.key] - moments[before.key] <= RUN_GAP

    result: list[Entry] = []
    for index, row in enumerate(rows):
        if isinstance(row, Message):
            first = index == 0 or not joined(rows[index - 1], row)
            last = index == len(rows) - 1 or not joined(row, rows[index + 1])
            row = replace(row, first=first, last=last)  # noqa: PLW2901 - the same row, with its place known
        result.append(row)
    return tuple(result)


def _bytes(unverified_text: object) -> bytes:
    if not isinstance(unverified_text, str):
        return b""
    try:
        text = unverified_text.translate(_URL_SAFE)
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


_URL_SAFE = str.maketrans("+/", "-_", "=")


def _side(unverified_side: object) -> int:
    sensible = isinstance(unverified_side, int) and 0 < unverified_side <= _PICTURE_SIDE_MAX
    return unverified_side if sensible and isinstance(unverified_side, int) else 1

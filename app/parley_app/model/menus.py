"""Which actions a message offers to this person."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from parley_app import words
from parley_app.engine import Json
from parley_app.icons import Glyph
from parley_app.model.layers import Question

if TYPE_CHECKING:
    from parley_app.model.app import App

_MANAGERS = {"owner", "admin", "moderator"}


class Action(Enum):
    """Something that a message's menu offers."""

    REPLY = auto()
    THREAD = auto()
    EDIT = auto()
    COPY = auto()
    PIN = auto()
    UNPIN = auto()
    CLOSE_POLL = auto()
    UNREAD = auto()
    REMIND = auto()
    REMIND_NOT = auto()
    REPORT = auto()
    DELETE = auto()


def manages(summary: Json, user_id: str) -> bool:
    """Whether somebody may take other people's messages out."""
    return any(member["user_id"] == user_id and member["role"] in _MANAGERS for member in summary["members"])


def permits(summary: Json, permission: str) -> bool:
    """Whether this person's role has a permission here."""
    return permission in summary["may"]


def actions_of(
    item: Json, summary: Json, user_id: str, *, in_thread: bool, reminded: bool = False
) -> tuple[tuple[Action, ...], ...]:
    """In groups, by use; loss stands last. `reminded`: of this message somebody is to be reminded already. Where nothing can be written, only reading and keeping order are left."""
    copy = (Action.COPY,) if item["text"] else ()
    if summary["status"] in {"removed", "forked", "stuck", "paused"}:
        return (copy,) if copy else ()
    own, may_send = item["own"], permits(summary, "send")
    thread = () if in_thread or item["thread_root"] is not None else (Action.THREAD,)
    say = (Action.REPLY, *thread) if may_send else ()
    edit = (Action.EDIT,) if own and may_send and item["kind"] == "text" and item["text"] else ()
    close = (Action.CLOSE_POLL,) if own and item["poll"] is not None and not item["poll"]["closed"] else ()
    pin = (Action.UNPIN if item["pinned"] else Action.PIN,) if permits(summary, "pin") else ()
    unread = () if own or in_thread or item["thread_root"] is not None else (Action.UNREAD,)
    remind = (Action.REMIND, *((Action.REMIND_NOT,) if reminded else ()))
    keep = (*edit, *copy, *pin, *close, *unread, *remind)
    report = () if own else (Action.REPORT,)
    lose = (*report, *((Action.DELETE,) if own or manages(summary, user_id) else ()))
    return tuple(group for group in (say, keep, lose) if group)


def ask_to_delete(app: App, sequence: int, *, in_thread: bool) -> None:
    """Whether a message is to go."""

    def delete() -> None:
        place, item = app.place(in_thread=in_thread), app.item(sequence, in_thread=in_thread)
        if place is not None and item is not None:
            app.spawn(app.do(place.deeds.delete(item)))

    app.layers.show(Question(words.DELETE_TITLE, words.DELETE_TEXT, words.DELETE, Glyph.TRASH, delete))

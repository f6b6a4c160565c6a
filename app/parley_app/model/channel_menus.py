"""The menus of open channels: the filters of a search, and the questions before somebody or something goes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from parley_app import channel_words, room_words, words
from parley_app.engine import EngineError
from parley_app.icons import Glyph
from parley_app.model import chats
from parley_app.model.layers import Choice, Choices, Question, Spot
from parley_app.model.rows import Person
from parley_app.model.searching import ANYBODY, SOMEBODY

if TYPE_CHECKING:
    from parley_app.model.app import App
    from parley_app.model.applications import Applications
    from parley_app.model.searching import Found, Searching

#: How many people a menu names before the field for somebody else.
_PEOPLE_MAX: Final = 8


def now() -> dt.datetime:
    """This moment, here."""
    return dt.datetime.now().astimezone()


def ask_to_leave(app: App, channel_id: str, title: str) -> Question:
    """Whether this person wants to leave a channel."""

    async def leave() -> None:
        if await app.channels.directory.leave(channel_id):
            await app.chats.refresh(channel_id)

    return Question(
        room_words.leaving(title),
        channel_words.LEAVE_TEXT,
        channel_words.LEAVE,
        Glyph.SIGN_OUT,
        lambda: app.close_and_do(leave()),
    )


def ask_to_revoke(app: App, applications: Applications, application_id: str, name: str) -> Question:
    """Whether an application is to be put out."""
    return Question(
        channel_words.revoking(name),
        channel_words.REVOKE_TEXT,
        channel_words.REVOKE,
        Glyph.PROHIBIT,
        lambda: app.close_and_do(applications.revoke(application_id)),
    )


async def open_found(app: App, found: Found, *, beside: bool) -> None:
    """Go to a message that was found; `beside`: the search stays open beside its conversation where it can."""
    conversation = app.conversation
    if beside and conversation is not None and conversation.conversation_id == found.conversation_id:
        where = {"conversation_id": found.conversation_id, "sequence": found.sequence}
        try:
            message = (await app.engine.call("message", where))["message"]
        except EngineError:
            message = None  # the jump says why
        if message is not None and message["thread_root"] is None:
            await conversation.show(found.sequence)
            return
    app.open(found.conversation_id)
    await app.jump(found.sequence)


def of_where(app: App, searching: Searching, spot: Spot) -> Choices:
    """In which channel is looked."""
    known = [summary for summary in app.chats.ordered() if chats.is_open(summary) and summary["status"] == "member"]

    def choice(where: str, label: str, glyph: Glyph) -> Choice:
        return Choice(
            glyph,
            label,
            lambda: app.close_and_do(searching.choose(now(), where=where)),
            chosen=where == searching.where,
        )

    rows = [choice(each["conversation_id"], chats.title(each, app.session.me), Glyph.HASH) for each in known]
    groups = ((choice("", channel_words.ALL_CHANNELS, Glyph.GLOBE_SIMPLE),), tuple(rows))
    return Choices(channel_words.WHERE, tuple(group for group in groups if group), spot)


def of_sender(app: App, searching: Searching, spot: Spot) -> Choices:
    """Whose messages are looked for."""

    def choice(sender: str, label: str, glyph: Glyph) -> Choice:
        return Choice(
            glyph,
            label,
            lambda: app.close_and_do(searching.choose(now(), sender=sender)),
            chosen=sender == searching.sender,
        )

    me = app.session.me
    names = [person.name for person in _people(app, searching)][:_PEOPLE_MAX]
    people = (choice(me.name, words.YOU, Glyph.USER), *(choice(name, name, Glyph.USER) for name in names))
    groups = (
        (choice(ANYBODY, channel_words.ANYBODY, Glyph.USERS),),
        people,
        (choice(SOMEBODY, channel_words.SOMEBODY_ELSE, Glyph.AT),),
    )
    return Choices(channel_words.FROM, groups, spot)


def of_span(app: App, searching: Searching, spot: Spot) -> Choices:
    """From which time messages are looked for."""

    def choice(span: str) -> Choice:
        return Choice(
            Glyph.CALENDAR_BLANK if span == "days" else Glyph.CLOCK,
            channel_words.SPANS[span],
            lambda: app.close_and_do(searching.choose(now(), span=span)),
            chosen=span == searching.span,
        )

    return Choices(channel_words.WHEN, (tuple(map(choice, channel_words.SPANS)),), spot)


def where_name(app: App, searching: Searching) -> str:
    """What the filter of channels says."""
    summary = app.chats.summaries.get(searching.where)
    return chats.title(summary, app.session.me) if summary is not None else channel_words.ALL_CHANNELS


def sender_name(app: App, searching: Searching) -> str:
    """What the filter of people says."""
    named = {ANYBODY: channel_words.ANYBODY, SOMEBODY: channel_words.SOMEBODY_ELSE, app.session.me.name: words.YOU}
    return named.get(searching.sender, searching.sender)


def _people(app: App, searching: Searching) -> list[Person]:
    """Others of the channels that are looked through, by name."""
    others: dict[str, Person] = {}
    for summary in app.chats.ordered():
        if chats.is_open(summary) and searching.where in {"", summary["conversation_id"]}:
            for member in summary["members"]:
                if member["username"] and member["user_id"] != app.session.me.user_id:
                    others[member["user_id"]] = Person(member["user_id"], member["username"])
    return sorted(others.values(), key=lambda person: person.name)

"""What can be done with a person wherever they stand: take them among the contacts, or keep them away."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from parley_app import people_words
from parley_app.icons import Glyph
from parley_app.model.layers import Choice, Question
from parley_app.model.rows import Person

if TYPE_CHECKING:
    from parley_app.model.app import App


def of_person(app: App, person: Person) -> tuple[Choice, ...]:
    """The choices of somebody else, whose name is known."""
    relations, name = app.relations, person.name

    def choice(glyph: Glyph, label: str, work: Callable[[str], Coroutine[Any, Any, bool]]) -> Choice:
        return Choice(glyph, label, lambda: app.close_and_do(said(app, work(name))))

    contact = (
        choice(Glyph.ADDRESS_BOOK, people_words.REMOVE_CONTACT, relations.take_out)
        if relations.is_contact(person.user_id)
        else choice(Glyph.ADDRESS_BOOK, people_words.ADD_CONTACT, relations.take_in)
    )
    if relations.has_blocked(person.user_id):
        return contact, choice(Glyph.PROHIBIT, people_words.unblock(name), relations.unblock)
    ask = Choice(
        Glyph.PROHIBIT, people_words.block(name), lambda: app.layers.show(ask_to_block(app, name)), danger=True
    )
    return contact, ask


def ask_to_block(app: App, name: str) -> Question:
    """Whether somebody is to be kept away."""
    label = people_words.block(name)
    return Question(
        label,
        people_words.BLOCK_TEXT,
        label,
        Glyph.PROHIBIT,
        lambda: app.close_and_do(said(app, app.relations.block(name))),
    )


async def said(app: App, work: Coroutine[Any, Any, bool]) -> None:
    """Do it; what fails is said above the list."""
    if not await work:
        app.chats.complain(app.relations.fault)

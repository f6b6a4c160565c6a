"""The menus of a group's details: of a person, of a permission, of a link, and the questions before something is lost."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from parley_app import channel_words, profile_words, rights_words, room_words, words
from parley_app.icons import Glyph
from parley_app.model import people_menus
from parley_app.model.governing import LIFETIMES_S, USES
from parley_app.model.layers import Choice, Choices, Question, ShowPerson, Spot
from parley_app.model.muting import LIFETIMES_S as LIFETIMES_OF_MUTES_S
from parley_app.model.rows import Person

if TYPE_CHECKING:
    from parley_app.model.app import App
    from parley_app.model.governing import Governing

GLYPHS: Final = {
    "owner": Glyph.CROWN_SIMPLE,
    "admin": Glyph.USER_GEAR,
    "moderator": Glyph.SHIELD_CHECK,
    "member": Glyph.USER,
    "guest": Glyph.TICKET,
}


def of_member(app: App, governing: Governing, person: Person, title: str, spot: Spot) -> Choices:
    """What can be done with somebody who belongs."""
    current = governing.role_of(person.user_id)
    gone = person.name == rights_words.DELETED
    named = person.user_id if gone else person.name
    if person.own:
        return Choices(person.name, ((_leaving(app, governing, title),),), spot)

    def role(each: str) -> Choice:
        return Choice(
            GLYPHS[each],
            room_words.ROLES[each],
            lambda: app.close_and_do(governing.give_role(person.name, each)),
            chosen=each == current,
        )

    def lose(glyph: Glyph, label: str, text: str, work: Callable[[str], Coroutine[Any, Any, Any]]) -> Choice:
        asked = Question(label, text, label, glyph, lambda: app.close_and_do(work(named)))
        return Choice(glyph, label, lambda: app.layers.show(asked), danger=True)

    removal = words.removal(person.name, title) if governing.group else channel_words.REMOVAL_TEXT
    banning = f"{removal} {room_words.BAN_TEXT}" if governing.group else channel_words.BAN_TEXT
    below = governing.acts_on(person.user_id)
    show = Choice(Glyph.USER_CIRCLE, profile_words.PROFILE, lambda: app.layers.show(ShowPerson(person)))
    write = Choice(Glyph.CHAT_CIRCLE, words.write_to(person.name), lambda: app.close_and_do(app.write_to(person.name)))
    loss = [
        *(
            [lose(Glyph.USER_MINUS, words.remove(person.name), removal, governing.remove)]
            if governing.may("remove")
            else []
        ),
        *([lose(Glyph.PROHIBIT, room_words.ban(person.name), banning, governing.ban)] if governing.may("ban") else []),
    ]
    roles = tuple(role(each) for each in governing.roles_for(person.user_id))
    muting = (_muting(app, governing, person, spot),) if governing.may("remove") else ()
    own, losing = people_menus.of_person(app, person), tuple(loss) if below else ()
    kept = ((show, write, *own[:1]), roles, muting if below else (), (*losing, *own[1:]))
    groups = (losing,) if gone else kept
    return Choices(person.name, tuple(group for group in groups if group), spot)


def _muting(app: App, governing: Governing, person: Person, spot: Spot) -> Choice:
    if governing.is_muted(person.user_id):
        return Choice(
            Glyph.PLAY, room_words.unmute(person.name), lambda: app.close_and_do(governing.unmute(person.name))
        )
    asked = of_mute(app, governing, person, spot)
    return Choice(Glyph.PAUSE, room_words.mute(person.name), lambda: app.layers.show(asked))


def of_mute(app: App, governing: Governing, person: Person, spot: Spot) -> Choices:
    """For how long somebody is to say nothing."""

    def choice(lifetime_s: int | None) -> Choice:
        return Choice(
            Glyph.CLOCK,
            room_words.MUTE_PERSON_FOR[lifetime_s],
            lambda: app.close_and_do(governing.mute(person.name, lifetime_s)),
        )

    return Choices(room_words.mute(person.name), (tuple(map(choice, LIFETIMES_OF_MUTES_S)),), spot)


def ask_to_leave(app: App, governing: Governing, title: str) -> Question:
    """Whether this person wants to go."""

    async def leave() -> None:
        if await governing.leave():
            app.go(f"/chats/{governing.conversation_id}")

    return Question(
        room_words.leaving(title),
        room_words.LEAVE_TEXT if governing.group else channel_words.LEAVE_TEXT,
        room_words.LEAVE if governing.group else channel_words.LEAVE,
        Glyph.SIGN_OUT,
        lambda: app.close_and_do(leave()),
    )


def _leaving(app: App, governing: Governing, title: str) -> Choice:
    asked = ask_to_leave(app, governing, title)
    return Choice(Glyph.SIGN_OUT, asked.button, lambda: app.layers.show(asked), danger=True)


def of_permission(app: App, governing: Governing, permission: str, spot: Spot) -> Choices:
    """From which role on people may do that."""

    def choice(role: str) -> Choice:
        return Choice(
            GLYPHS[role],
            room_words.FROM_ROLE[role],
            lambda: app.close_and_do(governing.allow(permission, role)),
            chosen=role == governing.lowest(permission),
        )

    rows = tuple(choice(role) for role in governing.roles_of(permission))
    return Choices(governing.meaning(permission), (rows,), spot)


def of_lifetime(app: App, governing: Governing, spot: Spot) -> Choices:
    """How long the next link holds."""

    def choice(seconds: int | None) -> Choice:
        def take() -> None:
            app.layers.close()
            governing.choose(lifetime_s=seconds)

        return Choice(Glyph.CLOCK, room_words.LIFETIMES[seconds], take, chosen=seconds == governing.lifetime_s)

    return Choices(room_words.VALID_FOR, (tuple(map(choice, LIFETIMES_S)),), spot)


def of_uses(app: App, governing: Governing, spot: Spot) -> Choices:
    """How many may come by the next link."""

    def choice(count: int | None) -> Choice:
        def take() -> None:
            app.layers.close()
            governing.choose(uses_max=count)

        return Choice(Glyph.USERS, room_words.uses(count), take, chosen=count == governing.uses_max)

    return Choices(room_words.USES, (tuple(map(choice, USES)),), spot)


def ask_to_revoke(app: App, governing: Governing, link_id: str) -> Question:
    """Whether a link is to be of no use any more."""
    return Question(
        room_words.REVOKE_TITLE,
        room_words.REVOKE_TEXT,
        room_words.REVOKE,
        Glyph.PROHIBIT,
        lambda: app.close_and_do(governing.revoke(link_id)),
    )

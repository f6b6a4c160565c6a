"""What stands above the composer's field: what the text is to be, and who an @ may mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import flet as ft

from parley_app import words
from parley_app.components.avatar import PersonAvatar
from parley_app.components.buttons import IconButton
from parley_app.components.fields import KeyCap
from parley_app.components.layout import at_least, disc, keyed
from parley_app.components.pressable import Handler, Pressable
from parley_app.icons import Glyph
from parley_app.model.rows import Context, Person
from parley_app.theme import use_ui
from parley_app.tokens import Elevation, Radius, Size, Space, Stroke, Type


@ft.component
def ContextStrip(context: Context, on_cancel: Handler) -> ft.Control:
    """The line on top of the composer that says what the text will be: an answer or a correction."""
    ui = use_ui()
    edit = context.kind == "edit"
    title = words.EDITING if edit else words.replying_to(context.author)
    lines = ft.Column(
        [
            ui.text(title, Type.META_STRONG, ui.c.accent_ink, lines=1),
            ui.text(context.text, Type.SMALL, ui.c.ink_2, lines=1),
        ],
        spacing=0,
        tight=True,
        expand=True,
    )
    glyph = ui.icon(Glyph.PENCIL_SIMPLE if edit else Glyph.ARROW_BEND_UP_LEFT, Size.ICON, ui.c.accent_ink)
    cross = IconButton(Glyph.X, words.CANCEL_EDIT if edit else words.CANCEL_REPLY, on_cancel)
    said = ft.Semantics(content=lines, live_region=True, container=True, expand=True)
    return ft.Container(
        ft.Row([glyph, said, cross], spacing=Space.MD),
        padding=ft.Padding.only(left=Space.MD, bottom=Space.XS),
        border=ft.Border(bottom=ft.BorderSide(Stroke.HAIR, ui.c.line)),
    )


@ft.component
def MentionRow(person: Person, on_click: Handler, *, active: bool) -> ft.Control:
    """Somebody to mention."""
    ui = use_ui()
    everybody = person.name == words.EVERYBODY
    face = (
        disc(ui.icon(Glyph.USERS, Size.ICON_SM, ui.c.neutral.ink), ui.c.neutral.soft, Size.AVATAR_SM)
        if everybody
        else PersonAvatar(person, Size.AVATAR_SM)
    )
    row = ft.Row(
        [
            face,
            ui.text(f"@{person.name}", Type.LABEL_STRONG if active else Type.LABEL, lines=1),
            ui.text(person.role, Type.META, ui.c.ink_3, lines=1, expand=True),
            *([KeyCap("Enter")] if active and not ui.compact else []),
        ],
        spacing=Space.MD,
    )
    return Pressable(
        at_least(ui.control, row),
        on_click,
        padding=ft.Padding.symmetric(horizontal=Space.MD),
        radius=Radius.SM,
        fill=ui.c.selected if active else ft.Colors.TRANSPARENT,
        selected=active,
        label=", ".join(part for part in (f"@{person.name}", person.role) if part),
    )


@ft.component
def MentionList(people: Sequence[Person], chosen: int, on_take: Callable[[Person], object]) -> ft.Control:
    """Grows upward from the composer; Enter takes the chosen one (Flet cannot keep Tab from moving the focus)."""
    ui = use_ui()
    rows = [
        keyed(person.user_id, MentionRow)(person, partial(on_take, person), active=index == chosen)
        for index, person in enumerate(people)
    ]
    card = ft.Container(
        ft.Column(rows, spacing=Space.HAIR, tight=True, horizontal_alignment=ft.CrossAxisAlignment.STRETCH),
        padding=Space.XS + Space.HAIR,
        bgcolor=ui.c.raised,
        border=ui.border(),
        border_radius=Radius.LG,
        shadow=ui.shadow(Elevation.MID),
    )
    return ft.Semantics(content=card, container=True, label=words.PEOPLE_TO_MENTION)

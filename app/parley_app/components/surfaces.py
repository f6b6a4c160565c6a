"""Panels, cards, notes, badges: the quiet furniture."""

from __future__ import annotations

from collections.abc import Sequence

import flet as ft

from parley_app import room_words, words
from parley_app.components.layout import at_least, disc
from parley_app.icons import Glyph
from parley_app.theme import use_ui
from parley_app.tokens import Elevation, Family, Radius, Size, Space, Stroke, Tone, Type


@ft.component
def Card(
    content: ft.Control,
    padding: int = Space.XL,
    width: float | None = None,
    elevated: bool = False,
    expand: bool | int | None = None,
) -> ft.Control:
    """A raised card."""
    ui = use_ui()
    return ft.Container(
        content,
        padding=padding,
        width=width,
        expand=expand,
        bgcolor=ui.c.raised,
        border=ui.border(),
        border_radius=Radius.LG,
        shadow=ui.shadow(Elevation.MID if elevated else Elevation.LOW),
    )


@ft.component
def Note(tone: Tone, glyph: Glyph, title: str, text: str = "", action: ft.Control | None = None) -> ft.Control:
    """A tinted box with an icon, a sentence and at most one action."""
    ui = use_ui()
    lines: list[ft.Control] = [ui.text(title, Type.LABEL_STRONG, tone.ink)]
    if text:
        lines.append(ui.text(text, Type.SMALL, ui.c.ink_2))
    body: list[ft.Control] = [
        ui.icon(glyph, Size.ICON, tone.ink, family=Family.ICON_FILL),
        ft.Column(lines, spacing=Space.HAIR, tight=True, expand=True),
    ]
    if action and not ui.compact:
        body.append(action)
    inner: ft.Control = ft.Row(body, spacing=Space.MD, vertical_alignment=ft.CrossAxisAlignment.START)
    if action and ui.compact:
        inner = ft.Column([inner, ft.Row([action], alignment=ft.MainAxisAlignment.END)], spacing=Space.SM, tight=True)
    return ft.Container(
        inner,
        bgcolor=tone.soft,
        border_radius=Radius.MD,
        padding=ft.Padding.symmetric(horizontal=Space.LG, vertical=Space.MD),
    )


@ft.component
def CountBadge(count: int, *, muted: bool = False) -> ft.Control:
    """How many are unread; grey where that calls nobody."""
    ui = use_ui()
    figure = "99+" if count > 99 else str(count)
    return ft.Container(
        ui.text(figure, Type.MICRO, ui.c.neutral.ink if muted else ui.c.on_accent, label=words.unread(count)),
        border_radius=Radius.PILL,
        bgcolor=ui.c.neutral.soft if muted else ui.c.accent,
        padding=ft.Padding.symmetric(horizontal=Space.XS + Space.HAIR, vertical=Space.HAIR),
    )


@ft.component
def WaitingDot(*, muted: bool = False) -> ft.Control:
    """This person wants to find it unread."""
    ui = use_ui()
    return ft.Semantics(
        content=ft.Container(
            width=Size.DOT,
            height=Size.DOT,
            border_radius=Size.DOT,
            bgcolor=ui.c.neutral.ink if muted else ui.c.accent,
        ),
        label=room_words.MARKED_UNREAD,
    )


@ft.component
def MentionBadge(count: int) -> ft.Control:
    """Somebody names this person."""
    ui = use_ui()
    return disc(
        ui.icon(Glyph.AT, Size.ICON_XS, ui.c.on_accent, family=Family.ICON_BOLD, label=words.mentions(count)),
        ui.c.accent,
        Size.BADGE,
    )


@ft.component
def Tag(label: str, tone: Tone, glyph: Glyph | None = None) -> ft.Control:
    """A small word in a tint."""
    ui = use_ui()
    parts: list[ft.Control] = [ui.text(label, Type.MICRO, tone.ink, lines=1)]
    if glyph:
        parts.insert(0, ui.icon(glyph, Size.ICON_XS, tone.ink, family=Family.ICON_BOLD))
    return ft.Container(
        ft.Row(parts, spacing=Space.XS, tight=True),
        bgcolor=tone.soft,
        border_radius=Radius.XS + Space.HAIR,
        padding=ft.Padding.symmetric(horizontal=Space.XS + Space.HAIR, vertical=Space.HAIR),
    )


@ft.component
def SectionLabel(text: str, trailing: ft.Control | None = None) -> ft.Control:
    """The name of what follows."""
    ui = use_ui()
    return ft.Row(
        [ui.text(text, Type.META_STRONG, ui.c.ink_3, expand=True), *([trailing] if trailing else [])],
        vertical_alignment=ft.CrossAxisAlignment.CENTER,
    )


@ft.component
def Rule(inset: int = 0) -> ft.Control:
    """A hairline."""
    ui = use_ui()
    return ft.Container(height=1, bgcolor=ui.c.line, margin=ft.Margin.only(left=inset))


@ft.component
def PaneHeader(
    title: str,
    leading: Sequence[ft.Control] = (),
    actions: Sequence[ft.Control] = (),
    subtitle: ft.Control | None = None,
) -> ft.Control:
    """The bar on top of a pane: same height everywhere, so that the lines meet."""
    ui = use_ui()
    lines: list[ft.Control] = [ft.Semantics(content=ui.text(title, Type.HEADING, lines=1), header=True)]
    if subtitle:
        lines.append(subtitle)
    row = ft.Row(
        [*leading, ft.Column(lines, spacing=0, tight=True, expand=True), *actions],
        spacing=Space.SM if ui.compact else Space.MD,
        vertical_alignment=ft.CrossAxisAlignment.CENTER,
    )
    return ft.Container(
        at_least(Size.HEADER - Stroke.HAIR, row),
        padding=ft.Padding.only(
            left=Space.XS if ui.compact and leading else Space.XL - Space.XS, right=Space.SM if ui.compact else Space.LG
        ),
        border=ft.Border(bottom=ft.BorderSide(1, ui.c.line)),
    )


@ft.component
def EmptyState(glyph: Glyph, title: str, text: str, action: ft.Control | None = None) -> ft.Control:
    """Nothing yet: a mark, a sentence, one next step."""
    ui = use_ui()
    mark = ft.Container(
        ui.icon(glyph, Size.ICON_HERO, ui.c.accent_ink),
        width=Size.AVATAR_XL,
        height=Size.AVATAR_XL,
        border_radius=Radius.XL,
        bgcolor=ui.c.accent_soft,
        alignment=ft.Alignment.CENTER,
    )
    return ft.Container(
        ft.Column(
            [
                mark,
                ft.Container(height=Space.XS),
                ui.text(title, Type.HEADING, align=ft.TextAlign.CENTER),
                ui.text(text, Type.SMALL, ui.c.ink_2, align=ft.TextAlign.CENTER),
                *([ft.Container(action, padding=ft.Padding.only(top=Space.SM))] if action else []),
            ],
            horizontal_alignment=ft.CrossAxisAlignment.CENTER,
            spacing=Space.SM,
            tight=True,
        ),
        width=Size.CARD - Size.ROW - Size.ROW,
        alignment=ft.Alignment.CENTER,
    )

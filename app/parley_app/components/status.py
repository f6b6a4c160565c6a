"""Connection banner and loading skeletons."""

from __future__ import annotations

import flet as ft

from parley_app.components.pressable import Handler, Pressable
from parley_app.icons import Glyph
from parley_app.theme import use_ui
from parley_app.tokens import Family, Motion, Radius, Size, Space, Stroke, Tone, Type


@ft.component
def ConnectionBanner(
    tone: Tone, glyph: Glyph, text: str, action: str = "", *, busy: bool = False, on_click: Handler = None
) -> ft.Control:
    """One line at the top of the app; it pushes content down and never covers it."""
    ui = use_ui()
    sign = (
        ft.ProgressRing(width=Size.ICON_SM, height=Size.ICON_SM, stroke_width=Stroke.STRONG, color=tone.ink)
        if busy
        else ui.icon(glyph, Size.ICON_SM, tone.ink, family=Family.ICON_BOLD)
    )
    sentence = ft.Container(ui.text(text, Type.LABEL, tone.ink), expand=True, expand_loose=True)
    parts: list[ft.Control] = [sign, sentence]
    if action:
        parts.append(
            Pressable(
                ui.text(action, Type.LABEL_STRONG, tone.ink),
                on_click,
                padding=ft.Padding.symmetric(horizontal=Space.SM, vertical=Space.SM if ui.compact else Space.HAIR),
                radius=Radius.SM,
                outline=tone.ink,
            )
        )
    return ft.Semantics(
        content=ft.Container(
            ft.Row(parts, spacing=Space.MD, alignment=ft.MainAxisAlignment.CENTER),
            bgcolor=tone.soft,
            padding=ft.Padding.symmetric(horizontal=Space.LG, vertical=Space.XS),
        ),
        live_region=True,
        container=True,
    )


def _bone(width: float | None, height: float, radius: float = Radius.XS, expand: int | None = None) -> ft.Control:
    ui = use_ui()
    return ft.Container(width=width, height=height, bgcolor=ui.c.skeleton, border_radius=radius, expand=expand)


@ft.component
def Shimmering(content: ft.Control) -> ft.Control:
    """A gleam over what is not there yet."""
    ui = use_ui()
    return ft.Shimmer(
        content=content, base_color=ui.c.skeleton, highlight_color=ui.c.skeleton_glow, period=Motion.SHIMMER
    )


@ft.component
def RowSkeleton(share: int) -> ft.Control:
    """A row of the list that is not there yet."""
    words = ft.Column(
        [
            ft.Row([_bone(None, Space.MD, expand=share), ft.Container(expand=10 - share), _bone(Space.XXL, Space.MD)]),
            ft.Row([_bone(None, Space.MD, expand=min(share + 2, 9)), ft.Container(expand=max(8 - share, 1))]),
        ],
        spacing=Space.SM,
        tight=True,
        expand=True,
    )
    return ft.Container(
        ft.Row([_bone(Size.AVATAR_LG, Size.AVATAR_LG, Radius.MD), words], spacing=Space.MD),
        height=Size.ROW + Space.XS,
        padding=ft.Padding.symmetric(horizontal=Space.MD),
    )


@ft.component
def BubbleSkeleton(own: bool, width: int, height: int) -> ft.Control:
    """A bubble that is not there yet."""
    bone = _bone(width, height, Radius.LG)
    face = [] if own else [_bone(Size.AVATAR_SM, Size.AVATAR_SM, Size.AVATAR_SM)]
    return ft.Container(
        ft.Row(
            [*face, bone],
            spacing=Space.SM,
            alignment=ft.MainAxisAlignment.END if own else ft.MainAxisAlignment.START,
            vertical_alignment=ft.CrossAxisAlignment.END,
        ),
        padding=ft.Padding.only(top=Space.MD),
    )

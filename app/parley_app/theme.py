"""Turns tokens into Flet objects and hands them to components through a context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import flet as ft

from parley_app.icons import Glyph
from parley_app.tokens import (
    DARK,
    HIGH_CONTRAST_DARK,
    HIGH_CONTRAST_LIGHT,
    LIGHT,
    Family,
    Layout,
    Palette,
    Size,
    Space,
    Stroke,
    Tone,
    Type,
    TypeStyle,
    Width,
)

_WEIGHTS: Final = {
    400: ft.FontWeight.W_400,
    450: ft.FontWeight.W_400,
    500: ft.FontWeight.W_500,
    550: ft.FontWeight.W_500,
    600: ft.FontWeight.W_600,
    650: ft.FontWeight.W_600,
    700: ft.FontWeight.W_700,
}


def text_style(style: TypeStyle, color: str | None = None) -> ft.TextStyle:
    """A style of the scale as Flet takes it."""
    return ft.TextStyle(
        size=style.size,
        height=style.line / style.size,
        weight=_WEIGHTS[style.weight],
        letter_spacing=style.tracking,
        font_family=style.family,
        font_family_fallback=[Family.EMOJI],
        color=color,
    )


@dataclass(frozen=True)
class Ui:
    """What a component needs to draw: the palette, the window class and the text atoms."""

    c: Palette
    width: float
    height: float

    @property
    def window(self) -> Width:
        """The window class."""
        if self.width < Layout.MEDIUM_FROM:
            return Width.COMPACT
        return Width.MEDIUM if self.width < Layout.WIDE_FROM else Width.WIDE

    @property
    def look(self) -> str:
        """What tells one look from another: whatever was drawn under a different one is drawn anew."""
        return f"{self.c.ground} {self.c.ink} {self.window}"

    @property
    def compact(self) -> bool:
        """Whether it is a phone's: one pane."""
        return self.window is Width.COMPACT

    @property
    def gutter(self) -> int:
        """Space at the sides of a pane."""
        return Layout.GUTTER_COMPACT if self.compact else Layout.GUTTER

    @property
    def control(self) -> int:
        """The side of a control: larger where a finger has to hit it."""
        return Size.TOUCH if self.compact else Size.CONTROL

    @property
    def attachment_width(self) -> int:
        """The one width of all media."""
        return Size.ATTACHMENT_COMPACT if self.compact else Size.ATTACHMENT

    def identity(self, seed: int) -> Tone:
        """The colour of a person or a room."""
        return self.c.identity[seed % len(self.c.identity)]

    def text(
        self,
        value: str,
        style: TypeStyle = Type.BODY,
        color: str | None = None,
        *,
        lines: int | None = None,
        align: ft.TextAlign | None = None,
        expand: bool = False,
        label: str | None = None,
        selectable: bool = False,
    ) -> ft.Text:
        """One run of text. `lines` truncates with an ellipsis."""
        return ft.Text(
            value,
            style=text_style(style, color or self.c.ink),
            max_lines=lines,
            overflow=ft.TextOverflow.ELLIPSIS if lines else ft.TextOverflow.CLIP,
            text_align=align or ft.TextAlign.START,
            expand=expand or None,  # a wrapping Row fails on any value, False too
            semantics_label=label,
            selectable=selectable,
        )

    def span(
        self, value: str, style: TypeStyle = Type.BODY, color: str | None = None, label: str | None = None
    ) -> ft.TextSpan:
        """One run of a text of several styles."""
        return ft.TextSpan(value, style=text_style(style, color or self.c.ink), semantics_label=label)

    def line_of(self, parts: Sequence[tuple[str, TypeStyle, str]], *, expand: bool = False) -> ft.Row:
        """Runs of different style on one line; the last one is cut with an ellipsis.

        A row of texts, because Flet ignores `overflow` on a text that is made of spans.
        """
        last = len(parts) - 1
        runs: list[ft.Control] = [
            self.text(value.replace(" ", "\u00a0") if i < last else value, style, color, lines=1, expand=i == last)
            for i, (value, style, color) in enumerate(parts)
        ]
        return ft.Row(runs, spacing=0, expand=expand)

    def icon(
        self,
        glyph: Glyph,
        size: float = Size.ICON,
        color: str | None = None,
        *,
        family: str = Family.ICON,
        label: str = "",
    ) -> ft.Control:
        """One icon. Without `label` it is decoration and hidden from assistive technology."""
        return ft.Text(
            glyph.value,
            style=ft.TextStyle(size=size, height=1, font_family=family, color=color or self.c.ink_2),
            semantics_label=label,
        )

    def border(self, color: str | None = None, stroke: float = Stroke.HAIR) -> ft.Border:
        """A line all around."""
        return ft.Border.all(stroke, color or self.c.line)

    def shadow(self, level: tuple[int, int]) -> ft.BoxShadow:
        """One of the three shadows."""
        blur, drop = level
        return ft.BoxShadow(blur_radius=blur, color=self.c.shadow, offset=ft.Offset(0, drop))


UiContext = ft.create_context(Ui(LIGHT, Layout.WIDE_FROM, Layout.WIDE_FROM))


def use_ui() -> Ui:
    """The look that is in force where a component stands."""
    return ft.use_context(UiContext)


def material_theme(c: Palette) -> ft.Theme:
    """The Material theme under our own components, for the controls that we keep from Flet."""
    return ft.Theme(
        font_family=Family.TEXT,
        scaffold_bgcolor=c.canvas,
        hover_color=c.hover,
        highlight_color=c.pressed,
        splash_color=c.pressed,
        focus_color=c.accent_soft,
        color_scheme=ft.ColorScheme(
            primary=c.accent,
            on_primary=c.on_accent,
            primary_container=c.accent_soft,
            on_primary_container=c.accent_ink,
            surface=c.ground,
            on_surface=c.ink,
            on_surface_variant=c.ink_2,
            surface_tint=c.ground,
            outline=c.line_strong,
            outline_variant=c.line,
            error=c.danger.ink,
            inverse_surface=c.ink,
            on_inverse_surface=c.ground,
        ),
        scrollbar_theme=ft.ScrollbarTheme(
            thickness=Space.XS,
            radius=Space.XS,
            thumb_color=c.line_strong,
            thumb_visibility=False,
        ),
        tooltip_theme=ft.TooltipTheme(
            decoration=ft.BoxDecoration(bgcolor=c.ink, border_radius=Space.SM),
            text_style=text_style(Type.META, c.ground),
            wait_duration=ft.Duration(milliseconds=500),
        ),
        page_transitions=ft.PageTransitionsTheme(),
    )


def palette(*, dark: bool, high_contrast: bool) -> Palette:
    """The colours of one of the four themes."""
    if high_contrast:
        return HIGH_CONTRAST_DARK if dark else HIGH_CONTRAST_LIGHT
    return DARK if dark else LIGHT

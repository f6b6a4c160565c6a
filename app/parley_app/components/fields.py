"""Text entry. The label is always visible above the field; errors and hints go below."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import flet as ft

from parley_app import words
from parley_app.icons import Glyph
from parley_app.theme import Ui, text_style, use_ui
from parley_app.tokens import Family, Radius, Size, Space, Stroke, Type


def outline(stroke: float, colour: str) -> ft.OutlineInputBorder:
    """The frame of a field."""
    return ft.OutlineInputBorder(border_radius=Radius.MD, side=ft.BorderSide(stroke, colour))


def use_typing(value: str, revision: int = 0, **look: Any) -> ft.TextField:
    """A field whose text belongs to whoever types in it: `value` is only what it begins with, and again with a `revision`.

    Drawn anew, it takes over what stands in it. Sent anything older, the screen would lose the last letters, and Flutter
    breaks where the text becomes shorter than the cursor's place. To empty a field, give it a new key.
    """
    drawn: ft.MutableRef[ft.TextField] = ft.use_ref()
    known = ft.use_ref(revision)
    kept = drawn.current is not None and known.current == revision
    box = ft.TextField(value=drawn.current.value if kept and drawn.current is not None else value, **look)
    drawn.current, known.current = box, revision
    return box


def _use_first_focus(box: ft.TextField, *, wanted: bool) -> None:
    """Take the focus from wherever it is: Flutter's own `autofocus` yields to whatever has ever had it."""
    drawn: ft.MutableRef[ft.TextField] = ft.use_ref()
    drawn.current = box

    async def begin() -> None:
        if wanted and drawn.current is not None:
            with contextlib.suppress(RuntimeError, TimeoutError):  # the field may be gone by now
                await drawn.current.focus()

    ft.use_effect(begin, [])


def named_field(box: ft.TextField, label: str, *, expand: bool | None = None) -> ft.Control:
    """A field whose name is part of itself, so that assistive technology says it also when something was typed."""
    return ft.MergeSemantics(content=ft.Semantics(content=box, label=label), expand=expand)


def _reveal(ui: Ui, turn: Callable[[], object], *, shown: bool) -> ft.Control:
    """The eye in a password field."""
    label = words.HIDE_PASSWORD if shown else words.SHOW_PASSWORD
    return ft.IconButton(
        icon=ui.icon(Glyph.EYE_SLASH if shown else Glyph.EYE, label=label),
        tooltip=label,
        on_click=lambda _: turn(),
        style=ft.ButtonStyle(padding=0, overlay_color=ui.c.hover),
    )


def _look(ui: Ui, *, password: bool, wrong: bool) -> dict[str, Any]:
    """What all fields have in common; a password leaves room for the eye."""
    return {
        "hint_style": text_style(Type.BODY, ui.c.ink_3),
        "text_style": text_style(Type.BODY, ui.c.ink),
        "autocorrect": False,
        "enable_suggestions": False,
        "capitalization": ft.TextCapitalization.NONE,
        "filled": True,
        "fill_color": ui.c.raised,
        "border": {
            ft.ControlState.FOCUSED: outline(Stroke.STRONG, ui.c.danger.ink if wrong else ui.c.accent),
            ft.ControlState.DEFAULT: outline(Stroke.HAIR, ui.c.danger.ink if wrong else ui.c.line_strong),
        },
        "cursor_color": ui.c.accent,
        "dense": True,
        "content_padding": ft.Padding(
            left=Space.LG,
            right=Space.HUGE if password else Space.LG,
            top=Space.MD + Space.HAIR,
            bottom=Space.MD + Space.HAIR,
        ),
    }


@ft.component
def Field(
    label: str,
    value: str = "",
    hint: str = "",
    helper: str = "",
    fault: str = "",
    *,
    password: bool = False,
    glyph: Glyph | None = None,
    on_change: Callable[[str], object] | None = None,
    on_submit: Callable[[], object] | None = None,
    autofocus: bool = False,
    kind: ft.KeyboardType = ft.KeyboardType.TEXT,
    autofill: ft.AutofillHint | None = None,
) -> ft.Control:
    """A line to type in. The fault takes the place of the helper; `autofill` tells password managers what belongs here."""
    ui = use_ui()
    shown, set_shown = ft.use_state(False)
    box = use_typing(
        value,
        hint_text=hint,
        password=password and not shown,
        autofocus=autofocus,
        keyboard_type=kind,
        autofill_hints=autofill,
        on_change=(lambda e: on_change(str(e.control.value))) if on_change else None,
        on_submit=(lambda _: on_submit()) if on_submit else None,
        prefix_icon=ft.Container(ui.icon(glyph), width=Size.CONTROL, alignment=ft.Alignment.CENTER) if glyph else None,
        **_look(ui, password=password, wrong=bool(fault)),
    )
    _use_first_focus(box, wanted=autofocus)
    framed = named_field(box, label)
    if password:  # beside the field, not inside: there its name would become part of the field's
        eye = ft.Container(_reveal(ui, lambda: set_shown(not shown), shown=shown), right=Space.XS, top=Space.HAIR)
        framed = ft.Stack([framed, eye], fit=ft.StackFit.PASS_THROUGH)
    return ft.Column(
        [
            ft.Semantics(content=ui.text(label, Type.LABEL_STRONG, ui.c.ink), exclude_semantics=True),
            framed,
            *_below(ui, helper, fault),
        ],
        spacing=Space.SM - Space.HAIR,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


def _below(ui: Ui, helper: str, fault: str) -> list[ft.Control]:
    if not fault:
        return [ui.text(helper, Type.META, ui.c.ink_3)] if helper else []
    sign = ui.icon(Glyph.WARNING_CIRCLE, Size.ICON_SM, ui.c.danger.ink, family=Family.ICON_FILL)
    row = ft.Row([sign, ui.text(fault, Type.META, ui.c.danger.ink, expand=True)], spacing=Space.XS + Space.HAIR)
    return [ft.Semantics(content=row, live_region=True)]


@ft.component
def StrengthMeter(level: int, sentence: str) -> ft.Control:
    """Four bars and a sentence: colour is never the only sign."""
    ui = use_ui()
    tone = (ui.c.info, ui.c.danger, ui.c.warning, ui.c.success, ui.c.success)[level]  # a hint before it is a fault
    bars: list[ft.Control] = [
        ft.Container(
            height=Size.METER, expand=True, border_radius=Size.METER, bgcolor=tone.ink if i < level else ui.c.line
        )
        for i in range(4)
    ]
    return ft.Semantics(
        content=ft.Column(
            [
                ft.Row(bars, spacing=Space.XS),
                ft.Row(
                    [
                        ui.icon(
                            Glyph.CHECK_CIRCLE if level > 2 else Glyph.INFO,
                            Size.ICON_SM,
                            tone.ink,
                            family=Family.ICON_FILL,
                        ),
                        ui.text(sentence, Type.META, ui.c.ink_2, expand=True),
                    ],
                    spacing=Space.XS + Space.HAIR,
                ),
            ],
            spacing=Space.SM,
            tight=True,
        ),
        live_region=True,
    )


@ft.component
def KeyCap(label: str) -> ft.Control:
    """A key of the keyboard."""
    ui = use_ui()
    return ft.Container(
        ui.text(label, Type.MICRO, ui.c.ink_3),
        border=ui.border(ui.c.line),
        bgcolor=ui.c.surface,
        border_radius=Radius.XS + Space.HAIR,
        padding=ft.Padding.symmetric(horizontal=Space.XS + Space.HAIR),
    )


@ft.component
def SearchField(
    hint: str,
    value: str = "",
    *,
    autofocus: bool = False,
    on_change: Callable[[str], object] | None = None,
    on_submit: Callable[[], object] | None = None,
) -> ft.Control:
    """A quiet field without a label above: the hint is its accessible name."""
    ui = use_ui()
    box = use_typing(
        value,
        hint_text=hint,
        hint_style=text_style(Type.SMALL, ui.c.ink_3),
        text_style=text_style(Type.SMALL, ui.c.ink),
        on_change=(lambda e: on_change(str(e.control.value))) if on_change else None,
        on_submit=(lambda _: on_submit()) if on_submit else None,
        filled=True,
        fill_color=ui.c.raised if ui.c.dark else ui.c.sunken,
        border={
            ft.ControlState.FOCUSED: outline(Stroke.STRONG, ui.c.accent),
            ft.ControlState.DEFAULT: outline(Stroke.HAIR, ui.c.line),
        },
        cursor_color=ui.c.accent,
        autofocus=autofocus,
        autocorrect=False,
        dense=True,
        content_padding=ft.Padding.symmetric(
            horizontal=Space.MD, vertical=Space.MD if ui.compact else Space.SM + Space.HAIR
        ),
        prefix_icon=ft.Container(
            ui.icon(Glyph.MAGNIFYING_GLASS, Size.ICON_SM, ui.c.ink_3), width=Size.CONTROL, alignment=ft.Alignment.CENTER
        ),
    )
    _use_first_focus(box, wanted=autofocus)
    return named_field(box, hint)

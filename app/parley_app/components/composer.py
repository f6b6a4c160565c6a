"""Where a message is written. Its own component: a key stroke must not redraw the conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import flet as ft

from parley_app import words
from parley_app.components.buttons import IconButton
from parley_app.components.composer_parts import ContextStrip
from parley_app.components.fields import named_field, use_typing
from parley_app.components.pressable import Pressable
from parley_app.icons import Glyph
from parley_app.model.rows import Context
from parley_app.theme import Ui, text_style, use_ui
from parley_app.tokens import Family, Radius, Size, Space, Stroke, Type, Width

#: Whatever floated has to be gone first: what leaves the screen gives the focus back to where it was.
FOCUS_AFTER_S: Final = 0.2


def _note(ui: Ui, protection: str) -> ft.Control:
    locked = Glyph.LOCK_SIMPLE if protection == words.ENCRYPTED else Glyph.LOCK_SIMPLE_OPEN
    return ft.Row(
        [
            ui.icon(locked, Size.ICON_XS, ui.c.ink_3, family=Family.ICON_FILL),
            ui.text(protection, Type.META, ui.c.ink_3, expand=True),
            *([ui.text(words.COMPOSER_HINT, Type.META, ui.c.ink_3, lines=1)] if ui.window is Width.WIDE else []),
        ],
        spacing=Space.XS,
    )


def _thumb(ui: Ui, name: str, data: bytes, on_click: Callable[[], object]) -> ft.Control:
    picture = ft.Image(
        src=data,
        width=Size.THUMB,
        height=Size.THUMB,
        fit=ft.BoxFit.COVER,
        border_radius=Radius.SM,
        exclude_from_semantics=True,
        error_content=ui.icon(Glyph.WARNING_CIRCLE, Size.ICON, ui.c.danger.ink),
    )
    cross = ft.Container(
        ui.icon(Glyph.X, Size.ICON_XS, ui.c.on_veil, family=Family.ICON_BOLD),
        bgcolor=ui.c.veil,
        border_radius=Radius.PILL,
        padding=Space.XS,
        right=Space.XS,
        top=Space.XS,
    )
    return Pressable(
        ft.Stack([picture, cross], width=Size.THUMB, height=Size.THUMB),
        on_click,
        radius=Radius.SM,
        label=f"{words.TAKE_OUT}: {name}",
    )


@dataclass(frozen=True)
class ComposerActions:
    """What the composer calls."""

    draft: Callable[[str], object]
    send: Callable[[str], Awaitable[None]]
    add: Callable[[], object]
    pick_emoji: Callable[[], object]
    take_out: Callable[[int], object]
    cancel: Callable[[], object]
    complete: Callable[[], bool]
    focus: Callable[[bool], object]
    later: Callable[[], object] | None = None


def _use_focus(box: ft.TextField, revision: int, *, wanted: bool) -> None:
    """Give the field the focus when it begins and with each revision."""
    drawn: ft.MutableRef[ft.TextField] = ft.use_ref()
    drawn.current = box

    async def begin() -> None:
        if wanted:
            await asyncio.sleep(FOCUS_AFTER_S)
            if drawn.current is not None:
                await drawn.current.focus()

    ft.use_effect(begin, [revision])


@ft.component
def Composer(
    title: str,
    draft: str,
    actions: ComposerActions,
    above: ft.Control,
    *,
    hint: str = words.MESSAGE,
    protection: str = words.ENCRYPTED,
    attached: Sequence[tuple[str, bytes]] = (),
    note: str = "",
    context: Context | None = None,
    revision: int = 0,
    focused: bool = False,
) -> ft.Control:
    """The field with its buttons, and `above` it what helps to write.

    `draft` is what it begins with, and again with each `revision`; a new key begins anew. `focused` asks for the focus,
    which on a phone brings the keyboard up (Flet cannot give it to a field where Enter sends; there it stays or returns).
    """
    ui = use_ui()
    text = ft.use_ref(draft)  # not a state: the letter before Enter counts, though nothing was drawn since
    gone = ft.use_ref(False)
    known = ft.use_ref(revision)
    if known.current != revision:
        text.current, known.current, gone.current = draft, revision, False

    def typed(event: ft.Event[ft.TextField]) -> None:
        text.current = str(event.control.value)
        actions.draft(text.current)

    async def send() -> None:
        if gone.current or actions.complete():
            return
        written = text.current or ""
        gone.current = bool(written.strip() or attached)
        await actions.send(written)  # what was sent leaves the field with the next revision

    run = ft.context.page.run_task
    box = use_typing(
        draft,
        revision,
        on_change=typed,
        on_submit=lambda: run(send),
        on_focus=lambda: actions.focus(True),
        on_blur=lambda: actions.focus(False),
        **_look(ui, hint),
    )

    _use_focus(box, revision, wanted=focused)
    edit = context is not None and context.kind == "edit"
    line = _line(ui, named_field(box, words.message_to(title), expand=True), actions, lambda: run(send), edit=edit)
    strip = _strip(ui, context, attached, actions)
    complaint = [ft.Semantics(content=ui.text(note, Type.META, ui.c.danger.ink), live_region=True)] if note else []
    return _frame(ui, _slot([above, *complaint]), [_slot(strip), line], protection, edit=edit)


def _slot(content: Sequence[ft.Control]) -> ft.Control:
    """A place that is always there, so that what follows keeps its own and the field its focus."""
    return ft.Column(list(content), spacing=Space.XS, tight=True, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


def _strip(
    ui: Ui, context: Context | None, attached: Sequence[tuple[str, bytes]], actions: ComposerActions
) -> list[ft.Control]:
    """What lies on top of the field: what the text is to be, and the pictures that go with it."""
    strip: list[ft.Control] = [] if context is None else [ContextStrip(context, actions.cancel)]
    if attached:
        thumbs = [_thumb(ui, *each, partial(actions.take_out, index)) for index, each in enumerate(attached)]
        strip.append(ft.Row(thumbs, spacing=Space.SM, scroll=ft.ScrollMode.AUTO))
    return strip


def _line(ui: Ui, box: ft.Control, actions: ComposerActions, send: Callable[[], object], *, edit: bool) -> ft.Control:
    """The field between its buttons; while a message is changed, nothing is added to it."""
    plus = ft.Container(width=Space.SM) if edit else IconButton(Glyph.PLUS_CIRCLE, words.ADD_MENU, actions.add)
    go = (Glyph.CHECK, words.SAVE) if edit else (Glyph.PAPER_PLANE_RIGHT, words.SEND)
    return ft.Row(
        [
            plus,  # something always stands here: a field that changes its place would lose the focus
            box,
            IconButton(Glyph.SMILEY, words.EMOJI, actions.pick_emoji),
            _sending(go, send, None if edit else actions.later),
        ],
        spacing=0 if ui.compact else Space.XS,
        vertical_alignment=ft.CrossAxisAlignment.END,
    )


def _sending(go: tuple[Glyph, str], send: Callable[[], object], later: Callable[[], object] | None) -> ft.Control:
    """The button that sends; a long press or the other button of a pointer asks when."""
    button = IconButton(*go, send, filled=True, on_long_press=later)
    if later is None:
        return button
    return ft.GestureDetector(button, on_secondary_tap_down=lambda _: later(), exclude_from_semantics=True)


def _look(ui: Ui, hint: str) -> dict[str, Any]:
    """A field without a frame of its own, which grows to a few lines; on a phone Enter begins a new one."""
    tall = (ui.control - Type.BODY.line) / 2
    return {
        "hint_text": hint,
        "hint_style": text_style(Type.BODY, ui.c.ink_3),
        "text_style": text_style(Type.BODY, ui.c.ink),
        "border": ft.NoInputBorder(),
        "multiline": True,
        "min_lines": 1,
        "max_lines": 6,
        "shift_enter": not ui.compact,
        "autofocus": not ui.compact,
        "dense": True,
        "content_padding": ft.Padding.symmetric(vertical=tall + Space.HAIR / 2),
        "cursor_color": ui.c.accent,
        "expand": True,
    }


def _frame(ui: Ui, above: ft.Control, inside: Sequence[ft.Control], protection: str, *, edit: bool) -> ft.Control:
    """The card that looks like one field."""
    bar = ft.Container(
        ft.Column(list(inside), spacing=Space.XS, tight=True),
        bgcolor=ui.c.raised,
        border=ui.border(ui.c.accent if edit else ui.c.line_control, Stroke.STRONG if edit else Stroke.HAIR),
        border_radius=Radius.LG,
        padding=Space.XS if ui.compact else Space.XS + Space.HAIR,
        shadow=None if ui.c.dark else ui.shadow((Space.SM, Space.HAIR)),
    )
    foot = (
        [] if ui.compact else [ft.Container(_note(ui, protection), padding=ft.Padding.symmetric(horizontal=Space.SM))]
    )
    return ft.Container(
        ft.Column(
            [above, bar, *foot],
            spacing=Space.SM - Space.HAIR,
            tight=True,
            horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
        ),
        padding=ft.Padding.only(left=ui.gutter, right=ui.gutter, bottom=Space.MD),
    )

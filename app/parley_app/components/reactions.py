"""What stands below and beside a bubble: reactions, the way into its thread, and its actions."""

from __future__ import annotations

from functools import partial

import flet as ft

from parley_app import words
from parley_app.components.avatar import AvatarStack
from parley_app.components.buttons import IconButton
from parley_app.components.layout import keyed
from parley_app.components.message_actions import MessageActions
from parley_app.components.pressable import Handler, Pressable
from parley_app.icons import Glyph
from parley_app.model.layers import Spot
from parley_app.model.rows import Message, Reaction, ThreadMark
from parley_app.theme import use_ui
from parley_app.tokens import Family, Radius, Size, Space, Stroke, Type, Width


@ft.component
def ReactionChip(reaction: Reaction, on_click: Handler) -> ft.Control:
    """An emoji and how many gave it; a press gives it too, or takes the own one back."""
    ui = use_ui()
    own = reaction.own
    figures = ui.text(str(reaction.count), Type.META_STRONG, ui.c.accent_ink if own else ui.c.ink_2)
    return Pressable(
        ft.Row(
            [ui.text(reaction.emoji, Type.EMOJI), figures],
            spacing=Space.XS,
            tight=True,
            alignment=ft.MainAxisAlignment.CENTER,
        ),
        on_click,
        padding=ft.Padding.symmetric(horizontal=Space.SM, vertical=Space.SM if ui.compact else Space.HAIR),
        radius=Radius.PILL,
        fill=ui.c.accent_soft if own else ui.c.raised,
        outline=ui.c.accent if own else ui.c.line,
        selected=own,
        label=words.reaction(reaction.emoji, reaction.people),
        align=ft.Alignment.CENTER,
    )


@ft.component
def ThreadChip(thread: ThreadMark, on_click: Handler) -> ft.Control:
    """Who wrote in the thread and how much; a press opens it."""
    ui = use_ui()
    return Pressable(
        ft.Row(
            [
                AvatarStack(thread.people, ui.c.ground),
                ui.text(words.replies(thread.replies), Type.LABEL_STRONG, ui.c.accent_ink),
                ui.text(words.last_at(thread.last), Type.META, ui.c.ink_3),
                ui.icon(Glyph.CARET_RIGHT, Size.ICON_XS, ui.c.ink_3, family=Family.ICON_BOLD),
            ],
            spacing=Space.SM,
            tight=True,
        ),
        on_click,
        padding=ft.Padding.symmetric(horizontal=Space.XS, vertical=Space.SM if ui.compact else Space.HAIR),
        radius=Radius.SM,
        label=words.thread_of(thread.replies, thread.last),
    )


def below(message: Message, actions: MessageActions) -> list[ft.Control]:
    """Reactions and the way into the thread, each in a line of its own."""
    side = ft.MainAxisAlignment.END if message.author.own else ft.MainAxisAlignment.START
    indent = ft.Margin.only(left=Size.AVATAR_SM + Space.SM if message.named else 0)
    lines: list[ft.Control] = []
    if message.reactions:
        chips = [
            keyed(each.emoji, ReactionChip)(each, partial(actions.react, message.sequence, each.emoji))
            for each in message.reactions
        ]
        row = ft.Row(chips, spacing=Space.XS, run_spacing=Space.XS, wrap=True, alignment=side)
        place = ft.Alignment.CENTER_RIGHT if message.author.own else ft.Alignment.CENTER_LEFT
        lines.append(ft.Container(row, margin=indent, alignment=place))
    if message.thread:
        chip = ThreadChip(message.thread, partial(actions.open_thread, message.sequence))
        lines.append(ft.Container(ft.Row([chip], alignment=side), margin=indent))
    return lines


@ft.component
def MoreButton(name: str, on_click: Handler, *, shown: bool) -> ft.Control:
    """The way to a message's actions: always there for the keyboard, in sight under the pointer or with the focus."""
    ui = use_ui()
    rest = ui.c.ink_2 if shown else ft.Colors.TRANSPARENT
    glyph = ft.Text(
        Glyph.DOTS_THREE.value,
        style=ft.TextStyle(size=Size.ICON, height=1, font_family=Family.ICON_BOLD),
        semantics_label="",
    )
    return ft.Semantics(
        content=ft.TextButton(
            content=ft.Semantics(content=glyph, label=name, exclude_semantics=True),
            on_click=on_click,
            tooltip=words.MORE if shown else None,
            width=Size.TOOL,
            height=Size.TOOL,
            style=ft.ButtonStyle(
                color={ft.ControlState.FOCUSED: ui.c.ink, ft.ControlState.DEFAULT: rest},
                overlay_color=ui.c.hover if shown else ft.Colors.TRANSPARENT,
                side={
                    ft.ControlState.FOCUSED: ft.BorderSide(Stroke.STRONG, ui.c.accent),
                    ft.ControlState.DEFAULT: ft.BorderSide(0, ft.Colors.TRANSPARENT),
                },
                shape=ft.RoundedRectangleBorder(radius=Radius.SM),
                padding=0,
                visual_density=ft.VisualDensity.STANDARD,
            ),
        ),
        container=True,
    )


@ft.component
def Toolbar(
    message: Message, name: str, actions: MessageActions, spot: ft.MutableRef[Spot], *, shown: bool
) -> ft.Control:
    """Beside the bubble, in the free share of the row: it covers no text and moves none."""
    ui = use_ui()
    sequence = message.sequence
    more = keyed("more", MoreButton)(name, lambda: actions.menu(sequence, spot.current or Spot()), shown=shown)
    tools: list[ft.Control] = []
    if shown:
        tools.append(
            keyed("react", IconButton)(
                Glyph.SMILEY, words.REACT, lambda: actions.pick(sequence, spot.current or Spot()), Size.TOOL
            )
        )
        if ui.window is Width.WIDE and not actions.narrow:
            tools += [
                keyed("reply", IconButton)(
                    Glyph.ARROW_BEND_UP_LEFT, words.REPLY, partial(actions.reply, sequence), Size.TOOL
                ),
                keyed("thread", IconButton)(
                    Glyph.CHAT_CIRCLE, words.REPLY_IN_THREAD, partial(actions.open_thread, sequence), Size.TOOL
                ),
            ]
    side = ft.MainAxisAlignment.END if message.author.own else ft.MainAxisAlignment.START

    def entered(event: ft.PointerEvent[ft.GestureDetector]) -> None:
        spot.current = Spot(event.global_position.x, event.global_position.y)

    row: ft.Control = ft.Row([*tools, more], spacing=0, tight=True)
    if not ui.compact:  # without anything to listen for, it is an error
        row = ft.GestureDetector(row, on_enter=entered, exclude_from_semantics=True)
    return ft.Row([row], spacing=0, alignment=side)

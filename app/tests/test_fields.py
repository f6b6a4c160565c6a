"""Fields keep what is typed in them, to the last letter."""

import asyncio

import flet as ft
from app_drawing import draw
from flet.components.component import Component, Renderer

from parley_app.components.composer import Composer, ComposerActions
from parley_app.components.fields import use_typing


def test_drawing_anew_keeps_what_was_typed():
    told = ["first"]
    field = Component(fn=lambda: use_typing(told[0]))

    def drawn():
        field._state.hook_cursor = 0  # as Flet begins each drawing
        return Renderer(field).render(field.fn)

    assert drawn().value == "first"
    drawn().value = "typed, and not heard of yet"
    told[0] = "an older text"
    assert drawn().value == "typed, and not heard of yet"


def test_the_letter_before_enter_is_sent():
    sent, begun = [], []

    async def send(text):
        sent.append(text)

    def refuse(*_):
        raise AssertionError

    def composer(_):
        actions = ComposerActions(lambda _: None, send, refuse, refuse, refuse, refuse, lambda: False, refuse)
        return Composer("ben", "", actions, ft.Container())

    tree = draw(composer, None, run_task=begun.append)
    box = next(control for control, _ in tree if isinstance(control, ft.TextField))
    for text in ("hell", "hello"):
        box.value = text
        box.on_change(ft.Event("change", box))
    box.on_submit()
    asyncio.run(begun[0]())
    assert sent == ["hello"]

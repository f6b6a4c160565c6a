"""Fields keep what is typed in them, to the last letter."""

import asyncio

import flet as ft
from app_drawing import draw
from flet.components.component import Component, Renderer

from parley_app.components.composer import Composer
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

    async def attach():
        raise AssertionError

    def composer(_):
        return Composer("ben", "", lambda _: None, send, attach, lambda _: None)

    tree = draw(composer, None, run_task=begun.append)
    box = next(control for control, _ in tree if isinstance(control, ft.TextField))
    for text in ("hell", "hello"):
        box.value = text
        box.on_change(ft.Event("change", box))
    box.on_submit()
    asyncio.run(begun[0]())
    assert sent == ["hello"]

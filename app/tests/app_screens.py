"""What stands on a drawn screen, and what is pressed there."""

import flet as ft
from app_drawing import draw

from parley_app.main import _screen


def said(tree):
    """What stands on the screen, as words and as names."""
    return {each for control, _ in tree for each in _words(control)}


def button(tree, label):
    """The button of this name, or that holds these words."""
    return next(
        each
        for control, above in tree
        if label in _words(control)
        for each in reversed(above)
        if isinstance(each, ft.TextButton | ft.IconButton)
    )


def field(tree, label):
    """The field of this name."""
    return next(
        control
        for control, above in tree
        if isinstance(control, ft.TextField) and any(label in _words(each) for each in above)
    )


async def press(world, label, component=_screen):
    """Press a button, and wait for what it does."""
    button(draw(component, world.app), label).on_click()
    await world.settle()


async def enter(world, label, value, component=_screen):
    """Type into a field and press Enter there."""
    box = field(draw(component, world.app), label)
    box.value = value
    box.on_change(ft.Event("change", box))
    box.on_submit(None)
    await world.settle()


def _words(control):
    if isinstance(control, ft.Semantics):
        return {control.label}
    return {control.value, control.semantics_label} if isinstance(control, ft.Text) else set()

"""Draws a component without a page, down to the controls that Flet would send to the screen."""

import dataclasses
from types import SimpleNamespace

import flet as ft
from flet.components.component import Component, Renderer
from flet.controls.base_control import BaseControl
from flet.controls.context import _context_page

from parley_app.components.avatar import FacesContext
from parley_app.model.faces import NoFaces
from parley_app.theme import Ui, UiContext, palette


def draw(component, app, *, width=1440.0, height=900.0, dark=False, run_task=lambda *_: None):
    """Every control below the component, each with its ancestors from the root down."""
    page = SimpleNamespace(width=width, height=height, run_task=run_task)
    page.platform_brightness = ft.Brightness.LIGHT
    token = _context_page.set(page)
    try:
        ui = Ui(palette(dark=dark, high_contrast=False), width, height)
        faces = getattr(app, "faces", None) or NoFaces()
        root = Component(fn=lambda: UiContext(ui, lambda: FacesContext(faces, lambda: component(app))))
        return list(_walk(root, ()))
    finally:
        _context_page.reset(token)


def texts(component, app):
    """Everything that is written below the component."""
    return [control.value for control, _ in draw(component, app) if isinstance(control, ft.Text)]


def _walk(control, above):
    if isinstance(control, Component):
        drawn = Renderer(control).render(control.fn, *control.args, **control.kwargs)
        for part in drawn if isinstance(drawn, list) else [drawn]:
            yield from _walk(part, above)
        return
    yield control, above
    for child in _children(control):
        yield from _walk(child, (*above, control))


def _children(control):
    for field in dataclasses.fields(control):
        if field.name.startswith("_") or field.name == "parent":
            continue
        value = getattr(control, field.name, None)
        for each in value if isinstance(value, list | tuple) else [value]:
            if isinstance(each, BaseControl) and dataclasses.is_dataclass(each):
                yield each

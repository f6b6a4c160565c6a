"""What the forms of the gate have in common: the server's field, what failed, what was done."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import flet as ft

from parley_app import words
from parley_app.components.fields import Field
from parley_app.components.surfaces import Note
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.forms import Form
from parley_app.theme import Ui


def fault(ui: Ui, text: str) -> list[ft.Control]:
    """What failed, where something did."""
    return [ft.Semantics(content=Note(ui.c.danger, Glyph.WARNING_CIRCLE, text), live_region=True)] if text else []


def done(ui: Ui, text: str) -> list[ft.Control]:
    """What was done, where something was."""
    return [ft.Semantics(content=Note(ui.c.success, Glyph.CHECK_CIRCLE, text), live_region=True)] if text else []


def server_field(app: App, form: Form) -> list[ft.Control]:
    """Which server, where the system does not say."""
    if app.session.server_given:
        return []
    return [
        Field(
            words.SERVER,
            form["server"],
            helper=words.SERVER_HELP,
            fault=form.faults.get("server", ""),
            glyph=Glyph.GLOBE_SIMPLE,
            on_change=lambda value: form.fill("server", value),
            kind=ft.KeyboardType.URL,
        )
    ]


def named(form: Form, name: str) -> Callable[[str], object]:
    """A handler that fills a field of the form."""
    return lambda value: form.fill(name, value)


def run(app: App, work: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], object]:
    """A handler that does the work."""
    return lambda: app.spawn(work())

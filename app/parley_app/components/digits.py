"""The six digits that one device shows and another one is told."""

from __future__ import annotations

import flet as ft

from parley_app import device_words
from parley_app.components.surfaces import Card
from parley_app.theme import use_ui
from parley_app.tokens import Type


@ft.component
def Digits(label: str, digits: str) -> ft.Control:
    """Six digits, large, in two groups; read out as what they are for."""
    ui = use_ui()
    spaced = device_words.spaced(digits)
    text = ui.text(spaced, Type.TITLE, align=ft.TextAlign.CENTER)
    return ft.Semantics(
        content=Card(ft.Row([text], alignment=ft.MainAxisAlignment.CENTER)),
        label=f"{label}: {spaced}",
        exclude_semantics=True,
        container=True,
        live_region=True,
    )

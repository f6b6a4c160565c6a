"""Whether newcomers read what was said before they came: a switch for those who may, a sentence for all others."""

from __future__ import annotations

import flet as ft

from parley_app import room_words
from parley_app.components.settings_rows import PickRow, SwitchRow
from parley_app.components.surfaces import Card
from parley_app.model.app import App
from parley_app.model.governing import Governing


@ft.component
def HistoryRule(app: App, governing: Governing) -> ft.Control:
    """The rule of the open group, which has been loaded."""

    def change(shared: bool) -> None:
        app.spawn(app.do(governing.share_history(shared)))

    on, detail = governing.shares_history, governing.history_detail
    if governing.may("history") and not governing.busy:
        return Card(SwitchRow(room_words.HISTORY, detail, on=on, on_change=change), padding=0)
    return Card(PickRow(room_words.HISTORY, detail, room_words.ON if on else room_words.OFF, None), padding=0)

"""What others see of this person, who finds them, and whom they have blocked."""

from __future__ import annotations

import flet as ft

from parley_app import room_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.layout import keyed
from parley_app.components.settings_rows import Group, SwitchRow, ruled
from parley_app.components.status import RowSkeleton, Shimmering
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.privacy import SETTINGS, SHOWN
from parley_app.screens.relations import Standing
from parley_app.screens.settings_page import PRIVACY, SettingsPage
from parley_app.theme import use_ui


def _row(app: App, name: str) -> ft.Control:
    title, detail = room_words.PRIVACY_ROWS[name]

    def change(on: bool) -> None:
        app.spawn(app.privacy.change(name, on=on))

    return keyed(name, SwitchRow)(title, detail, on=app.privacy.values[name], on_change=change)


@ft.component
def PrivacyScreen(app: App) -> ft.Control:
    """A switch for each, once the server has said how they stand."""
    ui = use_ui()
    privacy = app.privacy
    use_watched(privacy)
    ft.use_effect(lambda: app.spawn(privacy.load()) and None, [])
    body: list[ft.Control] = []
    if privacy.fault:
        again = Button(words.TRY_AGAIN, Kind.SECONDARY, on_click=lambda: app.spawn(privacy.load()))
        said = Note(ui.c.danger, Glyph.WARNING_CIRCLE, privacy.fault, action=None if privacy.loaded else again)
        body.append(ft.Semantics(content=said, live_region=True))
    elif not privacy.loaded:
        bones = ft.Column([RowSkeleton(4) for _ in SETTINGS], spacing=0, tight=True)
        body.append(ft.Semantics(content=Shimmering(bones), label=words.LOADING))
    if privacy.loaded:
        body.append(Group(room_words.WHAT_OTHERS_SEE, ruled([_row(app, name) for name in SHOWN])))
        body.append(Note(ui.c.info, Glyph.INFO, room_words.FAIR, room_words.FAIR_TEXT))
    strangers = _row(app, "strangers") if privacy.loaded else None
    body.append(keyed("standing", Standing)(app, strangers))
    return SettingsPage(app, PRIVACY, room_words.PRIVACY, room_words.PRIVACY_LEAD, body)

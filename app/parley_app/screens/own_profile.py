"""What one shows of oneself: a picture, a name, a few words."""

from __future__ import annotations

import flet as ft

from parley_app import profile_words
from parley_app.components.buttons import Button, Kind
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.own_profile import OwnProfile
from parley_app.screens.account_page import account_page, doing, entry, said, unknown
from parley_app.screens.pictures import OwnFace
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Space


def _known(app: App, ui: Ui, form: OwnProfile) -> list[ft.Control]:
    save = doing(app, form.save)
    face = ft.Row([OwnFace(app)], alignment=ft.MainAxisAlignment.CENTER if ui.compact else ft.MainAxisAlignment.START)
    pronouns = entry(form, "pronouns", profile_words.PRONOUNS, save, hint=profile_words.PRONOUNS_HINT)
    zone = entry(
        form,
        "time_zone",
        profile_words.TIME_ZONE,
        save,
        hint=profile_words.TIME_ZONE_HINT,
        helper=profile_words.TIME_ZONE_HELP,
    )
    return [
        face,
        entry(form, "display_name", profile_words.NAME, save, helper=profile_words.NAME_HELP, glyph=Glyph.USER_CIRCLE),
        entry(form, "about", profile_words.ABOUT, save, helper=profile_words.ABOUT_HELP),
        *([pronouns, zone] if ui.compact else [_beside(pronouns, zone)]),
        *said(ui, fault=form.fault, done=profile_words.SAVED if form.done else ""),
        ft.Row([Button(profile_words.SAVE, Kind.PRIMARY, on_click=save, disabled=form.busy)]),
    ]


def _beside(*fields: ft.Control) -> ft.Control:
    parts: list[ft.Control] = [ft.Container(field, expand=True) for field in fields]
    return ft.Row(parts, spacing=Space.LG, vertical_alignment=ft.CrossAxisAlignment.START)


@ft.component
def ProfileScreen(app: App) -> ft.Control:
    """The fields, once the server has said what stands in them."""
    ui = use_ui()
    form = app.session.security.profile
    use_watched(form)
    ft.use_effect(lambda: app.spawn(form.load()) and None, [])
    body = _known(app, ui, form) if form.loaded else unknown(app, ui, form.fault, form.load)
    return account_page(app, profile_words.PROFILE, profile_words.PROFILE_LEAD, body)

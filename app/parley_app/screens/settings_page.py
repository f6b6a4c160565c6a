"""What all sections of the settings have in common: their list, and the page of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import flet as ft

from parley_app import room_words, words
from parley_app.components.avatar import PersonAvatar
from parley_app.components.buttons import IconButton
from parley_app.components.layout import at_least
from parley_app.components.pressable import Pressable
from parley_app.components.surfaces import PaneHeader
from parley_app.icons import Glyph
from parley_app.model import app as routes
from parley_app.model.app import App
from parley_app.screens.frame import Workspace
from parley_app.theme import use_ui
from parley_app.tokens import Family, Layout, Size, Space, Type

APPEARANCE: Final = f"{routes.SETTINGS}/appearance"
ACCOUNT: Final = f"{routes.SETTINGS}/account"
OWN_EMAIL: Final = f"{ACCOUNT}/email"
OWN_PASSWORD: Final = f"{ACCOUNT}/password"
SECOND_STEP: Final = f"{ACCOUNT}/second-step"
PASSKEYS: Final = f"{ACCOUNT}/passkeys"
OWN_SESSIONS: Final = f"{ACCOUNT}/sessions"
LINK_OTHER: Final = f"{OWN_SESSIONS}/link"
#: A device of the person follows, by its id.
LOCK_OUT: Final = f"{OWN_SESSIONS}/lock-out"
OWN_PROFILE: Final = f"{ACCOUNT}/profile"
OWN_INVITATIONS: Final = f"{ACCOUNT}/invitations"
KEY_LOG: Final = f"{ACCOUNT}/keys"
NEW_RECOVERY_KEY: Final = f"{ACCOUNT}/recovery-key"
RECOVERY_WORDS: Final = f"{ACCOUNT}/recovery-words"
RECOVERY_PASSKEY: Final = f"{ACCOUNT}/recovery-passkey"
APP_LOCK: Final = f"{ACCOUNT}/lock"
OWN_DATA: Final = f"{ACCOUNT}/data"
PRIVACY: Final = f"{routes.SETTINGS}/privacy"
NOTIFICATIONS: Final = f"{routes.SETTINGS}/notifications"
SECTIONS: Final = (
    (words.APPEARANCE, Glyph.PALETTE, APPEARANCE, words.APPEARANCE_DETAIL),
    (words.ACCOUNT, Glyph.USER_CIRCLE, ACCOUNT, words.ACCOUNT_DETAIL),
    (room_words.PRIVACY, Glyph.EYE_SLASH, PRIVACY, room_words.PRIVACY_DETAIL),
    (words.NOTIFICATIONS, Glyph.BELL_SIMPLE, NOTIFICATIONS, words.NOTIFICATIONS_DETAIL),
)


@ft.component
def Identity(app: App, size: int = Size.AVATAR) -> ft.Control:
    """Who is signed in, and where."""
    ui = use_ui()
    host = app.session.server.removeprefix("https://")
    lines: list[ft.Control] = [
        ui.text(app.session.me.name, Type.LABEL_STRONG, lines=1),
        ui.text(f"@{app.session.me.name} · {host}" if ui.compact else host, Type.META, ui.c.ink_3, lines=1),
    ]
    return ft.Row(
        [PersonAvatar(app.session.me, size), ft.Column(lines, spacing=0, tight=True, expand=True)], spacing=Space.MD
    )


@ft.component
def NavItem(app: App, name: str, glyph: Glyph, route: str, *, here: bool) -> ft.Control:
    """A section beside the page."""
    ui = use_ui()
    ink = ui.c.accent_ink if here else ui.c.ink
    row = ft.Row(
        [
            ui.icon(glyph, Size.ICON, ink if here else ui.c.ink_2, family=Family.ICON_FILL if here else Family.ICON),
            ui.text(name, Type.LABEL_STRONG if here else Type.LABEL, ink, expand=True),
        ],
        spacing=Space.MD,
    )
    return Pressable(
        at_least(ui.control, row),
        lambda: app.go(route),
        padding=ft.Padding.symmetric(horizontal=Space.MD),
        fill=ui.c.accent_soft if here else ft.Colors.TRANSPARENT,
        selected=here,
    )


@ft.component
def SettingsNav(app: App, active: str) -> ft.Control:
    """All sections, at the left of a wide window."""
    ui = use_ui()
    me = ft.Container(Identity(app), padding=ft.Padding.only(left=Space.SM, top=Space.SM, bottom=Space.MD))
    items = [NavItem(app, name, glyph, route, here=route == active) for name, glyph, route, _ in SECTIONS]
    return ft.Container(
        ft.Column(
            [
                PaneHeader(words.SETTINGS),
                ft.ListView([me, *items], spacing=Space.HAIR, padding=ft.Padding.all(Space.MD), expand=True),
            ],
            spacing=0,
        ),
        width=Layout.SETTINGS_NAV + Space.XL,
        bgcolor=ui.c.surface,
        border=ft.Border(right=ft.BorderSide(1, ui.c.line)),
    )


@ft.component
def SettingsPage(app: App, route: str, title: str, lead: str, body: Sequence[ft.Control], back: str = "") -> ft.Control:
    """One section, or with `back` a page below it: cards in one column."""
    ui = use_ui()
    heading = ft.Semantics(content=ui.text(title, Type.TITLE), header=True)
    way_back = IconButton(Glyph.ARROW_LEFT, words.BACK, lambda: app.go(back or routes.SETTINGS))
    intro = [] if ui.compact else [ft.Row([way_back, heading], spacing=Space.SM) if back else heading]
    head = ft.Column([*intro, ui.text(lead, Type.BODY, ui.c.ink_2)], spacing=Space.XS, tight=True)
    column = ft.Column([head, *body], spacing=Space.LG, horizontal_alignment=ft.CrossAxisAlignment.STRETCH, tight=True)
    if ui.compact:
        header = PaneHeader(title, [way_back])
        page = ft.ListView([column], expand=True, padding=ft.Padding.all(Space.LG))
        pane = ft.Container(ft.Column([header, page], spacing=0), expand=True)
        return Workspace(app, words.SETTINGS, [pane], bar=False)
    width = min(Size.TEXT_COLUMN + Space.XXL, ui.width - Layout.RAIL - Layout.SETTINGS_NAV - 3 * Space.XL)
    middle = ft.Column(
        [ft.Container(column, width=width, padding=ft.Padding.symmetric(vertical=Space.XXL))],
        scroll=ft.ScrollMode.AUTO,
        horizontal_alignment=ft.CrossAxisAlignment.CENTER,
        expand=True,
    )
    side = ft.Container(middle, expand=True, alignment=ft.Alignment.TOP_CENTER)
    return Workspace(app, words.SETTINGS, [SettingsNav(app, route), side])

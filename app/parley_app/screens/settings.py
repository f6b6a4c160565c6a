"""Settings: appearance, account, notifications, and leaving. A list of its own on a phone."""

from __future__ import annotations

from functools import partial
from typing import Final

import flet as ft

from parley_app import account_words, entrance_words, lock_words, profile_words, recovery_words, rights_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.layout import at_least, keyed
from parley_app.components.overlay import Dialog, DialogOver
from parley_app.components.pressable import Pressable
from parley_app.components.settings_rows import FactRow, Group, SwitchRow, ruled
from parley_app.components.surfaces import Card, Note, Rule, Tag
from parley_app.components.theme_cards import ThemeCard
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import app as routes
from parley_app.model.app import App
from parley_app.model.own_email import OwnEmail
from parley_app.model.preferences import Theme
from parley_app.screens.app_lock import AppLockScreen
from parley_app.screens.frame import Workspace
from parley_app.screens.key_log import KeyLogScreen
from parley_app.screens.link_other import LinkOtherScreen
from parley_app.screens.locking_out import LockOutScreen
from parley_app.screens.new_recovery_key import NewRecoveryKeyScreen
from parley_app.screens.own_data import OwnDataScreen
from parley_app.screens.own_email import EmailScreen
from parley_app.screens.own_invitations import InvitationsScreen
from parley_app.screens.own_passkeys import PasskeysScreen
from parley_app.screens.own_password import PasswordScreen
from parley_app.screens.own_profile import ProfileScreen
from parley_app.screens.own_sessions import SessionsScreen
from parley_app.screens.privacy import PrivacyScreen
from parley_app.screens.recovery_passkey import RecoveryPasskeyScreen
from parley_app.screens.recovery_words import RecoveryWordsScreen
from parley_app.screens.second_step import SecondStepScreen
from parley_app.screens.settings_page import (
    ACCOUNT,
    APP_LOCK,
    APPEARANCE,
    KEY_LOG,
    LINK_OTHER,
    LOCK_OUT,
    NEW_RECOVERY_KEY,
    NOTIFICATIONS,
    OWN_DATA,
    OWN_EMAIL,
    OWN_INVITATIONS,
    OWN_PASSWORD,
    OWN_PROFILE,
    OWN_SESSIONS,
    PASSKEYS,
    PRIVACY,
    RECOVERY_PASSKEY,
    RECOVERY_WORDS,
    SECOND_STEP,
    SECTIONS,
    Identity,
    SettingsPage,
)
from parley_app.theme import Ui, palette, use_ui
from parley_app.tokens import Palette, Size, Space, Type

#: What decides who may sign in, and under whose keys, each on a page of its own.
_WAYS: Final = (
    (Glyph.KEY, words.PASSWORD, account_words.PASSWORD_DETAIL, OWN_PASSWORD),
    (Glyph.SHIELD_CHECK, account_words.STEP, account_words.STEP_DETAIL, SECOND_STEP),
    (Glyph.FINGERPRINT, account_words.PASSKEYS, account_words.PASSKEYS_DETAIL, PASSKEYS),
    (Glyph.KEY, recovery_words.NEW_KEY, recovery_words.NEW_KEY_DETAIL, NEW_RECOVERY_KEY),
    (Glyph.KEY, recovery_words.WORDS, recovery_words.WORDS_DETAIL, RECOVERY_WORDS),
    (Glyph.FINGERPRINT, recovery_words.PASSKEY, recovery_words.PASSKEY_DETAIL, RECOVERY_PASSKEY),
    (Glyph.LOCK_KEY, lock_words.LOCK, lock_words.LOCK_DETAIL, APP_LOCK),
    (Glyph.DEVICES, account_words.SESSIONS, account_words.SESSIONS_DETAIL, OWN_SESSIONS),
    (Glyph.TICKET, entrance_words.INVITATIONS, entrance_words.INVITATIONS_DETAIL, OWN_INVITATIONS),
    (Glyph.KEY, account_words.KEYS, account_words.KEYS_DETAIL, KEY_LOG),
    (Glyph.DOWNLOAD_SIMPLE, rights_words.DATA, rights_words.DATA_DETAIL, OWN_DATA),
)


_PROFILE: Final = (profile_words.PROFILE, profile_words.PROFILE_DETAIL, OWN_PROFILE)


@ft.component
def LinkRow(app: App, glyph: Glyph, title: str, detail: str, route: str, tag: str = "") -> ft.Control:
    """A row that opens a section: icon, name, what it holds, caret; `tag` where something is to be done there."""
    ui = use_ui()
    lines = ft.Column(
        [ui.text(title, Type.LABEL_STRONG), ui.text(detail, Type.SMALL, ui.c.ink_2)], spacing=0, tight=True, expand=True
    )
    row = ft.Row(
        [
            ui.icon(glyph, Size.ICON_LG, ui.c.ink_2),
            lines,
            *([Tag(tag, ui.c.warning, Glyph.WARNING)] if tag else []),
            ui.icon(Glyph.CARET_RIGHT, Size.ICON_SM, ui.c.ink_3),
        ],
        spacing=Space.LG,
    )
    return Pressable(
        at_least(Size.ROW, row),
        lambda: app.go(route),
        padding=ft.Padding.symmetric(horizontal=Space.LG),
        radius=0,
        label=f"{title}, {detail}",
    )


@ft.component
def SettingsList(app: App) -> ft.Control:
    """What a phone opens with."""
    ui = use_ui()
    rows: list[ft.Control] = []
    for name, glyph, route, detail in SECTIONS:
        rows += [LinkRow(app, glyph, name, detail, route), Rule(Space.LG + Size.ICON_LG + Space.LG)]
    title = ft.Container(
        ft.Semantics(content=ui.text(words.SETTINGS, Type.TITLE), header=True),
        padding=ft.Padding.only(left=Space.LG, top=Space.MD + Space.XS),
    )
    page = ft.ListView(
        [
            ft.Container(Identity(app, Size.AVATAR_LG), padding=ft.Padding.symmetric(vertical=Space.SM)),
            ft.Container(
                Card(ft.Column(rows[:-1], spacing=0, tight=True), padding=0),
                clip_behavior=ft.ClipBehavior.ANTI_ALIAS,
                border_radius=Space.LG,
            ),
        ],
        expand=True,
        spacing=Space.LG,
        padding=ft.Padding.all(Space.LG),
    )
    return Workspace(
        app, words.SETTINGS, [ft.Container(ft.Column([title, page], spacing=0), expand=True, bgcolor=ui.c.surface)]
    )


@ft.component
def AppearanceScreen(app: App) -> ft.Control:
    """Theme and contrast, drawn before they are chosen."""
    ui = use_ui()
    preferences = app.preferences
    use_watched(preferences)
    contrast = preferences.high_contrast

    def choose(theme: Theme) -> None:
        app.spawn(preferences.choose(theme=theme))

    light, dark = (palette(dark=dark, high_contrast=contrast) for dark in (False, True))
    everything: tuple[tuple[Theme, str, tuple[Palette, ...]], ...] = (
        ("light", words.THEME_LIGHT, (light,)),
        ("dark", words.THEME_DARK, (dark,)),
        ("system", words.THEME_SYSTEM, (light, dark)),
    )
    cards = [
        keyed(name, ThemeCard)(label, palettes, on=preferences.theme == name, on_click=partial(choose, name))
        for name, label, palettes in everything
    ]
    wide = ft.Row(cards, spacing=Space.MD)
    narrow = ft.Column([ft.Row(cards[:2], spacing=Space.MD), ft.Row(cards[2:])], spacing=Space.MD, tight=True)
    switch = SwitchRow(
        words.HIGH_CONTRAST,
        words.HIGH_CONTRAST_DETAIL,
        on=contrast,
        on_change=lambda on: app.spawn(preferences.choose(high_contrast=on)),
    )
    return SettingsPage(
        app,
        APPEARANCE,
        words.APPEARANCE,
        words.APPEARANCE_LEAD,
        [narrow if ui.compact else wide, Card(switch, padding=0)],
    )


def _email_row(app: App, email: OwnEmail) -> ft.Control:
    """The way to the address. That it is not confirmed stands in the row itself: nothing jumps when the server has answered."""
    if email.loaded and not email.confirmed:
        detail, tag = account_words.EMAIL_UNCONFIRMED_DETAIL, account_words.EMAIL_UNCONFIRMED_TAG
        return LinkRow(app, Glyph.AT, words.EMAIL, detail, OWN_EMAIL, tag)
    return LinkRow(app, Glyph.AT, words.EMAIL, account_words.EMAIL_DETAIL, OWN_EMAIL)


@ft.component
def AccountScreen(app: App) -> ft.Control:
    """Who one is here, the recovery key, and leaving this device."""
    ui = use_ui()
    email = app.session.security.email
    use_watched(app.session, email)
    ft.use_effect(lambda: app.spawn(email.load()) and None, [])
    asking, set_asking = ft.use_state(False)
    fault, set_fault = ft.use_state("")

    async def leave() -> None:
        set_fault(await app.log_out())
        set_asking(False)

    facts = ruled(
        [
            FactRow(words.USERNAME, f"@{app.session.me.name}"),
            FactRow(words.SERVER, app.session.server),
            FactRow(words.THIS_DEVICE, app.session.device_id),
            FactRow(words.RECOVERY_KEY, words.RECOVERY_HINT),
        ]
    )
    page = SettingsPage(
        app,
        ACCOUNT,
        words.ACCOUNT,
        words.ACCOUNT_LEAD,
        [
            Card(LinkRow(app, Glyph.USER_CIRCLE, *_PROFILE), padding=0),
            Group(words.ACCOUNT, facts),
            Group(account_words.SAFETY, ruled([_email_row(app, email), *(LinkRow(app, *row) for row in _WAYS)])),
            *([Note(ui.c.danger, Glyph.WARNING_CIRCLE, fault)] if fault else []),
            ui.text(words.LOG_OUT_DETAIL, Type.SMALL, ui.c.ink_2),
            ft.Row([Button(words.LOG_OUT, Kind.DANGER, Glyph.SIGN_OUT, on_click=lambda: set_asking(True))]),
        ],
    )
    if not asking:
        return page
    dialog = Dialog(
        words.LOG_OUT_TITLE,
        [ui.text(words.LOG_OUT_TEXT, Type.SMALL, ui.c.ink_2)],
        [
            Button(words.CANCEL, Kind.SECONDARY, on_click=lambda: set_asking(False)),
            Button(words.LOG_OUT_BUTTON, Kind.DANGER, Glyph.SIGN_OUT, on_click=lambda: app.spawn(leave())),
        ],
        lambda: set_asking(False),
    )
    return DialogOver(page, dialog, lambda: set_asking(False))


@ft.component
def NotificationsScreen(app: App) -> ft.Control:
    """Whether Parley may call, and a trial."""
    ui = use_ui()
    notifications = app.notifications
    use_watched(notifications)
    ft.use_effect(lambda: app.spawn(notifications.load()) and None, [])
    said = (
        [ft.Semantics(content=ui.text(notifications.said, Type.SMALL), live_region=True)] if notifications.said else []
    )
    body = [*_notifications_body(app, ui), *said]
    return SettingsPage(app, NOTIFICATIONS, words.NOTIFICATIONS, words.NOTIFICATIONS_LEAD, body)


def _notifications_body(app: App, ui: Ui) -> list[ft.Control]:
    """What stands there, and what can be done about it."""
    notifications, run = app.notifications, app.spawn
    busy = notifications.busy
    match notifications.state:
        case None:
            return [ui.text(words.NOTIFICATIONS_LOADING, Type.SMALL, ui.c.ink_2)]
        case "on":
            test = Button(words.TEST, Kind.PRIMARY, on_click=lambda: run(notifications.test()), disabled=busy)
            off = Button(
                words.TURN_OFF, Kind.SECONDARY, on_click=lambda: run(notifications.switch(on=False)), disabled=busy
            )
            return [
                Note(ui.c.success, Glyph.BELL_RINGING, words.NOTIFICATIONS_ON),
                ft.Row([test, off], spacing=Space.SM),
                ui.text(words.TEST_DETAIL, Type.META, ui.c.ink_3),
            ]
        case "off":
            turn_on = Button(
                words.TURN_ON,
                Kind.PRIMARY,
                Glyph.BELL_SIMPLE,
                on_click=lambda: run(notifications.switch(on=True)),
                disabled=busy,
            )
            return [
                Note(ui.c.info, Glyph.BELL_SLASH, words.NOTIFICATIONS_OFF),
                ft.Row([turn_on]),
                ui.text(words.NOTIFICATIONS_OFF_TEXT, Type.META, ui.c.ink_3),
            ]
        case "denied":
            return [Note(ui.c.warning, Glyph.BELL_SLASH, words.NOTIFICATIONS_DENIED)]
        case _:
            return [Note(ui.c.info, Glyph.BELL_SLASH, words.NOTIFICATIONS_UNSUPPORTED)]


#: By route; a phone opens the list, a wide window the first section.
_PAGES: Final = {
    ACCOUNT: AccountScreen,
    PRIVACY: PrivacyScreen,
    NOTIFICATIONS: NotificationsScreen,
    OWN_EMAIL: EmailScreen,
    OWN_PROFILE: ProfileScreen,
    OWN_PASSWORD: PasswordScreen,
    SECOND_STEP: SecondStepScreen,
    PASSKEYS: PasskeysScreen,
    OWN_SESSIONS: SessionsScreen,
    LINK_OTHER: LinkOtherScreen,
    OWN_INVITATIONS: InvitationsScreen,
    KEY_LOG: KeyLogScreen,
    APP_LOCK: AppLockScreen,
    NEW_RECOVERY_KEY: NewRecoveryKeyScreen,
    RECOVERY_WORDS: RecoveryWordsScreen,
    RECOVERY_PASSKEY: RecoveryPasskeyScreen,
    OWN_DATA: OwnDataScreen,
}


@ft.component
def SettingsScreen(app: App) -> ft.Control:
    """The section that the route names."""
    if app.route in _PAGES:
        return _PAGES[app.route](app)
    if app.route.startswith(f"{LOCK_OUT}/"):
        return LockOutScreen(app, app.route.removeprefix(f"{LOCK_OUT}/"))
    return SettingsList(app) if app.route == routes.SETTINGS and use_ui().compact else AppearanceScreen(app)

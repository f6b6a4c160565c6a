"""The panes of a group beside its details: invitation links, and who may do what."""

from __future__ import annotations

import datetime as dt
from functools import partial

import flet as ft

from parley_app import channel_words, room_words, words
from parley_app.components.buttons import Button, IconButton, Kind
from parley_app.components.layout import keyed
from parley_app.components.pane import SidePane
from parley_app.components.settings_rows import PickRow, SwitchRow, ruled
from parley_app.components.status import RowSkeleton, Shimmering
from parley_app.components.surfaces import Card, Note, SectionLabel
from parley_app.components.watching import use_watched
from parley_app.engine import Json
from parley_app.icons import Glyph
from parley_app.model import member_menus, times
from parley_app.model.app import App
from parley_app.model.governing import PERMISSIONS, Governing
from parley_app.model.layers import Spot
from parley_app.screens.sharing import HistoryRule
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Radius, Size, Space, Type


def _back(app: App) -> None:
    app.show_pane("details")


def _state(app: App, ui: Ui, governing: Governing) -> list[ft.Control]:
    """What stands in place of what is not there: loading or failed; also a fault beside what is."""
    if governing.fault:
        again = Button(words.TRY_AGAIN, Kind.SECONDARY, on_click=lambda: app.spawn(governing.load()))
        failed = room_words.INFO_FAILED if governing.group else channel_words.INFO_FAILED
        title, text = (governing.fault, "") if governing.loaded else (failed, governing.fault)
        said = Note(ui.c.danger, Glyph.WARNING_CIRCLE, title, text, None if governing.loaded else again)
        return [ft.Semantics(content=said, live_region=True)]
    if not governing.loaded:
        return [ft.Semantics(content=Shimmering(RowSkeleton(4)), label=words.LOADING)]
    return []


@ft.component
def LinkCard(app: App, governing: Governing, link: Json) -> ft.Control:
    """A link: its address where this device holds it, how it stands, and its end."""
    ui = use_ui()
    copied, set_copied = ft.use_state(False)
    page = ft.context.page

    async def copy() -> None:
        await ft.Clipboard().set(link["url"])
        set_copied(True)

    until = ""
    if link["expires_at"]:
        now, moment = dt.datetime.now().astimezone(), times.parse(link["expires_at"])
        until = times.clock(moment) if moment.date() == now.date() else f"{moment.day} {words.MONTHS[moment.month - 1]}"
    state = room_words.link_state(link["uses"], link["uses_max"], until, automatic=link["automatic"])
    address: ft.Control = ui.text(room_words.LINK_ELSEWHERE, Type.SMALL, ui.c.ink_2)
    if link["url"]:
        shown = link["url"].removeprefix("https://")
        copying = IconButton(
            Glyph.CHECK if copied else Glyph.COPY,
            room_words.COPIED if copied else room_words.COPY_LINK,
            lambda: page.run_task(copy),
        )
        address = ft.Container(
            ft.Row([ui.text(shown, Type.CODE, lines=1, expand=True), copying], spacing=Space.XS),
            bgcolor=ui.c.sunken,
            border_radius=Radius.MD,
            padding=ft.Padding.only(left=Space.MD),
        )
    revoke = Button(
        room_words.REVOKE,
        Kind.DANGER,
        on_click=lambda: app.layers.show(member_menus.ask_to_revoke(app, governing, link["link_id"])),
        disabled=governing.busy,
    )
    over = [] if link["open"] else [ui.text(room_words.LINK_OVER, Type.META_STRONG, ui.c.warning.ink)]
    return ft.Semantics(
        content=Card(
            ft.Column(
                [address, *over, ui.text(state, Type.META, ui.c.ink_2), ft.Row([revoke])],
                spacing=Space.SM,
                tight=True,
                horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
            ),
            padding=Space.MD,
        ),
        container=True,
    )


@ft.component
def InvitePane(app: App, governing: Governing) -> ft.Control:
    """The links that are, and the next one."""
    ui = use_ui()
    use_watched(governing)

    def lifetime(spot: Spot) -> None:
        app.layers.show(member_menus.of_lifetime(app, governing, spot))

    def uses(spot: Spot) -> None:
        app.layers.show(member_menus.of_uses(app, governing, spot))

    def make() -> None:
        app.spawn(app.do(governing.make_link()))

    rules = Card(
        ruled(
            [
                PickRow(
                    room_words.VALID_FOR,
                    room_words.VALID_FOR_DETAIL,
                    room_words.LIFETIMES[governing.lifetime_s],
                    lifetime,
                ),
                PickRow(room_words.USES, room_words.USES_DETAIL, room_words.uses(governing.uses_max), uses),
                SwitchRow(
                    room_words.ASK_FIRST,
                    room_words.ASK_FIRST_DETAIL,
                    on=not governing.automatic,
                    on_change=lambda on: governing.choose(automatic=not on),
                ),
            ]
        ),
        padding=0,
    )
    new = Button(room_words.NEW_LINK, Kind.PRIMARY, Glyph.LINK, on_click=make, expand=True, disabled=governing.busy)
    cards = [keyed(link["link_id"], LinkCard)(app, governing, link) for link in reversed(governing.links)]
    body: list[ft.Control] = [
        *_state(app, ui, governing),
        *([SectionLabel(room_words.NEW_LINK), rules, ft.Row([new])] if governing.may("invite") else []),
        Note(ui.c.info, Glyph.INFO, room_words.EMPTY_PAGE, room_words.EMPTY_PAGE_TEXT),
        *(
            [SectionLabel(f"{room_words.LINKS} · {len(cards)}"), *cards]
            if cards
            else [ui.text(room_words.NO_LINKS, Type.META, ui.c.ink_3)] * governing.loaded
        ),
    ]
    return SidePane(room_words.INVITE_PEOPLE, body, partial(_back, app))


@ft.component
def PermissionsPane(app: App, governing: Governing) -> ft.Control:
    """From which role on people may do what; changed by who may."""
    ui = use_ui()
    use_watched(governing)

    def pick(permission: str, spot: Spot) -> None:
        app.layers.show(member_menus.of_permission(app, governing, permission, spot))

    rows = [
        keyed(permission, PickRow)(
            governing.meaning(permission),
            "",
            room_words.FROM_ROLE[governing.lowest(permission)],
            partial(pick, permission) if governing.roles_of(permission) and not governing.busy else None,
        )
        for permission in (PERMISSIONS if governing.loaded else ())
    ]
    roles = ft.Column(
        [
            ft.Row(
                [
                    ui.icon(member_menus.GLYPHS[role], Size.ICON_SM, ui.c.ink_3),
                    ui.text(f"{room_words.ROLES[role]}: {detail}", Type.META, ui.c.ink_2, expand=True),
                ],
                spacing=Space.SM,
                vertical_alignment=ft.CrossAxisAlignment.START,
            )
            for role, detail in room_words.ROLE_DETAILS.items()
        ],
        spacing=Space.SM,
        tight=True,
    )
    body: list[ft.Control] = [
        *([HistoryRule(app, governing)] if rows and governing.group else []),
        ui.text(room_words.WHO_MAY_LEAD if governing.group else channel_words.WHO_MAY_LEAD, Type.SMALL, ui.c.ink_2),
        *_state(app, ui, governing),
        *([Card(ruled(rows), padding=0)] if rows else []),
        SectionLabel(room_words.ROLES_TITLE),
        roles,
    ]
    return SidePane(room_words.WHO_MAY, body, partial(_back, app))

"""Where the app starts on every platform: a page, an engine and a bridge become the model and its views.

`show` is the whole interface: the browser's entry and `desktop` each bring their own engine and bridge.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Final

import flet as ft

from parley_app import words
from parley_app.bridge import Bridge
from parley_app.components.avatar import FacesContext
from parley_app.components.layout import keyed
from parley_app.components.watching import use_watched
from parley_app.engine import Engine
from parley_app.late_answers import let_late_answers_go
from parley_app.model import app as routes
from parley_app.model import channels as channel_routes
from parley_app.model.app import App
from parley_app.screens import (
    app_lock,
    beginning_anew,
    by_provider,
    channel_search,
    channels,
    chats,
    confirming,
    forgotten,
    gate,
    joining,
    link_here,
    new_chat,
    settings,
)
from parley_app.screens.layers import Layers
from parley_app.screens.switcher import Switcher
from parley_app.screens.terms import TermsScreen
from parley_app.screens.viewer import Viewer
from parley_app.theme import Ui, UiContext, material_theme, palette, use_ui
from parley_app.tokens import FONTS, Palette

_ARROWS: Final = {"Arrow Up": -1, "Arrow Down": 1}
_DEFAULT_SIZE: Final = (1440.0, 900.0)
_SCREENS: Final = {
    routes.WELCOME: gate.Welcome,
    routes.SIGN_UP: gate.SignUp,
    routes.CONFIRM: confirming.ConfirmAddress,
    routes.SIGN_IN: gate.SignIn,
    routes.RESTORE: gate.Restore,
    routes.CODE: gate.GiveCode,
    routes.FORGOT: forgotten.ForgotPassword,
    routes.RESET: forgotten.NewPassword,
    routes.ANEW: beginning_anew.BeginAnewScreen,
    routes.LINK: link_here.LinkHereScreen,
    routes.PROVIDER: by_provider.ProviderScreen,
    routes.LOCKED: app_lock.LockedScreen,
    routes.KEY: gate.KeepKey,
    routes.KEY_CONFIRM: gate.ConfirmKey,
    routes.NEW: new_chat.NewChatScreen,
    routes.NEW_GROUP: new_chat.NewGroupScreen,
    routes.JOIN: joining.JoinScreen,
    routes.PEOPLE: new_chat.PeopleScreen,
    channel_routes.DIRECTORY: channels.DirectoryScreen,
    channel_routes.NEW: channels.NewChannelScreen,
    channel_routes.SEARCH: channel_search.SearchScreen,
}


def _screen(app: App) -> ft.Control:
    if app.session.phase == "starting":
        return keyed("starting", gate.Starting)(app)
    if app.telling.due is not None and app.session.phase == "signed_in":
        return keyed("terms", TermsScreen)(app)
    if app.route.startswith(routes.SETTINGS):
        return keyed(app.route, settings.SettingsScreen)(app)
    screen = _SCREENS.get(app.route, chats.ChatsScreen)
    return keyed(app.route if app.route in _SCREENS else routes.CHATS, screen)(app)


def _top(app: App) -> list[ft.Control]:
    """What lies over the screen. To be called inside the look: a component keeps the one that it is made in."""
    # It has a place: what has none would make the Stack as small as itself.
    top: list[ft.Control] = [ft.Container(keyed("floating", Floating)(app), left=0, top=0, width=0, height=0)]
    if app.switcher:
        top.append(keyed("switcher", Switcher)(app))
    if app.picture is not None:
        top.append(keyed(app.picture.key, Viewer)(app, app.picture))
    return top


@ft.component
def Floating(app: App) -> ft.Control:
    """What floats stands in a route of its own: the focus stays in it, and goes back to where it was."""
    ui = use_ui()
    use_watched(app.layers)
    dialog = None
    if app.layers.shown is not None:
        dialog = ft.AlertDialog(
            content=ft.Container(keyed("layers", Layers)(app), width=ui.width, height=ui.height),
            modal=True,
            inset_padding=0,
            content_padding=0,
            actions_padding=0,
            bgcolor=ft.Colors.TRANSPARENT,
            elevation=0,
            shape=ft.RoundedRectangleBorder(radius=0),
            barrier_color=ft.Colors.TRANSPARENT,
        )
    ft.use_dialog(dialog)
    return ft.Container(width=0, height=0)


@ft.component
def Root(app: App) -> ft.Control:
    """The screen of the route, in the palette of the preferences, with what lies on top."""
    page = ft.context.page
    size, set_size = ft.use_state((page.width or _DEFAULT_SIZE[0], page.height or _DEFAULT_SIZE[1]))
    system_dark, set_system_dark = ft.use_state(page.platform_brightness == ft.Brightness.DARK)
    use_watched(app, app.preferences, app.session, app.telling)

    def listen() -> None:
        page.on_resize = lambda event: set_size((event.width, event.height))
        page.on_platform_brightness_change = lambda event: set_system_dark(event.data == ft.Brightness.DARK.value)

    ft.use_effect(listen, [])
    preferences = app.preferences
    dark = system_dark if preferences.theme == "system" else preferences.theme == "dark"
    colours = palette(dark=dark, high_contrast=preferences.high_contrast)
    ft.use_effect(lambda: _paint(page, colours), [colours])
    return UiContext(
        Ui(colours, *size),
        lambda: FacesContext(
            app.faces,
            lambda: ft.SafeArea(
                ft.Stack([ft.Container(_screen(app), left=0, right=0, top=0, bottom=0), *_top(app)], expand=True),
                expand=True,
            ),
        ),
    )


def _paint(page: ft.Page, colours: Palette) -> None:
    """The Material theme below our own components, and the colour behind everything."""
    page.theme = page.dark_theme = material_theme(colours)
    page.theme_mode = ft.ThemeMode.DARK if colours.dark else ft.ThemeMode.LIGHT
    page.bgcolor = colours.ground
    page.update()


def show(page: ft.Page, engine: Engine, bridge: Bridge) -> App:
    """Draw the app on a page, from now until the page is closed; the model is for tests."""

    def spawn(work: Coroutine[Any, Any, None]) -> object:
        async def run() -> None:
            await work

        try:
            return page.run_task(run)
        except RuntimeError:  # the page has gone while something was still on its way
            work.close()
            return None

    let_late_answers_go()
    app = App(engine, bridge, spawn)
    page.title = words.APP
    page.fonts = dict(FONTS)
    page.padding = 0
    page.spacing = 0
    page.on_keyboard_event = lambda event: _pressed(app, event)
    page.on_route_change = lambda event: app.moved(event.route)
    page.on_app_lifecycle_state_change = lambda event: spawn(app.watch(watched=_in_sight(event)))
    page.on_close = lambda _: app.stop()
    app.observe(lambda: _follow(page, app))
    page.render(Root, app)
    spawn(app.start(page.route))
    return app


def _follow(page: ft.Page, app: App) -> None:
    """The page's address says where somebody is."""
    if page.route != app.route and app.session.phase != "starting":
        page.run_task(page.push_route, app.route)


def _pressed(app: App, event: ft.KeyboardEvent) -> None:
    """The keys that work everywhere."""
    app.spawn(app.lock.touched())
    if event.key.upper() == "K" and (event.ctrl or event.meta):
        app.toggle_switcher()
    elif event.key == "Escape":
        app.escape()
    elif event.key in _ARROWS:
        app.arrow(_ARROWS[event.key])
    elif event.key == "Context Menu" or (event.key == "F10" and event.shift):
        app.show_room_menu()


def _in_sight(event: ft.AppLifecycleStateChangeEvent) -> bool:
    return event.state in {ft.AppLifecycleState.RESUME, ft.AppLifecycleState.SHOW}

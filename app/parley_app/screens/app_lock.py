"""The app lock: the page in front of a locked device, and the one in the settings."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import flet as ft

from parley_app import lock_words
from parley_app.components.buttons import Button, Kind
from parley_app.components.channel_rows import Kept
from parley_app.components.layout import keyed
from parley_app.components.settings_rows import ChoiceRow, Group, ruled
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.app_lock import AppLock
from parley_app.screens.account_page import account_page, buttons, doing, entry, said, unknown
from parley_app.screens.frame import Gate
from parley_app.screens.gate_form import fault
from parley_app.theme import Ui, use_ui


@ft.component
def LockedScreen(app: App) -> ft.Control:
    """The passphrase; and what to do where it is forgotten."""
    ui = use_ui()
    lock = app.lock
    use_watched(lock)
    go = doing(app, lock.unlock)
    if lock.forgetting:
        erase = Button(lock_words.ERASE, Kind.DANGER, Glyph.TRASH, large=True, on_click=doing(app, lock.forget))
        body = [
            Note(ui.c.warning, Glyph.WARNING, lock_words.FORGOTTEN_TITLE, lock_words.FORGOTTEN_TEXT),
            *fault(ui, lock.fault),
            erase,
            Button(lock_words.KEEP, Kind.SECONDARY, large=True, on_click=lambda: lock.ask_to_forget(forgetting=False)),
        ]
        return Gate(lock_words.LOCKED, lock_words.LOCKED_LEAD, body)
    label = lock_words.UNLOCKING if lock.busy else lock_words.UNLOCK
    by_passkey = Button(
        lock_words.BY_PASSKEY,
        Kind.SECONDARY,
        Glyph.FINGERPRINT,
        large=True,
        on_click=doing(app, lock.unlock_by_passkey),
        disabled=lock.busy,
    )
    body = [
        entry(lock, "passphrase", lock_words.PASSPHRASE, go, password=True, glyph=Glyph.LOCK_KEY, autofocus=True),
        *fault(ui, lock.fault),
        Button(label, Kind.PRIMARY, large=True, on_click=go, disabled=lock.busy),
        *([by_passkey] if lock.passkey and lock.possible else []),
        Button(lock_words.FORGOTTEN, Kind.QUIET, on_click=lambda: lock.ask_to_forget(forgetting=True)),
    ]
    return Gate(lock_words.LOCKED, lock_words.LOCKED_LEAD, body)


@ft.component
def AppLockScreen(app: App) -> ft.Control:
    """Putting a lock on; or when it closes, another passphrase, and its end."""
    ui = use_ui()
    lock = app.lock
    use_watched(lock)
    ft.use_effect(lambda: app.spawn(lock.load()) and None, [], lock.leave)
    if lock.on is None:
        body = unknown(app, ui, lock.fault, lock.load)
    else:
        body = [*said(ui, done=lock.done), *(_with_lock(app, ui, lock) if lock.on else _without(app, ui, lock))]
    return account_page(app, lock_words.LOCK, lock_words.LOCK_LEAD, body)


def _idle(app: App, lock: AppLock) -> ft.Control:
    rows = [
        keyed(f"{idle_s}", ChoiceRow)(
            name, detail, doing(app, partial(lock.choose_idle, idle_s)), on=lock.idle_s == idle_s
        )
        for idle_s, (name, detail) in lock_words.IDLE_TIMES.items()
    ]
    return Group(lock_words.IDLE, ruled(rows))


def _new(app: App, ui: Ui, lock: AppLock, go: Callable[[], object]) -> list[ft.Control]:
    """Words to write down, where some were drawn, and the new passphrase, typed twice."""
    drawn: list[ft.Control] = [
        ft.Row([Button(lock_words.DRAW, Kind.SECONDARY, on_click=doing(app, lock.draw), disabled=lock.busy)])
    ]
    if lock.drawn:
        note = Note(ui.c.info, Glyph.INFO, lock_words.DRAWN, lock_words.DRAWN_TEXT)
        drawn = [ft.Semantics(content=note, live_region=True), Kept(lock_words.DRAWN, lock.drawn)]
    return [
        *drawn,
        entry(lock, "new", lock_words.NEW, go, password=True, glyph=Glyph.KEY, helper=lock_words.NEW_HELP),
        entry(lock, "again", lock_words.AGAIN, go, password=True, glyph=Glyph.KEY),
        *said(ui, fault=lock.fault),
    ]


def _without(app: App, ui: Ui, lock: AppLock) -> list[ft.Control]:
    go = doing(app, lock.put_on)
    label = lock_words.PUTTING_ON if lock.busy else lock_words.PUT_ON
    return [
        Note(ui.c.info, Glyph.LOCK_KEY, lock_words.LOCK_OFF, lock_words.LOCK_OFF_TEXT),
        *_new(app, ui, lock, go),
        _idle(app, lock),
        Note(ui.c.warning, Glyph.WARNING, lock_words.FORGET_WARNING, lock_words.FORGET_WARNING_TEXT),
        ft.Row([Button(label, Kind.PRIMARY, Glyph.LOCK_KEY, on_click=go, disabled=lock.busy)]),
    ]


def _with_lock(app: App, ui: Ui, lock: AppLock) -> list[ft.Control]:
    go = doing(app, lock.change)
    off = Button(lock_words.TAKE_OFF, Kind.DANGER, on_click=doing(app, lock.take_off), disabled=lock.busy)
    change = Button(lock_words.CHANGE, Kind.PRIMARY, on_click=go, disabled=lock.busy)
    return [
        Note(ui.c.success, Glyph.LOCK_KEY, lock_words.LOCK_ON, lock_words.LOCK_ON_TEXT),
        ft.Row([Button(lock_words.NOW, Kind.SECONDARY, Glyph.LOCK_KEY, on_click=doing(app, app.lock_now))]),
        _idle(app, lock),
        entry(lock, "passphrase", lock_words.PRESENT, go, password=True, glyph=Glyph.LOCK_KEY),
        *_new(app, ui, lock, go),
        buttons(ui, change, off),
        *_passkey(app, ui, lock),
    ]


def _passkey(app: App, ui: Ui, lock: AppLock) -> list[ft.Control]:
    """A passkey besides the passphrase, where this system has them."""
    if lock.passkey:
        end = Button(
            lock_words.PASSKEY_REMOVE, Kind.SECONDARY, on_click=doing(app, lock.remove_passkey), disabled=lock.busy
        )
        return [Note(ui.c.success, Glyph.FINGERPRINT, lock_words.PASSKEY_ADDED), ft.Row([end])]
    if not lock.possible:
        return []
    add = Button(
        lock_words.PASSKEY_ADD,
        Kind.SECONDARY,
        Glyph.FINGERPRINT,
        on_click=doing(app, lock.add_passkey),
        disabled=lock.busy,
    )
    return [Note(ui.c.info, Glyph.FINGERPRINT, lock_words.PASSKEY, lock_words.PASSKEY_TEXT), ft.Row([add])]

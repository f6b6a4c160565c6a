"""When one is reminded of a message, what stands, and the notice of what is due."""

from __future__ import annotations

import datetime as dt

import flet as ft

from parley_app import kept_words, words
from parley_app.components.buttons import Button, IconButton, Kind
from parley_app.components.layout import at_least, keyed
from parley_app.components.overlay import Dialog
from parley_app.components.pressable import Handler, Pressable
from parley_app.components.status import RowSkeleton, Shimmering
from parley_app.components.surfaces import Note, Tag
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import marks, reminding
from parley_app.model.app import App
from parley_app.model.layers import RemindersList, RemindOf
from parley_app.model.reminders import Reminder, moments
from parley_app.screens.floating import over, quoted
from parley_app.screens.scheduling import moment_page
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Family, Radius, Size, Space, Type


@ft.component
def RemindLayer(app: App, layer: RemindOf) -> ft.Control:
    """The message, and the moment."""
    ui = use_ui()
    form = app.reminders
    use_watched(form)
    place, item = app.place(in_thread=layer.in_thread), app.item(layer.sequence, in_thread=layer.in_thread)
    if place is None or item is None:
        return ft.Container(width=0, height=0)
    now = dt.datetime.now().astimezone()
    author = marks.name_of({"user_id": item["user_id"], "username": item["sender"]}, place.me)

    def go() -> None:
        app.spawn(reminding.confirm(app, layer))

    page = moment_page(ui, form, moments(now), now, go, head=[quoted(ui, author, marks.preview(item))])
    buttons = [
        Button(words.CANCEL, Kind.SECONDARY, on_click=app.layers.close, autofocus=True),
        Button(form.sentence(now), Kind.PRIMARY, Glyph.ALARM, on_click=go, disabled=form.busy),
    ]
    return over(app, Dialog(kept_words.REMIND, [page], buttons, app.layers.close, kept_words.REMIND_LEAD))


@ft.component
def ReminderRow(app: App, reminder: Reminder) -> ft.Control:
    """A press goes to the message; the other button puts the reminder away."""
    ui = use_ui()
    said = ui.text(reminder.when, Type.META, ui.c.ink_3, lines=1)
    below = ft.Row([Tag(kept_words.DUE, ui.c.warning, Glyph.ALARM), said] if reminder.due else [said], spacing=Space.SM)
    lines = ft.Column(
        [
            *([ui.text(reminder.author, Type.META_STRONG, ui.c.ink_2, lines=1)] if reminder.author else []),
            ui.text(reminder.text, Type.SMALL, lines=2),
            below,
        ],
        spacing=Space.HAIR,
        tight=True,
        expand=True,
    )
    mark = ui.icon(
        Glyph.ALARM,
        Size.ICON,
        ui.c.warning.ink if reminder.due else ui.c.accent_ink,
        family=Family.ICON_FILL if reminder.due else Family.ICON,
    )
    go = Pressable(
        at_least(Size.ROW, ft.Row([mark, lines], spacing=Space.MD)),
        lambda: app.spawn(reminding.go_to(app, reminder.place)),
        padding=ft.Padding.symmetric(horizontal=Space.SM, vertical=Space.XS),
        label=kept_words.reminder(reminder.author, reminder.text, reminder.when, due=reminder.due),
        expand=True,
    )
    away = IconButton(
        Glyph.CHECK,
        kept_words.put_away(reminder.text),
        lambda: app.spawn(app.do(app.reminders.forget(reminder.place))),
    )
    return ft.Row([go, away], spacing=Space.XS)


@ft.component
def RemindersLayer(app: App, _: RemindersList) -> ft.Control:
    """All that stands, the next first."""
    ui = use_ui()
    form = app.reminders
    use_watched(form)
    found = form.rows(app.session.me, dt.datetime.now().astimezone())
    rows = [keyed(each.key, ReminderRow)(app, each) for each in found]
    body: list[ft.Control] = []
    if form.fault:
        again = Button(words.TRY_AGAIN, Kind.SECONDARY, on_click=lambda: app.spawn(form.load(anew=True)))
        body.append(
            ft.Semantics(content=Note(ui.c.danger, Glyph.WARNING_CIRCLE, form.fault, action=again), live_region=True)
        )
    elif not form.loaded:
        body.append(ft.Semantics(content=Shimmering(RowSkeleton(4)), label=words.LOADING))
    elif not rows:
        body.append(ui.text(kept_words.NO_REMINDERS, Type.SMALL, ui.c.ink_2))
    if rows:
        height = min(len(rows) * (Size.ROW + Space.XL), ui.height - 4 * Size.ROW)
        body.append(ft.ListView(rows, height=height, spacing=Space.XS))
    close = Button(words.CLOSE, Kind.SECONDARY, on_click=app.layers.close, autofocus=True)
    return over(app, Dialog(kept_words.REMINDERS, body, [close], app.layers.close, kept_words.REMINDERS_LEAD))


def _pill(ui: Ui, label: str, on_click: Handler) -> ft.Control:
    return Pressable(
        ui.text(label, Type.LABEL_STRONG, ui.c.info.ink),
        on_click,
        padding=ft.Padding.symmetric(horizontal=Space.SM, vertical=Space.SM if ui.compact else Space.HAIR),
        radius=Radius.SM,
        outline=ui.c.info.ink,
    )


@ft.component
def DueNotice(app: App) -> ft.Control:
    """One line above the panes while something is due, with the way to it; nothing else."""
    ui = use_ui()
    reminders = app.reminders
    use_watched(reminders)
    due = reminders.notices(app.session.me, dt.datetime.now().astimezone())
    if not due:
        return ft.Container(height=0)
    one = due[0]

    def show() -> None:
        if len(due) == 1:
            app.spawn(reminding.go_to(app, one.place))
        else:
            reminders.close_notices()
            reminding.show_all(app)

    def put_away() -> None:
        app.spawn(app.do(reminders.forget(one.place)))

    sentence = ui.text(kept_words.due(len(due), one.author, one.text), Type.LABEL, ui.c.info.ink, lines=1)
    parts: list[ft.Control] = [
        ui.icon(Glyph.ALARM, Size.ICON_SM, ui.c.info.ink, family=Family.ICON_BOLD),
        ft.Container(sentence, expand=True, expand_loose=True),
        _pill(ui, kept_words.SHOW_REMINDER, show),
        *([_pill(ui, kept_words.PUT_AWAY, put_away)] if len(due) == 1 else []),
    ]
    return ft.Semantics(
        content=ft.Container(
            ft.Row(parts, spacing=Space.SM if ui.compact else Space.MD, alignment=ft.MainAxisAlignment.CENTER),
            bgcolor=ui.c.info.soft,
            padding=ft.Padding.symmetric(horizontal=Space.LG, vertical=Space.XS),
        ),
        live_region=True,
        container=True,
    )


@ft.component
def RemindersButton(app: App) -> ft.Control:
    """The way to the reminders, while there are any."""
    use_watched(app.reminders)
    now = dt.datetime.now().astimezone()
    found = app.reminders.rows(app.session.me, now)
    if not found:
        return ft.Container(width=0)
    due = any(each.due for each in found)
    return IconButton(Glyph.ALARM, kept_words.REMINDERS, lambda: reminding.show_all(app), selected=due)

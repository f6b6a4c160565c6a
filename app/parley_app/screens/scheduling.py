"""When something is sent later, and what waits to be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial

import flet as ft

from parley_app import channel_words, room_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.calendar import MonthGrid
from parley_app.components.fields import Field
from parley_app.components.layout import at_least, keyed, use_spot
from parley_app.components.overlay import Dialog
from parley_app.components.pressable import Pressable
from parley_app.components.settings_rows import ChoiceRow, ruled
from parley_app.components.surfaces import Card, Note
from parley_app.components.watching import still, use_watched
from parley_app.icons import Glyph
from parley_app.model import chats, later
from parley_app.model.app import App
from parley_app.model.layers import ScheduledList, SendLater, Spot
from parley_app.model.moment import Moment, Preset, presets
from parley_app.model.schedule import Waiting
from parley_app.screens.floating import over
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Radius, Size, Space, Type


def moment_page(
    ui: Ui,
    form: Moment,
    offered: Sequence[Preset],
    now: dt.datetime,
    go: Callable[[], None],
    head: Sequence[ft.Control] = (),
    foot: str = "",
) -> ft.Control:
    """Moments that people often mean, a month, and the time; `head` stands above and the sentence `foot` below."""
    rows = [
        keyed(each.label, ChoiceRow)(
            each.label,
            f"{words.WEEKDAYS[each.moment.weekday()]}, {each.moment:%H:%M}",
            on=form.moment() == each.moment,
            on_click=partial(form.choose, each.moment),
        )
        for each in offered
    ]
    grid = MonthGrid(form.month, form.weeks(now), form.day, now.date(), form.pick, form.turn_month)
    time = keyed(f"time-{form.turn}", Field)(
        room_words.TIME,
        form["time"],
        helper=room_words.TIME_HELP,
        fault=form.faults.get("time", ""),
        glyph=Glyph.CLOCK,
        on_change=form.type_time,
        on_submit=go,
    )
    fault = [Note(ui.c.danger, Glyph.WARNING_CIRCLE, form.fault)] if form.fault else []
    said = [ui.text(foot, Type.META, ui.c.ink_3)] if foot else []
    return ft.ListView(
        [*head, Card(ruled(rows), padding=0), grid, time, *fault, *said],
        spacing=Space.MD,
        height=min(Size.DIALOG + Size.ROW, ui.height - 4 * Size.ROW),
        padding=ft.Padding.symmetric(vertical=Space.XS),
    )


@ft.component
def SendLaterLayer(app: App, layer: SendLater) -> ft.Control:
    """Moments that people often mean, a month, and the time."""
    ui = use_ui()
    form = app.schedule
    use_watched(form)
    now = dt.datetime.now().astimezone()
    unlocked = app.conversation is not None and chats.is_open(app.conversation.summary)

    def go() -> None:
        app.spawn(later.confirm(app, layer.client_id))

    def close() -> None:
        app.layers.close()

    foot = channel_words.SEND_LATER_TEXT if unlocked else room_words.SEND_LATER_TEXT
    page = moment_page(ui, form, presets(now), now, go, foot=foot)
    send = Button(form.sentence(now), Kind.PRIMARY, Glyph.CLOCK_COUNTDOWN, on_click=go, disabled=form.busy)
    cancel = Button(words.CANCEL, Kind.SECONDARY, on_click=close, autofocus=True)
    return over(app, Dialog(room_words.SEND_LATER, [page], [cancel, send], close))


@ft.component
def WaitingRow(app: App, waiting: Waiting) -> ft.Control:
    """A message that waits; a press opens what can be done with it."""
    ui = use_ui()
    spot, placed = use_spot()
    detail = waiting.when if waiting.held else f"{waiting.when} · {room_words.NOT_HELD}"
    lines = ft.Column(
        [ui.text(waiting.text, Type.LABEL, lines=2), ui.text(detail, Type.META, ui.c.ink_3, lines=2)],
        spacing=0,
        tight=True,
        expand=True,
    )
    row = ft.Row([ui.icon(Glyph.CLOCK, Size.ICON, ui.c.accent_ink), lines], spacing=Space.MD)
    return placed(
        Pressable(
            at_least(Size.ROW - Space.MD, row),
            lambda: app.layers.show(later.of_waiting(app, waiting, spot.current or Spot())),
            padding=ft.Padding.symmetric(horizontal=Space.SM),
            label=room_words.scheduled(waiting.text, detail),
        )
    )


@ft.component
def ScheduledLayer(app: App, _: ScheduledList) -> ft.Control:
    """All that waits in the open conversation."""
    ui = use_ui()
    use_watched(app.schedule)
    where = app.opened or ""
    rows = [
        keyed(each.client_id, WaitingRow)(app, each) for each in app.schedule.of(where, dt.datetime.now().astimezone())
    ]
    page: ft.Control = ui.text(room_words.NOTHING_SCHEDULED, Type.SMALL, ui.c.ink_2)
    if rows:
        page = ft.ListView(rows, height=min(len(rows) * Size.ROW, ui.height - 4 * Size.ROW))
    close = Button(words.CLOSE, Kind.SECONDARY, on_click=app.layers.close, autofocus=True)
    return over(app, Dialog(room_words.SCHEDULED, [page], [close], app.layers.close))


@still
@ft.component
def ScheduledStrip(app: App, conversation_id: str) -> ft.Control:
    """Above the composer: how much waits to be sent later, and the way to it; nothing while nothing does."""
    ui = use_ui()
    use_watched(app.schedule)
    count = len(app.schedule.of(conversation_id, dt.datetime.now().astimezone()))
    if not count:
        return ft.Container(height=0)
    sentence = room_words.scheduled_count(count)
    row = ft.Row(
        [
            ui.icon(Glyph.CLOCK, Size.ICON_SM, ui.c.accent_ink),
            ui.text(sentence, Type.META_STRONG, ui.c.ink_2, lines=1),
            ui.text(room_words.SHOW, Type.META_STRONG, ui.c.accent_ink),
        ],
        spacing=Space.SM,
        tight=True,
    )
    pill = Pressable(
        row,
        lambda: app.layers.show(ScheduledList()),
        padding=ft.Padding.symmetric(horizontal=Space.MD, vertical=Space.MD if ui.compact else Space.XS),
        radius=Radius.PILL,
        outline=ui.c.line,
        label=f"{sentence}. {room_words.SHOW}",
    )
    return ft.Container(ft.Row([pill]), padding=ft.Padding.only(left=ui.gutter, right=ui.gutter, bottom=Space.SM))

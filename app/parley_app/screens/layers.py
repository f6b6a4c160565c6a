"""What floats above the conversation: menus, the emoji picker, a question, the form of a new poll."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from parley_app import words
from parley_app.components.buttons import Button, Kind
from parley_app.components.emoji import EmojiPicker
from parley_app.components.fields import Field
from parley_app.components.layout import keyed
from parley_app.components.message_menu import AddingMenu, MessageMenu
from parley_app.components.overlay import Dialog
from parley_app.components.settings_rows import SwitchRow
from parley_app.components.surfaces import Card, Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import later, menus, reminding
from parley_app.model.app import App
from parley_app.model.conversation import Conversation
from parley_app.model.layers import (
    Adding,
    Choices,
    CompareNumber,
    MenuOf,
    NewFolder,
    NewKeys,
    NewPoll,
    PickerFor,
    Question,
    RemindersList,
    RemindOf,
    ReportOf,
    ScheduledList,
    SendLater,
    SetLifetime,
    ShowPerson,
    SignInAgain,
    Spot,
)
from parley_app.model.menus import Action
from parley_app.model.poll_form import PollForm
from parley_app.screens import (
    account_page,
    asking,
    comparing,
    lifetimes,
    new_keys,
    person,
    reminders,
    reporting,
    scheduling,
)
from parley_app.screens.floating import floating, over
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Layout, Size, Space, Width


def _column_left(app: App, ui: Ui) -> float:
    """Where the column of the conversation begins, with its gutter."""
    left = Layout.RAIL + Layout.LIST
    pane = Layout.DETAILS if app.details else Layout.THREAD if app.thread is not None else 0
    area = ui.width - left - (pane if ui.window is Width.WIDE else 0)
    return left + max(0.0, (area - Size.TEXT_COLUMN - 2 * ui.gutter) / 2)


async def _copy(text: str) -> None:
    await ft.Clipboard().set(text)


def _work(app: App, page: ft.Page, place: Conversation, layer: MenuOf, action: Action) -> None:
    """Do what was chosen in a message's menu."""
    item = place.item(layer.sequence)
    app.layers.close()
    if item is None:
        return
    match action:
        case Action.REPLY:
            place.reply(item)
        case Action.THREAD:
            app.open_thread(layer.sequence)
        case Action.EDIT:
            place.correct(item)
        case Action.COPY:
            page.run_task(_copy, item["text"])
        case Action.PIN | Action.UNPIN:
            app.spawn(app.do(place.deeds.pin(item)))
        case Action.CLOSE_POLL:
            app.spawn(app.do(place.deeds.close_poll(item)))
        case _:
            _ask(app, place, layer, action)


def _ask(app: App, place: Conversation, layer: MenuOf, action: Action) -> None:
    """Do what asks more first, or what is this person's own matter."""
    match action:
        case Action.UNREAD:
            app.spawn(app.mark_unread(place.conversation_id, layer.sequence))
        case Action.REMIND:
            reminding.begin(app, layer.sequence, in_thread=layer.in_thread)
        case Action.REMIND_NOT:
            app.spawn(app.do(app.reminders.forget((place.conversation_id, layer.sequence))))
        case Action.REPORT:
            app.reporting.begin()
            app.layers.show(ReportOf(layer.sequence, layer.in_thread))
        case Action.DELETE:
            menus.ask_to_delete(app, layer.sequence, in_thread=layer.in_thread)


@ft.component
def Menu(app: App, layer: MenuOf) -> ft.Control:
    """The actions of a message."""
    place, item = app.place(in_thread=layer.in_thread), app.item(layer.sequence, in_thread=layer.in_thread)
    if place is None or item is None:
        return ft.Container(width=0, height=0)
    page = ft.context.page
    reminded = app.reminders.stands(place.conversation_id, layer.sequence)
    groups = menus.actions_of(item, place.summary, place.me.user_id, in_thread=layer.in_thread, reminded=reminded)

    def react(emoji: str) -> None:
        app.layers.close()
        app.spawn(app.react(layer.sequence, emoji, in_thread=layer.in_thread))

    def act(action: Action) -> None:
        _work(app, page, place, layer, action)

    menu = MessageMenu(
        groups,
        react,
        lambda: app.show_picker(layer.sequence, layer.spot, in_thread=layer.in_thread),
        act,
        reacting=place.writable,
    )
    rows = sum(len(group) for group in groups) + place.writable
    height = rows * (Size.MENU_ROW + Space.XS) + len(groups) * Space.MD
    return floating(app, menu, layer.spot, Size.MENU, height)


@ft.component
def Picker(app: App, layer: PickerFor) -> ft.Control:
    """All emoji: for a message, or for what is being written."""
    ui = use_ui()

    def pick(emoji: str) -> None:
        place = app.place(in_thread=layer.in_thread)
        app.layers.close()
        if layer.sequence:
            app.spawn(app.react(layer.sequence, emoji, in_thread=layer.in_thread))
        elif place is not None:
            app.spawn(app.preferences.use_emoji(emoji))
            place.insert(emoji)

    picker = EmojiPicker(app.preferences.emoji, pick, app.layers.close)
    spot = layer.spot
    if spot.x is None and not layer.sequence:  # above the composer's button
        side = 0 if layer.in_thread or ui.window is not Width.WIDE else Layout.DETAILS * app.details
        side += Layout.THREAD * (app.thread is not None and not layer.in_thread and ui.window is Width.WIDE)
        spot = Spot(ui.width - side - Size.POPOVER / 2 - ui.gutter, ui.height)
    return floating(app, picker, spot, Size.POPOVER, Size.EMOJI_LIST_H + 2 * Size.ROW, padding=0)


@ft.component
def AddingLayer(app: App, layer: Adding) -> ft.Control:
    """What can be put into a message."""
    ui = use_ui()
    page = ft.context.page
    place = app.place(in_thread=layer.in_thread)
    if place is None:
        return ft.Container(width=0, height=0)

    async def pick() -> None:
        for file in await ft.FilePicker().pick_files(file_type=ft.FilePickerFileType.IMAGE, with_data=True):
            if file.bytes is None:
                place.complain(words.FAULTS["attachment_broken"])
            else:
                place.attach(file.name, file.bytes)

    def picture() -> None:
        app.layers.close()
        page.run_task(pick)

    def send_later() -> None:
        later.begin(app)

    poll, wait = (None, None) if layer.in_thread else (app.show_poll_form, send_later)
    menu = AddingMenu(picture, poll, wait)
    left = ui.width - Layout.THREAD if layer.in_thread else _column_left(app, ui)
    spot = Spot(left + Size.MENU / 2 + ui.gutter, ui.height - Size.AVATAR_XL)
    return floating(app, menu, spot, Size.MENU, 3 * Size.MENU_ROW + Size.AVATAR_XL)


def _answer(form: PollForm, number: int, *, fault: str) -> ft.Control:
    def fill(value: str) -> None:
        form.fill(f"answer-{number}", value)

    return keyed(f"answer-{form.turn}-{number}", Field)(
        words.answer_field(number + 1),
        form[f"answer-{number}"],
        hint=words.ANOTHER_ANSWER,
        fault=fault,
        on_change=fill,
    )


@ft.component
def NewPollForm(app: App, form: PollForm) -> ft.Control:
    """A question, two to twenty answers, and whether one may choose several."""
    ui = use_ui()
    use_watched(form)

    def send() -> None:
        app.spawn(app.send_poll())

    def several(on: bool) -> None:
        form.choose(several=on)

    fields: list[ft.Control] = [
        keyed(f"question-{form.turn}", Field)(
            words.QUESTION,
            form["question"],
            fault=form.faults.get("question", ""),
            on_change=lambda value: form.fill("question", value),
            autofocus=True,
        ),
        *(_answer(form, number, fault=form.faults.get(f"answer-{number}", "")) for number in range(form.count)),
    ]
    if not form.full:
        more = Button(words.ADD_ANSWER, Kind.QUIET, Glyph.PLUS, on_click=form.add)
        fields.append(ft.Row([more]))
    switch = SwitchRow(words.SEVERAL, words.SEVERAL_DETAIL, on=form.several, on_change=several)
    page = ft.ListView(
        [*fields, Card(switch, padding=0)],
        spacing=Space.MD,
        height=min(Size.CARD, ui.height - 4 * Size.ROW),
        padding=ft.Padding.symmetric(vertical=Space.XS),
    )
    fault = [Note(ui.c.danger, Glyph.WARNING_CIRCLE, form.fault)] if form.fault else []
    return over(
        app,
        Dialog(
            words.NEW_POLL,
            [page, *fault],
            [
                Button(words.CANCEL, Kind.SECONDARY, on_click=app.layers.close),
                Button(words.SEND_POLL, Kind.PRIMARY, Glyph.CHART_BAR_HORIZONTAL, on_click=send, disabled=form.busy),
            ],
            app.layers.close,
        ),
    )


_LAYERS: dict[type, Callable[..., ft.Control]] = {
    MenuOf: Menu,
    PickerFor: Picker,
    Adding: AddingLayer,
    Choices: asking.ChoicesLayer,
    Question: asking.QuestionLayer,
    NewFolder: asking.FolderLayer,
    SendLater: scheduling.SendLaterLayer,
    ScheduledList: scheduling.ScheduledLayer,
    SetLifetime: lifetimes.LifetimeLayer,
    RemindOf: reminders.RemindLayer,
    RemindersList: reminders.RemindersLayer,
    ReportOf: reporting.ReportLayer,
    CompareNumber: comparing.CompareLayer,
    NewKeys: new_keys.NewKeysLayer,
    ShowPerson: person.PersonLayer,
    SignInAgain: account_page.SignInAgainLayer,
}


@ft.component
def Layers(app: App) -> ft.Control:
    """Whatever floats; nothing while nothing does."""
    use_watched(app.layers, app.preferences)
    layer = app.layers.shown
    if layer is None:
        return ft.Container(width=0, height=0)
    if isinstance(layer, NewPoll):
        return keyed("new-poll", NewPollForm)(app, app.poll_form)
    return keyed(f"{layer}", _LAYERS[type(layer)])(app, layer)

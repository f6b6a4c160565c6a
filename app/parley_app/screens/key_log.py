"""How the log of everybody's keys stands: who has checked it, how far it goes, and what is wrong with it."""

from __future__ import annotations

import datetime as dt

import flet as ft

from parley_app import account_words
from parley_app.components.buttons import Button, Kind
from parley_app.components.settings_rows import FactRow, Group, ruled
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.engine import Json
from parley_app.icons import Glyph
from parley_app.model import times
from parley_app.model.app import App
from parley_app.model.layers import Question
from parley_app.screens.account_page import account_page, doing, said, unknown
from parley_app.theme import Ui, use_ui


def _standing(ui: Ui, status: Json) -> ft.Control:
    match status["state"]:
        case "alarm":
            sentences = "\n".join(account_words.KEYS_ALARMS[alarm["code"]] for alarm in status["alarms"])
            return Note(ui.c.danger, Glyph.SHIELD_WARNING, account_words.KEYS_ALARM, sentences)
        case "stale":
            return Note(ui.c.warning, Glyph.SHIELD_WARNING, account_words.KEYS_STALE, account_words.KEYS_STALE_TEXT)
        case "witnessed":
            told = account_words.witnessed(status["at_least"])
            return Note(ui.c.success, Glyph.SHIELD_CHECK, told, account_words.KEYS_WITNESSED_TEXT)
        case "self_audited":
            return Note(
                ui.c.info, Glyph.SHIELD_CHECK, account_words.KEYS_SELF_AUDITED, account_words.KEYS_SELF_AUDITED_TEXT
            )
        case _:
            return Note(ui.c.info, Glyph.SHIELD_SLASH, account_words.KEYS_UNKNOWN)


def _beginning(app: App) -> Question:
    begin = doing(app, app.session.security.key_log.start_anew)
    return Question(
        account_words.KEYS_ANEW_TITLE,
        account_words.KEYS_ANEW_TEXT,
        account_words.KEYS_ANEW,
        Glyph.SHIELD_WARNING,
        begin,
    )


def _known(app: App, ui: Ui, status: Json) -> list[ft.Control]:
    facts = [FactRow(account_words.KEYS_SIZE, account_words.keys_size(status["size"]))]
    if status["signed_at"]:
        signed = dt.datetime.fromtimestamp(status["signed_at"], dt.UTC)
        facts.append(FactRow(account_words.KEYS_SIGNED, times.short(signed, dt.datetime.now().astimezone())))
    facts += [FactRow(witness["name"], account_words.keys_size(witness["size"])) for witness in status["witnesses"]]
    again = Button(account_words.KEYS_ANEW, Kind.DANGER, on_click=lambda: app.layers.show(_beginning(app)))
    return [
        _standing(ui, status),
        Group(account_words.KEYS_SECTION, ruled(facts)),
        *([ft.Row([again])] if status["alarms"] else []),
    ]


@ft.component
def KeyLogScreen(app: App) -> ft.Control:
    """The state in one sentence, then the numbers."""
    ui = use_ui()
    form = app.session.security.key_log
    use_watched(form)
    ft.use_effect(lambda: app.spawn(form.load()) and None, [])
    if form.status is None:
        body = unknown(app, ui, form.fault, form.load)
    else:
        body = [*_known(app, ui, form.status), *said(ui, fault=form.fault)]
    return account_page(app, account_words.KEYS, account_words.KEYS_LEAD, body)

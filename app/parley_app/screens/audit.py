"""The pane that lists what moderators did, for those who moderate."""

from __future__ import annotations

import datetime as dt

import flet as ft

from parley_app import audit_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.layout import disc, keyed
from parley_app.components.pane import SidePane
from parley_app.components.status import RowSkeleton, Shimmering
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.audit import DeedLine
from parley_app.model.governing import Governing
from parley_app.theme import use_ui
from parley_app.tokens import Radius, Size, Space, Type


@ft.component
def DeedRow(line: DeedLine) -> ft.Control:
    """One deed, and when."""
    ui = use_ui()
    face = disc(ui.icon(line.glyph, Size.ICON_SM), ui.c.sunken, Size.AVATAR_SM, Radius.SM)
    said = ft.Column(
        [ui.text(line.text, Type.SMALL), ui.text(line.when, Type.META, ui.c.ink_3, lines=1)],
        spacing=0,
        tight=True,
        expand=True,
    )
    row = ft.Row([face, said], spacing=Space.MD, vertical_alignment=ft.CrossAxisAlignment.START)
    return ft.Semantics(content=row, container=True)


@ft.component
def AuditPane(app: App, governing: Governing) -> ft.Control:
    """The newest deeds first, read anew whenever the group has changed."""
    ui = use_ui()
    audit = governing.audit
    use_watched(governing, audit)
    ft.use_effect(lambda: app.spawn(audit.load()) and None, [governing.version])
    lines = [keyed(line.key, DeedRow)(line) for line in audit.rows(app.session.me, dt.datetime.now().astimezone())]
    again = Button(words.TRY_AGAIN, Kind.SECONDARY, on_click=lambda: app.spawn(audit.load()))
    earlier = Button(audit_words.MORE, Kind.SECONDARY, on_click=lambda: app.spawn(audit.load_earlier()))
    body: list[ft.Control] = [ui.text(audit_words.LEAD, Type.SMALL, ui.c.ink_2)]
    if audit.fault:
        body.append(Note(ui.c.danger, Glyph.WARNING_CIRCLE, audit_words.FAILED, audit.fault, again))
    elif not audit.loaded:
        body.append(ft.Semantics(content=Shimmering(RowSkeleton(4)), label=words.LOADING))
    elif not lines:
        body.append(ui.text(audit_words.NOTHING, Type.META, ui.c.ink_3))
    body += [*lines, *([ft.Row([earlier])] if audit.more else [])]
    return SidePane(audit_words.AUDIT, body, lambda: app.show_pane("details"))

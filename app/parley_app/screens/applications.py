"""Applications of an open channel: those that there are, the next one, and its secrets, this once."""

from __future__ import annotations

from functools import partial

import flet as ft

from parley_app import channel_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.channel_rows import Kept
from parley_app.components.fields import Field
from parley_app.components.layout import keyed
from parley_app.components.pane import SidePane
from parley_app.components.settings_rows import SwitchRow, ruled
from parley_app.components.status import RowSkeleton, Shimmering
from parley_app.components.surfaces import Card, Note, SectionLabel
from parley_app.components.watching import use_watched
from parley_app.engine import Json
from parley_app.icons import Glyph
from parley_app.model import channel_menus
from parley_app.model.app import App
from parley_app.model.applications import Applications, Secrets
from parley_app.model.governing import Governing
from parley_app.theme import use_ui
from parley_app.tokens import Space, Type


@ft.component
def SecretsCard(secrets: Secrets, on_kept: partial[None]) -> ft.Control:
    """What an application proves itself by; it goes away for good."""
    ui = use_ui()
    rows: list[ft.Control] = [
        Note(ui.c.warning, Glyph.KEY, channel_words.SECRETS, channel_words.SECRETS_TEXT),
        Kept(channel_words.APP_KEY, secrets.token),
        Kept(channel_words.SIGNING_LABEL, secrets.signing_secret),
        *([Kept(channel_words.HOOK, secrets.hook)] if secrets.hook else []),
        ft.Row([Button(channel_words.KEPT, Kind.PRIMARY, Glyph.CHECK, on_click=on_kept, expand=True)]),
    ]
    column = ft.Column(rows, spacing=Space.MD, tight=True, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)
    return ft.Semantics(content=Card(column, padding=Space.MD), container=True, live_region=True)


@ft.component
def ApplicationCard(app: App, applications: Applications, application: Json, by: str) -> ft.Control:
    """One that there is: what it may do, where it is called, and its end."""
    ui = use_ui()
    name, url, ended = application["name"], application["callback_url"], application["callback_ended"]
    calling = [ui.text(channel_words.calls(url), Type.META, ui.c.ink_2)] if url and not ended else []
    over = [ui.text(channel_words.calls_no_more(ended), Type.META_STRONG, ui.c.warning.ink)] if ended else []

    def revoke() -> None:
        asked = channel_menus.ask_to_revoke(app, applications, application["application_id"], name)
        app.layers.show(asked)

    button = Button(
        channel_words.REVOKE,
        Kind.DANGER,
        on_click=revoke,
        disabled=applications.busy,
        name=f"{channel_words.REVOKE}: {name}",
    )
    return ft.Semantics(
        content=Card(
            ft.Column(
                [
                    ui.text(name, Type.LABEL_STRONG, lines=1),
                    ui.text(channel_words.app_state(application["scopes"], by), Type.META, ui.c.ink_2),
                    *calling,
                    *over,
                    ft.Container(ft.Row([button]), padding=ft.Padding.only(top=Space.XS)),
                ],
                spacing=Space.XS,
                tight=True,
                horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
            ),
            padding=Space.MD,
        ),
        container=True,
    )


def _scopes(form: Applications) -> ft.Control:
    return Card(
        ruled(
            [
                SwitchRow(
                    channel_words.MAY_POST,
                    channel_words.MAY_POST_DETAIL,
                    on=form.posts,
                    on_change=lambda on: form.allow(posts=on),
                ),
                SwitchRow(
                    channel_words.MAY_READ,
                    channel_words.MAY_READ_DETAIL,
                    on=form.reads,
                    on_change=lambda on: form.allow(reads=on),
                ),
            ]
        ),
        padding=0,
    )


@ft.component
def NewApplication(app: App, applications: Applications) -> ft.Control:
    """The form of the next one."""
    ui = use_ui()
    form = applications

    def make() -> None:
        app.spawn(form.make())

    def line(name: str, label: str, helper: str, glyph: Glyph | None = None) -> ft.Control:
        return keyed(f"{name}-{form.turn}", Field)(
            label,
            form[name],
            helper=helper,
            fault=form.faults.get(name, ""),
            glyph=glyph,
            on_change=partial(form.fill, name),
            on_submit=make,
        )

    wrong = form.faults.get("scopes", "")
    said = ui.text(wrong, Type.META, ui.c.danger.ink)
    button = Button(channel_words.MAKE_APP, Kind.PRIMARY, Glyph.PLUGS, on_click=make, expand=True, disabled=form.busy)
    return ft.Column(
        [
            SectionLabel(channel_words.NEW_APP),
            line("name", channel_words.APP_NAME, channel_words.APP_NAME_HELP),
            _scopes(form),
            *([ft.Semantics(content=said, live_region=True)] if wrong else []),
            *(
                [line("callback", channel_words.CALLBACK, channel_words.CALLBACK_HELP, Glyph.LINK)]
                if form.reads
                else []
            ),
            ft.Row([button]),
        ],
        spacing=Space.MD,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


@ft.component
def ApplicationsPane(app: App, governing: Governing) -> ft.Control:
    """Beside the channel, for those whose role may invite."""
    ui = use_ui()
    where = governing.conversation_id
    applications = app.channels.applications_of(where, app.session.server)
    use_watched(applications, governing)
    ft.use_effect(lambda: app.spawn(applications.load()) and None, [where], applications.forget_secrets)
    names = {member["user_id"]: member["username"] for member in (governing.info or {"members": []})["members"]}
    body: list[ft.Control] = [ui.text(channel_words.APPS_LEAD, Type.SMALL, ui.c.ink_2)]
    if applications.fault:
        again = Button(words.TRY_AGAIN, Kind.SECONDARY, on_click=lambda: app.spawn(applications.load()))
        title, text = (
            (applications.fault, "") if applications.loaded else (channel_words.APPS_FAILED, applications.fault)
        )
        said = Note(ui.c.danger, Glyph.WARNING_CIRCLE, title, text, None if applications.loaded else again)
        body.append(ft.Semantics(content=said, live_region=True))
    elif not applications.loaded:
        body.append(ft.Semantics(content=Shimmering(RowSkeleton(4)), label=words.LOADING))
    if applications.loaded:
        secrets = applications.secrets
        cards = [
            keyed(each["application_id"], ApplicationCard)(
                app, applications, each, names.get(each["created_by"]) or words.SOMEBODY
            )
            for each in applications.applications
        ]
        body += [
            keyed("secrets", SecretsCard)(secrets, partial(applications.forget_secrets))
            if secrets is not None
            else keyed("new", NewApplication)(app, applications),
            SectionLabel(f"{channel_words.APPS} · {len(cards)}"),
            *(cards or [ui.text(channel_words.NO_APPS, Type.META, ui.c.ink_3)]),
        ]
    return SidePane(channel_words.APPS, body, partial(app.show_pane, "details"))

"""Where something is written: the composer of a conversation or thread, with whom an @ may mean."""

from __future__ import annotations

import datetime as dt

import flet as ft

from parley_app import channel_words, reset_words, rights_words, room_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.composer import Composer, ComposerActions
from parley_app.components.composer_parts import MentionList
from parley_app.components.layout import keyed
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.engine import Json
from parley_app.icons import Glyph
from parley_app.model import channels, chats, later, muting
from parley_app.model.app import App
from parley_app.model.completing import Completion
from parley_app.model.conversation import Conversation
from parley_app.model.layers import Spot
from parley_app.model.menus import permits
from parley_app.model.resetting import Resetting
from parley_app.model.rows import Person
from parley_app.screens import relations
from parley_app.screens.new_keys import DoubtNote
from parley_app.theme import use_ui


@ft.component
def Mentioning(conversation: Conversation, completion: Completion) -> ft.Control:
    """Whom the @ that is being typed may mean; nothing while none is typed."""
    use_watched(completion)
    if not completion.found:
        return ft.Container(height=0)

    def take(person: Person) -> None:
        conversation.complete(person)

    return MentionList(completion.found, completion.index, take)


def _actions(app: App, conversation: Conversation) -> ComposerActions:
    in_thread = conversation.thread is not None

    def focus(on: bool) -> None:
        conversation.focused = on

    return ComposerActions(
        draft=conversation.set_draft,
        send=conversation.send,
        add=lambda: app.show_adding(in_thread=in_thread),
        pick_emoji=lambda: app.show_picker(0, Spot(), in_thread=in_thread),
        take_out=conversation.take_out,
        cancel=conversation.cancel,
        complete=conversation.complete,
        focus=focus,
        later=None if in_thread else lambda: later.begin(app),
    )


@ft.component
def JoiningAgain(app: App, channel_id: str) -> ft.Control:
    """Where the composer of an open channel stood that this person has left: the way in again."""
    ui = use_ui()
    directory = app.channels.directory
    use_watched(directory)

    def join() -> None:
        app.spawn(channels.join(app, channel_id))

    button = Button(channel_words.JOIN_AGAIN, Kind.SECONDARY, on_click=join, disabled=channel_id in directory.busy)
    note = Note(ui.c.info, Glyph.EYE, channel_words.LEFT, directory.fault or channel_words.LEFT_TEXT, button)
    return ft.Container(ft.Semantics(content=note, live_region=bool(directory.fault)), padding=ui.gutter)


@ft.component
def MutedNote(app: App, conversation: Conversation, until: str) -> ft.Control:
    """Until when this person says nothing here; the composer comes back by itself."""
    ui = use_ui()
    wait = muting.wait_for_end
    ft.use_effect(lambda: app.spawn(wait(app, conversation.conversation_id, until)) and None, [until])
    text = muting.sentence(until, dt.datetime.now().astimezone())
    said = Note(ui.c.warning, Glyph.INFO, text)
    return ft.Container(ft.Semantics(content=said, live_region=True), padding=ui.gutter)


@ft.component
def PausedNote(app: App, conversation_id: str) -> ft.Control:
    """Where a reset could not be checked: nothing is sent before this person says so."""
    ui = use_ui()
    resetting = ft.use_memo(lambda: Resetting(app.engine, conversation_id), [conversation_id])
    use_watched(resetting)

    def go_on() -> None:
        app.spawn(resetting.confirm())

    button = Button(reset_words.GO_ON, Kind.SECONDARY, on_click=go_on, disabled=resetting.busy)
    text = resetting.fault or reset_words.PAUSED
    note = Note(ui.c.warning, Glyph.INFO, reset_words.PAUSED_TITLE, text, button)
    return ft.Container(ft.Semantics(content=note, live_region=True), padding=ui.gutter)


@ft.component
def Closed(app: App, summary: Json) -> ft.Control:
    """Why nothing can be written in a conversation that stands as it does, and what its person may do about that."""
    ui = use_ui()
    status, conversation_id = summary["status"], summary["conversation_id"]
    if status == "removed" and chats.is_open(summary):
        return keyed("joining", JoiningAgain)(app, conversation_id)
    if status == "paused":
        return keyed(f"paused-{conversation_id}", PausedNote)(app, conversation_id)
    text = {"forked": words.FORKED_TEXT, "stuck": reset_words.STUCK}.get(status, words.REMOVED_TEXT)
    return ft.Container(Note(ui.c.warning, Glyph.INFO, text), padding=ui.gutter)


@ft.component
def Writing(app: App, conversation: Conversation) -> ft.Control:
    """The composer, or why nothing can be written here."""
    ui = use_ui()
    use_watched(conversation)
    if not conversation.writable:
        return keyed(f"closed-{conversation.conversation_id}", Closed)(app, conversation.summary)
    if chats.is_gone(conversation.summary, conversation.me):
        return ft.Container(Note(ui.c.info, Glyph.INFO, rights_words.GONE), padding=ui.gutter)
    until = muting.muted_until(conversation.summary, conversation.me.user_id)
    if until is not None:
        return keyed(f"muted-{conversation.conversation_id}", MutedNote)(app, conversation, until)
    blocked = relations.blocked_partner(conversation)
    if blocked is not None or not permits(conversation.summary, "send"):
        read_only = Note(ui.c.info, Glyph.INFO, room_words.READ_ONLY)
        return ft.Container(relations.blocked_note(app, blocked) if blocked else read_only, padding=ui.gutter)
    if conversation.summary["doubted"]:
        return keyed("doubted", DoubtNote)(app, conversation)
    thread = conversation.thread is not None
    key = f"composer-{conversation.conversation_id}-{conversation.thread}-{conversation.composing}"
    composer = keyed(key, Composer)(
        words.THREAD.lower() if thread else conversation.title,
        conversation.draft,
        _actions(app, conversation),
        keyed("mentioning", Mentioning)(conversation, conversation.completion),
        hint=words.REPLY_HINT if thread else words.MESSAGE,
        protection=chats.protection(conversation.summary),
        attached=tuple((each.name, each.data) for each in conversation.attached),
        note=conversation.note,
        context=conversation.context,
        revision=conversation.revision,
        focused=conversation.wants_focus,
    )
    return relations.below_request(app, conversation, composer)

"""A device by method names and JSON-able answers: what the command line's JSON-RPC, the app and the tests call.

Invariant: a call either answers or raises `CallError` with a slug and a sentence for people; nothing else comes out.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from parley_client import outbox, timeline
from parley_client.api.auth import PasskeyAnswer
from parley_client.attachments.preparing import Attachable
from parley_client.attachments.saving import attachable_of, save_attachment
from parley_client.calls import Method, Methods, NoParams, Params
from parley_client.channels.rpc import channel_methods
from parley_client.client import Client
from parley_client.content.rpc import message_methods
from parley_client.entrance.provider_rpc import provider_methods
from parley_client.entrance.rpc import entrance_methods
from parley_client.errors import ClientError, NotAPicture, UsageError
from parley_client.events import Event, Listener
from parley_client.groups import conversations as groups
from parley_client.groups.rpc import group_methods
from parley_client.linking.rpc import DigitsParams, ScanParams, link_methods
from parley_client.lockout.rpc import lock_out_methods
from parley_client.people.rpc import people_methods
from parley_client.platforms.pictures import may_be_decoded
from parley_client.profiles.rpc import profile_methods
from parley_client.push.rpc import push_methods
from parley_client.recovery.passkey_rpc import recovery_passkey_methods
from parley_client.recovery.rpc import recovery_methods
from parley_client.renewal.rpc import renewal_methods
from parley_client.restoring.rpc import restore_methods
from parley_client.rights.rpc import rights_methods
from parley_client.schedule.rpc import schedule_methods
from parley_client.security.rpc import security_methods
from parley_client.settings.rpc import settings_methods
from parley_client.settings.syncing import save_draft
from parley_client.state.rpc import state_methods
from parley_client.store import documents
from parley_client.telling.rpc import telling_methods
from parley_client.transparency.rpc import transparency_methods
from parley_client.trust.rpc import trust_methods
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import ClientId, ConversationId
from parley_contracts.limits import TEXT_LENGTH_MAX
from parley_contracts.problems import InvalidRequest, Problem, TooLarge

METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
#: A problem or a client error; `slug` says which.
PROBLEM = -32000
#: What `attachment.read` gives in one answer.
READ_SIZE_BYTES_MAX = 32 * 1024 * 1024
PREFERENCES_SIZE_BYTES_MAX = 16 * 1024


class CallError(Exception):
    """Why a call failed: a JSON-RPC code, a sentence for people, and a slug for programs."""

    def __init__(self, code: int, sentence: str, slug: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.slug = slug


class FileParams(Params):
    """A file of `send`: where it lies on this device, or its bytes (`data`, base64url); `name` is needed with bytes.

    With `picture`, bytes that cannot be read as one are refused instead of being sent as a plain file.
    """

    path: str | None = None
    data: str | None = None
    name: str | None = None
    media_type: str | None = None
    picture: bool = False


class SendParams(Params):
    """`send`: answers when the server has stored it; `outbox.changed` says at once that it is queued."""

    to: str
    text: str = ""
    attachments: tuple[FileParams, ...] = ()
    reply_to: int | None = None
    thread: int | None = None


class AttachmentParams(Params):
    """`attachment.thumbnail`: a file of a message."""

    conversation_id: str
    sequence: int
    index: int


class ReadParams(AttachmentParams):
    """`attachment.read`: the whole file, as base64url; as a `picture` only where it is one that may be decoded."""

    picture: bool = False


class SaveParams(AttachmentParams):
    """`attachment.get`: saves the file to `path`; goes on where an interruption left it."""

    path: str


class ReceiveParams(Params):
    """`receive`: waits up to `timeout_s` for the first message; `history` gives all that is readable, again."""

    timeout_s: float = 0
    history: bool = False


class RegisterParams(Params):
    """`register`; with `keep_recovery_key` the profile holds it until `recovery_key.forget`."""

    server: str
    username: str
    email: str
    password: str
    invitation: str = ""
    ca_file: str | None = None
    keep_recovery_key: bool = False


class LoginParams(Params):
    """`login`; with a passkey that signs in alone, neither name nor password."""

    server: str
    username: str = ""
    password: str = ""
    ca_file: str | None = None
    recovery_key: str | None = None
    code: str | None = None
    passkey: PasskeyAnswer | None = None


class PersonParams(Params):
    """`person.find` and `direct.open`: the exact user name, with or without @."""

    username: str


class ConversationParams(Params):
    """`conversation`."""

    conversation_id: ConversationId


class PageParams(Params):
    """`history.page`: the newest rows, or those before, after or around a sequence; with `thread`, of that thread."""

    conversation_id: ConversationId
    before: int | None = None
    after: int | None = None
    around: int | None = None
    thread: int | None = None
    limit: int = timeline.PAGE_DEFAULT


class DraftParams(Params):
    """`draft.save`; an empty text forgets it."""

    conversation_id: ConversationId
    text: str


class OutboxParams(Params):
    """`outbox.retry` and `outbox.discard`, of messages that failed."""

    client_id: ClientId


class PreferencesParams(Params):
    """`preferences.save`: whatever a screen wants to find again on this device."""

    preferences: dict[str, Any]


class Found(msgspec.Struct, frozen=True):
    """A person that was looked up."""

    user_id: str
    username: str
    own: bool


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Where this device stands: what a program asks first. `recovery_key_pending`: it was never confirmed.

    `unfinished`: somebody signed up here, under `username` at `server`, and the account has no device yet.
    """

    signed_in: bool
    connection: str
    user_id: str = ""
    username: str = ""
    device_id: str = ""
    server: str = ""
    recovery_key_pending: bool = False
    unfinished: bool = False


async def carry_out(method: Method, params: dict[str, Any]) -> object:
    """The answer of a method; raises `CallError` and nothing else."""
    kind, work = method
    try:
        return await work(msgspec.convert(params, kind))
    except msgspec.ValidationError as error:
        raise CallError(INVALID_PARAMS, str(error), InvalidRequest.slug) from error
    except Problem as problem:
        raise CallError(PROBLEM, problem.detail, problem.slug) from problem
    except ClientError as error:
        raise CallError(PROBLEM, str(error), error.slug) from error
    except Exception as error:  # a bug must answer too, and must not end the others
        raise CallError(INTERNAL_ERROR, f"a bug: {type(error).__name__}", "internal") from error


def _of_rooms(client: Client, start: Callable[[], None]) -> Methods:
    """What each room of the client answers; `start` goes online with an account that was just made or found."""
    return {
        **message_methods(client),
        **push_methods(client),
        **schedule_methods(client),
        **state_methods(client),
        **group_methods(client),
        **restore_methods(client),
        **security_methods(client),
        **entrance_methods(client),
        **provider_methods(client, start),
        **settings_methods(client),
        **channel_methods(client),
        **trust_methods(client),
        **renewal_methods(client, start),
        **people_methods(client),
        **link_methods(client),
        **lock_out_methods(client),
        **recovery_methods(client),
        **recovery_passkey_methods(client, start),
        **transparency_methods(client),
        **profile_methods(client),
        **telling_methods(client),
        **rights_methods(client),
    }


class Rpc:
    """One client behind method names."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._notifying: asyncio.Task[None] | None = None
        self._methods: Methods = {
            **_of_rooms(client, self.start),
            "register": (RegisterParams, self._register),
            "login": (LoginParams, self._login),
            "link.finish": (DigitsParams, self._link_finish),
            "link.scan": (ScanParams, self._link_scan),
            "logout": (NoParams, self._logout),
            "whoami": (NoParams, self._whoami),
            "session": (NoParams, self._state),
            "connection.retry": (NoParams, self._retry_connection),
            "recovery_key": (NoParams, self._recovery_key),
            "recovery_key.forget": (NoParams, self._forget_recovery_key),
            "send": (SendParams, self._send),
            "attachment.get": (SaveParams, self._attachment_get),
            "attachment.read": (ReadParams, self._attachment_read),
            "attachment.thumbnail": (AttachmentParams, self._attachment_thumbnail),
            "receive": (ReceiveParams, self._receive),
            "outbox.retry": (OutboxParams, self._outbox_retry),
            "outbox.discard": (OutboxParams, self._outbox_discard),
            "conversations": (NoParams, self._conversations),
            "summaries": (NoParams, self._summaries),
            "conversation": (ConversationParams, self._conversation),
            "history.page": (PageParams, self._page),
            "draft.save": (DraftParams, self._save_draft),
            "person.find": (PersonParams, self._find_person),
            "direct.open": (PersonParams, self._open_direct),
            "preferences": (NoParams, self._preferences),
            "preferences.save": (PreferencesParams, self._save_preferences),
        }

    def start(self) -> None:
        """Go online where the profile is signed in; `message` events come from now on."""
        with contextlib.suppress(ClientError):
            self._client.whoami()
            self._client.connect()
            if self._notifying is None:
                self._notifying = asyncio.create_task(self._notify())

    def stop(self) -> None:
        """Tell of no more messages."""
        if self._notifying is not None:
            self._notifying.cancel()
            self._notifying = None

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event, until the answer is called."""
        return self._client.subscribe(listener)

    async def call(self, method: str, params: dict[str, Any]) -> object:
        """Carry a method out; the answer is a struct, list or dict that msgspec turns into JSON. Raises `CallError`."""
        found = self._methods.get(method)
        if found is None:
            raise CallError(METHOD_NOT_FOUND, f"there is no method {method}", "method_not_found")
        return await carry_out(found, params)

    async def _notify(self) -> None:
        async for message in self._client.messages():
            self._client.session.events.tell(Event("message", message))

    # --- the account

    async def _register(self, params: RegisterParams) -> object:
        words = msgspec.structs.asdict(params)
        keep = words.pop("keep_recovery_key")
        registration = await self._client.register(**words)
        if not keep:
            self._client.forget_recovery_key()
        self.start()
        return registration

    async def _login(self, params: LoginParams) -> object:
        answer = await self._client.login(**msgspec.structs.asdict(params))
        self.start()
        return answer

    async def _link_finish(self, params: DigitsParams) -> object:
        answer = await self._client.link_finish(params.digits)
        self.start()
        return answer

    async def _link_scan(self, params: ScanParams) -> object:
        answer = await self._client.link_scan(**msgspec.structs.asdict(params))
        self.start()
        return answer

    async def _logout(self, _: NoParams) -> object:
        self.stop()
        await self._client.logout()
        return {}

    async def _whoami(self, _: NoParams) -> object:
        return self._client.whoami()

    async def _state(self, _: NoParams) -> object:
        try:
            who = self._client.whoami()
        except ClientError:
            return self._signed_out()
        return State(
            signed_in=True,
            connection=self._client.connection,
            user_id=who.user_id,
            username=who.username,
            device_id=who.device_id,
            server=who.server,
            recovery_key_pending=self._client.pending_recovery_key() is not None,
        )

    def _signed_out(self) -> State:
        begun = self._client.unfinished_sign_up()
        if begun is None:
            return State(signed_in=False, connection=self._client.connection)
        return State(
            signed_in=False,
            connection=self._client.connection,
            username=begun.username,
            server=begun.server,
            unfinished=True,
        )

    async def _retry_connection(self, _: NoParams) -> object:
        self._client.hasten()
        return {}

    async def _recovery_key(self, _: NoParams) -> object:
        return {"recovery_key": self._client.pending_recovery_key()}

    async def _forget_recovery_key(self, _: NoParams) -> object:
        self._client.forget_recovery_key()
        return {}

    # --- messages

    async def _send(self, params: SendParams) -> object:
        files = [_attachable(file) for file in params.attachments]
        for said, file in zip(params.attachments, files, strict=True):
            if said.picture and await self._client.measure_picture(file.data or b"") is None:
                raise NotAPicture(f"{file.name} cannot be read as a picture")
        return await self._client.send(
            params.to,
            params.text,
            attachments=files,
            reply_to=params.reply_to,
            thread=params.thread,
            patient=True,
        )

    async def _attachment_get(self, params: SaveParams) -> object:
        where = (params.conversation_id, params.sequence, params.index)
        try:
            return await save_attachment(self._client, *where, Path(params.path))
        except OSError as error:
            raise UsageError(f"the file {params.path} cannot be written: {error.strerror}") from error

    async def _attachment_read(self, params: ReadParams) -> object:
        where = (params.conversation_id, params.sequence, params.index)
        info = self._client.attachment_info(*where)
        if info.size_bytes > READ_SIZE_BYTES_MAX:
            raise TooLarge("this file is too large to be read at once", limit_bytes=READ_SIZE_BYTES_MAX)
        data = b"".join([chunk async for chunk in self._client.attachment(*where)])
        if params.picture and not may_be_decoded(data):
            raise NotAPicture(f"{info.name} cannot be shown as a picture")
        return {"name": info.name, "media_type": info.media_type, "data": b64encode(data)}

    async def _attachment_thumbnail(self, params: AttachmentParams) -> object:
        found = self._client.thumbnail(params.conversation_id, params.sequence, params.index)
        return {"thumbnail": b64encode(found) if found is not None else None}

    async def _receive(self, params: ReceiveParams) -> object:
        if params.history:
            known = self._client.conversations()
            return [m for c in known for m in await self._client.history(c.conversation_id)]
        batch = await self._client.receive(timeout_s=params.timeout_s)
        self._client.received(batch)
        return batch

    async def _outbox_retry(self, params: OutboxParams) -> object:
        return {"found": outbox.retry(self._client.session, params.client_id)}

    async def _outbox_discard(self, params: OutboxParams) -> object:
        return {"found": outbox.discard(self._client.session, params.client_id)}

    # --- conversations

    async def _conversations(self, _: NoParams) -> object:
        return self._client.conversations()

    async def _summaries(self, _: NoParams) -> object:
        return timeline.summaries(self._client.session)

    async def _conversation(self, params: ConversationParams) -> object:
        return timeline.summary(self._client.session, params.conversation_id)

    async def _page(self, params: PageParams) -> object:
        return timeline.page(self._client.session, **msgspec.structs.asdict(params))

    async def _save_draft(self, params: DraftParams) -> object:
        if len(params.text) > TEXT_LENGTH_MAX:
            raise UsageError("the draft is too long to be kept")
        save_draft(self._client.session, params.conversation_id, params.text)
        return {}

    async def _find_person(self, params: PersonParams) -> object:
        user_id = await self._client.find(params.username)
        username = params.username.removeprefix("@")
        return Found(user_id, username, user_id == self._client.whoami().user_id)

    async def _open_direct(self, params: PersonParams) -> object:
        session = self._client.session
        conversation_id = await groups.open_direct(session, await self._client.find(params.username))
        return timeline.summary(session, conversation_id)

    # --- this device

    async def _preferences(self, _: NoParams) -> object:
        return documents.load(self._client.store, "preferences", dict) or {}

    async def _save_preferences(self, params: PreferencesParams) -> object:
        if len(msgspec.json.encode(params.preferences)) > PREFERENCES_SIZE_BYTES_MAX:
            raise UsageError("these preferences are too large to be kept")
        documents.save(self._client.store, "preferences", params.preferences)
        return {}


def _attachable(file: FileParams) -> Attachable:
    """A file that is to be sent; `UsageError` where it is neither a path nor bytes with a name."""
    if file.path is not None and file.data is None:
        return attachable_of(Path(file.path), name=file.name, media_type=file.media_type)
    if file.data is None or file.path is not None or not file.name:
        raise UsageError("a file is given by its path, or by its bytes and a name")
    try:
        data = b64decode(file.data)
    except ValueError as error:
        raise UsageError("the bytes of a file are base64url") from error
    named = attachable_of(Path(file.name), name=file.name, media_type=file.media_type)
    return Attachable(named.name, named.media_type, data=data)

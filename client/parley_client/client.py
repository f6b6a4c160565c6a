"""`Client`: one device of one person, for the app, bots, the command line, tests and the load generator.

Invariant: whatever it returns from the store needs no network; whatever it was asked to send survives a crash.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from parley_client import account as accounts
from parley_client import history, outbox, upkeep
from parley_client.answers import AttachmentInfo, Conversation, Message, Registration, Sent, WhoAmI
from parley_client.api import auth
from parley_client.api.http import Api
from parley_client.api.network import Network, parse_server
from parley_client.attachments.descriptor import Attachment, attachments_in, encode_attachments, info_of, infos_in
from parley_client.attachments.downloading import download
from parley_client.attachments.ports import AttachmentTools
from parley_client.attachments.preparing import Attachable, prepare_all
from parley_client.backoff import patiently
from parley_client.channels.naming import named
from parley_client.content.bodies import TextBody, encode, text_in
from parley_client.content.disappearing import let_disappear
from parley_client.content.kinds import KIND_TEXT
from parley_client.crypto.recovery import format_recovery_key
from parley_client.directory import Directory
from parley_client.errors import ClientError, NotSignedIn, UnknownAttachment, UnknownConversation, UsageError
from parley_client.events import ConnectionState, Event, Listener, Listeners
from parley_client.groups import conversations as groups
from parley_client.groups.commits import resume_pending
from parley_client.groups.joining import admit_automatically
from parley_client.key_packages import stock_key_packages
from parley_client.live import Live
from parley_client.methods import RoomMethods
from parley_client.parts import entering
from parley_client.people.blocks import expect_open
from parley_client.platforms.labels import DeviceLabel, this_computer
from parley_client.restoring.offering import offer_held
from parley_client.session import Device, GroupCache, Session
from parley_client.store import documents, messages
from parley_client.store.conversations import ConversationRow, list_conversations, load_conversation
from parley_client.store.documents import Account
from parley_client.store.messages import MessageRow
from parley_client.store.notices import Notice, list_notices
from parley_client.store.port import Store
from parley_client.store.queues import OutboxRow
from parley_client.store.schema import wipe
from parley_client.sync.heads import sync_all, sync_head
from parley_contracts.ids import ClientId, ConversationId, UserId, is_uuid, new_uuid7
from parley_contracts.messaging_api import Head
from parley_contracts.policy import decode_policy
from parley_contracts.problems import NotFound, Problem, Unauthenticated
from parley_mls import Primitives

RECEIVE_PAGE_MAX = 500
#: Makes the network of a server and its certificate authority's file.
NetworkFactory = Callable[[str, str | None], Network]


class Client(RoomMethods):
    """A device. Use as an asynchronous context manager, or call `close`."""

    def __init__(
        self,
        store: Store,
        network: NetworkFactory,
        primitives: Primitives,
        tools: AttachmentTools | None = None,
        label: DeviceLabel | None = None,
        let_go: Callable[[], None] | None = None,
    ) -> None:
        self._store, self._let_go = store, let_go or store.close
        self._label = label or this_computer()
        self._network_factory = network
        self._primitives = primitives
        self._tools = tools
        self._networks: dict[tuple[str, str | None], Network] = {}
        self._listeners = Listeners()
        self._listeners.subscribe(self._watch_push)
        self._session: Session | None = None
        self._live: Live | None = None
        self._connection: asyncio.Task[None] | None = None
        self._news, self._entering = asyncio.Event(), asyncio.Lock()

    @classmethod
    def open(
        cls, profile: Path, *, network: NetworkFactory | None = None, primitives: Primitives | None = None
    ) -> Client:
        """Open a profile directory, made where it is missing; `ProfileInUse` where another process has it, `ProfileLocked`."""
        # A browser cannot import this; it opens its client by `platforms.browser`.
        from parley_client.platforms import cpython  # noqa: PLC0415

        return cpython.open_client(profile, network=network, primitives=primitives)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop, keep everything, and let the profile go."""
        if self._session is not None:
            await self._session.stop()
        for network in self._networks.values():
            await network.close()
        self._let_go()

    # --- the account

    @entering
    async def register(
        self, *, server: str, ca_file: str | None, username: str, email: str, password: str, invitation: str = ""
    ) -> Registration:
        """Make an account and this, its first device. After a crash or a lost answer, call again with the same words.

        Where the server asks for an invitation: `InvitationRefused`, `SignUpRefused`.
        """
        account = Account(server=parse_server(server), ca_file=ca_file, username=username, stage="signing_up")
        set_up = self._set_up(account)
        account = await set_up.register(account, email=email, password=password, invitation=invitation)
        return await self._registered(account)

    async def _registered(self, account: Account) -> Registration:
        await stock_key_packages(self._start_session(account))
        assert account.recovery_key is not None
        device = self.session.device
        return Registration(device.user_id, device.device_id, format_recovery_key(account.recovery_key))

    @entering
    async def login(
        self,
        *,
        server: str,
        ca_file: str | None,
        username: str = "",
        password: str = "",
        recovery_key: str | None,
        code: str | None = None,
        passkey: auth.PasskeyAnswer | None = None,
    ) -> WhoAmI:
        """Sign in, by a code or passkey too where a second factor asks for one (`SecondFactorRequired`), or by a passkey alone.

        On a new profile the recovery key makes this a new device and brings back all of the history.
        """
        key = accounts.read_recovery_key(recovery_key)
        account = Account(server=parse_server(server), ca_file=ca_file, username=username, stage="signed_in")
        if self._connection is not None and self._connection.done():
            await self._stop()  # the device was signed out from elsewhere
        setting_up = self._set_up(account)
        account = await setting_up.login(account, password=password, recovery_key=key, code=code, passkey=passkey)
        return await self._come_in(account)

    async def _come_in(self, account: Account) -> WhoAmI:
        session = self._start_session(account)
        await stock_key_packages(session)
        await history.download_archive(session)
        await history.fetch_index(session)
        await self.sync_settings()  # whom this person verified, before anybody's keys are seen
        await sync_all(session, wait_s=0)
        await self.settle()
        return self.whoami()

    async def logout(self) -> None:
        """End the session, have the device signed out everywhere, and erase the profile."""
        with contextlib.suppress(Unauthenticated, NotSignedIn):
            await auth.logout(self.session.api)
        await self._stop()
        self._giving = self._asking = None
        wipe(self._store)
        self._listeners.tell(Event("signed_out"))

    def whoami(self) -> WhoAmI:
        """The account of this profile; `NotSignedIn`."""
        account = documents.load_account(self._store)
        if account is None:
            raise NotSignedIn("this profile is not signed in")
        device = Device.of(account)
        return WhoAmI(device.user_id, account.username, device.device_id, account.server)

    # --- being connected

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event of this device, until the answer is called."""
        return self._listeners.subscribe(listener)

    @property
    def connection(self) -> ConnectionState:
        """Whether the socket is ready."""
        return self._live.state if self._live is not None else "offline"

    def hasten(self) -> None:
        """Try to connect now, whatever pause was planned."""
        if self._live is not None:
            self._live.hasten()

    @property
    def store(self) -> Store:
        """This profile's database."""
        return self._store

    @property
    def session(self) -> Session:
        """The signed-in device; `NotSignedIn`."""
        if self._session is None:
            account = documents.load_account(self._store)
            if account is None:
                raise NotSignedIn("this profile is not signed in")
            self._start_session(account)
        assert self._session is not None
        return self._session

    async def sync(self) -> None:
        """Bring everything up to date once, and send what waits."""
        session = self.session
        await resume_pending(session)
        await sync_all(session)
        await offer_held(session)
        await self.settle()

    async def settle(self) -> None:
        """Store on the server what other devices of this person will need: key packages, archive, index."""
        await upkeep.settle(self.session)

    def connect(self) -> None:
        """Stay connected in the background from now on: entries arrive, what waits is sent, until `close`."""
        if self._live is None:
            self._live = Live(self.session, self._sync_head, self._on_ready)
            self._connection = self.session.spawn(self._stay_connected(self._live))
            self.session.spawn(upkeep.keep_up(self.session))

    async def _stay_connected(self, live: Live) -> None:
        try:
            await live.run()
        except NotSignedIn:
            self._listeners.tell(Event("signed_out"))
            raise

    async def disconnected(self) -> None:
        """Wait until the connection ends for good; raises why (`NotSignedIn` where the session has ended)."""
        if self._connection is not None:
            await asyncio.shield(self._connection)

    async def connected(self) -> None:
        """Wait until the socket is ready."""
        self.connect()
        assert self._live is not None
        await self._live.ready.wait()

    # --- conversations

    def conversations(self) -> list[Conversation]:
        """All conversations that this device knows; no network."""
        return [self._conversation(row) for row in list_conversations(self._store)]

    async def find(self, name: str) -> UserId:
        """The person of this exact user name, with or without @, or of an identifier that this device knows; `NotFound`."""
        username = name.removeprefix("@")
        me = self.whoami()
        if username == me.username:
            return me.user_id
        try:
            return await self.session.directory.by_username(username)
        except NotFound as problem:
            raise NotFound(f"there is nobody called {username}") from problem

    # --- messages

    async def send(
        self,
        to: str,
        text: str,
        *,
        attachments: Sequence[Attachable] = (),
        reply_to: int | None = None,
        thread: int | None = None,
        patient: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> Sent:
        """Send a text, with files or without, to `@username` (the own name: note-to-self) or a conversation.

        Returns when it is acknowledged. Once stored it is repeated however long the server is away. What comes before
        (finding the person, opening the conversation) fails with `NetworkError` at once, or with `patient` is repeated
        too. `reply_to` is the message that it answers, `thread` the one under which it stands, by sequence. `progress`
        hears how many bytes of the files are sent, and of how many.
        """
        if not text and not attachments:
            raise UsageError("there is nothing to send")
        encode(TextBody(text=text))
        resolve = self._resolve
        conversation_id = await (patiently(lambda: resolve(to)) if patient else resolve(to))
        client_id = ClientId(new_uuid7())
        files = await prepare_all(self.session, conversation_id, client_id, attachments)
        body = TextBody(
            text=text,
            attachments=encode_attachments([prepared.attachment for prepared in files]),
            reply_to=reply_to,
            thread=thread,
            mentions=self._mentioned(conversation_id, text),
        )
        row = OutboxRow(client_id=client_id, conversation_id=conversation_id, kind=KIND_TEXT, body=encode(body))
        if progress is not None:
            self.session.progress[client_id] = progress
        try:
            appended = await outbox.deliver_message(self.session, row, files)
        finally:
            self.session.progress.pop(client_id, None)
        return Sent(conversation_id, client_id, appended.sequence)

    async def send_waiting(self) -> None:
        """Send what waits from before: returns when all of it is acknowledged or given up."""
        await outbox.pump_all(self.session)

    async def attachment(
        self, conversation: str, sequence: int, index: int, *, offset: int = 0
    ) -> AsyncIterator[bytes]:
        """A file of a message from a byte on, chunk by chunk, each verified; `UnknownAttachment`, `AttachmentBroken`."""
        found = self._attachment(conversation, sequence, index)
        async for chunk in download(self.session, found, offset=offset):
            yield chunk

    def thumbnail(self, conversation: str, sequence: int, index: int) -> bytes | None:
        """The small picture (JPEG or WebP) that the message carries of a file; None where it has none. No network."""
        return self._attachment(conversation, sequence, index).thumbnail

    async def measure_picture(self, data: bytes) -> tuple[int, int] | None:
        """Width and height in pixels of a picture, None where the bytes cannot be read as one. No network."""
        return await self.session.attachment_tools.images.measure(data)

    def attachment_info(self, conversation: str, sequence: int, index: int) -> AttachmentInfo:
        """A file of a message; `UnknownAttachment`. No network."""
        return info_of(index, self._attachment(conversation, sequence, index))

    async def receive(self, *, timeout_s: float = 0) -> list[Message]:
        """Texts that this profile has not received before, waiting for the first one up to `timeout_s`.

        Texts of this very device are left out. They come again until `received` says that they were handed on.
        """
        batch = await self._wait_for(self._receive_position(), timeout_s)
        return [await self._message(row) for row in batch]

    def received(self, batch: Sequence[Message]) -> None:
        """These texts were handed on: do not give them again."""
        wanted = {(message.conversation_id, message.sequence) for message in batch}
        own = self.session.device.device_id
        rows = messages.texts_after(self._store, self._receive_position(), limit=RECEIVE_PAGE_MAX, but_of=own)
        positions = [row.position for row in rows if (row.conversation_id, row.sequence) in wanted]
        if positions:
            documents.save(self._store, "receive_position", max(positions))

    async def messages(self, *, after: int | None = None) -> AsyncIterator[Message]:
        """Texts as they come in from now on (or from a position), those of this very device left out."""
        position = messages.last_position(self._store) if after is None else after
        while True:
            for row in await self._wait_for(position, None):
                position = row.position
                yield await self._message(row)

    async def history(self, conversation: str) -> list[Message]:
        """All texts of a conversation that this device can read, its own included, by sequence."""
        rows = messages.texts_of(self._store, self.conversation_id(conversation))
        return [await self._message(row) for row in rows]

    def notices(self) -> list[Notice]:
        """What looked odd: gaps, forks, commits that broke the rules."""
        return list_notices(self._store)

    def unopened(self) -> dict[str, int]:
        """How many messages did not open, by cause."""
        return messages.count_unopened(self._store)

    # --- inside

    async def _stop(self) -> None:
        """End what runs in the background of this session."""
        if self._session is not None:
            await self._session.stop()
        self._session = self._live = self._connection = self._push_given = None

    def _set_up(self, account: Account) -> accounts.SetUp:
        return accounts.SetUp(self._store, self._api(account), self._primitives, self._label)

    def _api(self, account: Account) -> Api:
        server = (account.server, account.ca_file)
        if server not in self._networks:
            self._networks[server] = self._network_factory(*server)
        return Api(self._networks[server], self._store)

    def _start_session(self, account: Account) -> Session:
        device, api = Device.of(account), self._api(account)
        self._session = Session(
            store=self._store,
            api=api,
            primitives=self._primitives,
            device=device,
            directory=Directory(self._store, api, self._primitives, device.server_name),
            groups=GroupCache(self._store),
            listeners=[self._news.set],
            events=self._listeners,
            tools=self._tools,
        )
        let_disappear(self._session)
        return self._session

    async def _sync_head(self, head: Head) -> None:
        await sync_head(self.session, head)

    async def _on_ready(self) -> None:
        """Do what waits since the last connection; what fails now comes again with the next one, and holds nothing else up."""
        session = self.session
        for work in (
            self._send_what_waits,
            self.sync_settings,
            partial(admit_automatically, session),
            partial(offer_held, session),
        ):
            session.spawn(_as_far_as_it_goes(work))

    async def _send_what_waits(self) -> None:
        await resume_pending(self.session)
        await outbox.pump_all(self.session)

    async def _resolve(self, to: str) -> ConversationId:
        if to.startswith("@"):
            return await groups.open_direct(self.session, await self.find(to))
        conversation_id = self.conversation_id(to)
        self._known(conversation_id)
        expect_open(self.session, conversation_id)
        await groups.ensure_member(self.session, conversation_id)
        return conversation_id

    def conversation_id(self, name: str) -> ConversationId:
        """A conversation by its id or by its name; of open channels #name."""
        if is_uuid(name):
            return ConversationId(name)
        found = named(list_conversations(self._store), name)
        if len(found) != 1:
            raise UnknownConversation(f"no conversation, or more than one, is called {name}")
        return found[0].conversation_id

    def _known(self, conversation_id: ConversationId) -> Conversation:
        row = load_conversation(self._store, conversation_id)
        if row is None:
            raise UnknownConversation("there is no such conversation on this device")
        return self._conversation(row)

    def _conversation(self, row: ConversationRow) -> Conversation:
        people = decode_policy(row.policy).user_ids
        names = sorted(self.session.directory.known_name(user_id) for user_id in people)
        return Conversation(row.conversation_id, row.kind, row.title, names, row.cursor, row.status)

    def _attachment(self, conversation: str, sequence: int, index: int) -> Attachment:
        row = messages.message_at(self._store, self.conversation_id(conversation), sequence)
        found = attachments_in(row.body).get(index) if row is not None else None
        if found is None:
            raise UnknownAttachment("there is no such message here, or it has no such file")
        return found

    def _receive_position(self) -> int:
        return documents.load(self._store, "receive_position", int) or 0

    async def _wait_for(self, position: int, timeout_s: float | None) -> list[MessageRow]:
        """Others' texts after a position, waiting for the first one; an empty list when the time is over."""
        own = self.session.device.device_id
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while True:
                    self._news.clear()
                    found = messages.texts_after(self._store, position, limit=RECEIVE_PAGE_MAX, but_of=own)
                    if found or timeout_s == 0:
                        return found
                    await self._news.wait()
        return []

    async def _message(self, row: MessageRow) -> Message:
        return Message(
            conversation_id=row.conversation_id,
            sequence=row.sequence,
            client_id=row.client_id,
            sender=await self.session.directory.username(row.user_id),
            text=text_in(row.body),
            attachments=infos_in(row.body),
            sent_at=row.stored_at,
        )


async def _as_far_as_it_goes(work: Callable[[], Awaitable[None]]) -> None:
    with contextlib.suppress(ClientError, Problem):
        await work()

"""Wires a node: stores, log, fan-out, routes; and carries its background work from start to a clean stop."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager

import structlog
from fastapi import Depends, FastAPI
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError
from redis.asyncio import Redis

from parley_contracts.auth_api import Revocation
from parley_contracts.ids import ApplicationId, ConversationId, UserId
from parley_contracts.limits import (
    APPLICATION_POSTS_PER_MINUTE,
    CHANNELS_CREATED_PER_HOUR,
    JOIN_ATTEMPTS_PER_HOUR,
    REPORTS_PER_HOUR,
    SEARCHES_PER_MINUTE,
    STORE_TIMEOUT_S,
)
from parley_contracts.messaging_api import CLOSE_RECONNECT
from parley_contracts.people_api import BlockChange, BlocksChanged
from parley_messaging.adapters.auth import AccountClient
from parley_messaging.adapters.callbacks import HttpsCallbacks
from parley_messaging.adapters.mongo.applications import MongoApplications
from parley_messaging.adapters.mongo.channels import MongoChannels
from parley_messaging.adapters.mongo.database import Document, connect, database_of
from parley_messaging.adapters.mongo.feed import MongoFeed
from parley_messaging.adapters.mongo.generation import MongoGeneration
from parley_messaging.adapters.mongo.join_requests import MongoJoinRequests
from parley_messaging.adapters.mongo.log import MongoLog
from parley_messaging.adapters.mongo.memberships import MongoMemberships
from parley_messaging.adapters.mongo.people import MongoDeletionPositions, MongoPeople
from parley_messaging.adapters.mongo.positions import MongoPositions, MongoPrivacy
from parley_messaging.adapters.mongo.records import MongoRecords
from parley_messaging.adapters.mongo.reports import MongoReports
from parley_messaging.adapters.mongo.schedule import MongoSchedule
from parley_messaging.adapters.mongo.space import MongoSpace
from parley_messaging.adapters.peer_server import PeerServer
from parley_messaging.adapters.peers import UnixPeers
from parley_messaging.adapters.redis.bus import RedisBus
from parley_messaging.adapters.redis.nodes import NodeRegistry
from parley_messaging.adapters.redis.presence import RedisPresence
from parley_messaging.adapters.redis.rates import RedisAttempts
from parley_messaging.adapters.redis.stream import RedisStream
from parley_messaging.api import (
    application_routes,
    channel_routes,
    internal,
    polling,
    reports,
    room_routes,
    routes,
    state_routes,
)
from parley_messaging.api.state_commands import StateCommands
from parley_messaging.api.watch import Watch
from parley_messaging.config import SERVICE, Config
from parley_messaging.domain.applications import Hooks
from parley_messaging.domain.entries import StoredEntry
from parley_messaging.domain.ownership import owner_of
from parley_messaging.domain.publications import Hint, Publication, json_frame
from parley_messaging.domain.tokens import Tokenizer
from parley_messaging.metrics import Metrics
from parley_messaging.node import Node, require_room
from parley_messaging.ports import LogStore, PositionStore
from parley_messaging.service.accepting import Accepting
from parley_messaging.service.admission import Admission
from parley_messaging.service.appending import Appending
from parley_messaging.service.applications import ChannelApplications
from parley_messaging.service.blocks import Blocks
from parley_messaging.service.calling import Calling
from parley_messaging.service.channels import Channels
from parley_messaging.service.directory import ChannelDirectory
from parley_messaging.service.erasing import Erasing
from parley_messaging.service.expiring import Expiring
from parley_messaging.service.fanout import Hub
from parley_messaging.service.feeding import Feeding
from parley_messaging.service.generation import Generation
from parley_messaging.service.handing_out import HandingOut
from parley_messaging.service.joining import Joining
from parley_messaging.service.notifying import Notifying
from parley_messaging.service.polls import Polls
from parley_messaging.service.presence import Presence
from parley_messaging.service.privacy import Privacy
from parley_messaging.service.reaching import Reaching
from parley_messaging.service.reading import Reading
from parley_messaging.service.receipts import ReadMarks, Receipts
from parley_messaging.service.removing import Removing
from parley_messaging.service.reporting import Reporting
from parley_messaging.service.scheduling import Scheduling
from parley_messaging.service.searching import Searching
from parley_messaging.service.states import States
from parley_messaging.service.storage import Storage
from parley_serving.fastapi.access_tokens import RevocationPoller, TokenVerifier
from parley_serving.fastapi.background import end_tasks
from parley_serving.fastapi.deletions import DeletionReader
from parley_serving.fastapi.server import node_application

DRAIN_S_MAX = 5.0
HEALTH_TIMEOUT_S = 2.0
RESTART_S = 1.0
_SCHEDULE = b"schedule"
_log = structlog.get_logger("parley_messaging.main")


def create_app(config: Config) -> FastAPI:
    """The application of one node."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        running = RunningNode(config)
        app.state.node = running.node
        app.state.drain = running.drain
        await running.start()
        try:
            yield
        finally:
            await running.drain()
            await running.close()

    app = node_application(lifespan)
    of_devices = (routes, state_routes, room_routes, channel_routes, polling, reports)
    for module in (*of_devices, application_routes):
        app.include_router(module.router, dependencies=[Depends(require_room)])
    app.include_router(internal.router)
    return app


#: By how much a profile raises the limits of `Admission`.
_TIMES = {"default": 1, "test": 10_000}


class RunningNode:
    """A node and its background work."""

    def __init__(self, config: Config) -> None:
        key = config.service_key()
        self._mongo: AsyncMongoClient[Document] = connect(config.mongodb_url)
        self._redis = _redis(config.redis_url)
        self._auth = AccountClient(config.auth_socket_path, SERVICE, key)
        self._registry = NodeRegistry(self._redis, config.node_id, str(config.peers_path))
        self._peers = UnixPeers(self._registry, config.node_id, key)
        self._bus = RedisBus(
            self._redis,
            received=self._received,
            missed=self._missed,
            auth_hint=self._auth_hint,
            hinted=self._hinted,
        )
        database = database_of(self._mongo)
        positions = MongoPositions(database)
        privacy = Privacy(MongoPrivacy(database), tell=self._tell, hint=self._bus.hint, changed=self._settings_changed)
        self._blocks = Blocks(self._auth, self._blocks_changed)
        self._marks = ReadMarks(positions, privacy)
        self._storage = Storage(MongoSpace(database))
        self._callbacks = HttpsCallbacks(config.outbound_hosts)
        self.node = self._wired(config, database, positions, privacy)
        forwarded = functools.partial(self.node.appending.submit, forwarded=True)
        self._peer_server = PeerServer(config.peers_path, config.service_keys, forwarded)
        self._feeding = Feeding(MongoFeed(database), RedisStream(self._redis, config.node_id))
        self._expiring = Expiring(MongoLog(database), is_ours=self._owns_schedule)
        self._poller = RevocationPoller(self._auth, self.node.tokens.revoked, self._revoked)
        positions_of_deletions = MongoDeletionPositions(database)
        self._deletions = DeletionReader(
            self._auth, positions_of_deletions, self.node.erasing.erase, is_ours=self._owns_schedule
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._drained = False

    def _wired(
        self, config: Config, database: AsyncDatabase[Document], positions: PositionStore, privacy: Privacy
    ) -> Node:
        log = MongoLog(database)
        memberships = MongoMemberships(database, log)
        states = States(log, memberships)
        metrics = Metrics()
        tokenizer = Tokenizer(config.lasting_secret())
        names = MongoChannels(database)
        admission = Admission(times=_TIMES[config.limits_profile])
        channels = Channels(log, names, self._auth, tokenizer, admission.conversations)
        reading = Reading(log, memberships, positions, states, self._marks)
        hub = self._hub(log, memberships, reading, states, privacy, self._blocks, metrics)
        reaching = Reaching(self._blocks, MongoPrivacy(database), memberships, MongoJoinRequests(database))
        accepting = Accepting(states, self._auth, reaching, channels, config.server_name, admission.conversations)
        appending = self._appending(log, memberships, states, accepting, metrics)
        presence_store = RedisPresence(self._redis)
        presence = self._presence(presence_store, hub, states, privacy, self._blocks)
        receipts = Receipts(log, positions, states, privacy, self._blocks, tell=self._tell, listening=hub.listening)
        return Node(
            config=config,
            metrics=metrics,
            tokens=TokenVerifier(self._auth, config.origin),
            admission=admission,
            appending=appending,
            reading=reading,
            receipts=receipts,
            removing=Removing(log, states),
            reporting=self._reporting(config, database, log, states),
            records=MongoRecords(database),
            storage=self._storage,
            notifying=Notifying(log, self._blocks),
            channels=ChannelDirectory(log, memberships, names, channels),
            applications=self._applications(config, database, states, channels, appending, reading),
            channel_attempts=self._attempts("channel", CHANNELS_CREATED_PER_HOUR, 3600),
            searching=Searching(memberships, names, tokenizer, self._attempts("search", SEARCHES_PER_MINUTE, 60)),
            joining=self._joining(database, states, hub, config.server_name),
            scheduling=self._scheduling(database, states, appending),
            generation=Generation(MongoGeneration(database)),
            hub=hub,
            presence=presence,
            polls=Polls(hub, presence),
            privacy=privacy,
            blocks=self._blocks,
            state_commands=StateCommands(hub, receipts, presence, privacy),
            watch=Watch(),
            erasing=Erasing(MongoPeople(database), presence_store),
            handing_out=HandingOut(MongoPeople(database), MongoReports(database, config.field_secret)),
            health=self._health,
        )

    def _hub(
        self,
        log: MongoLog,
        memberships: MongoMemberships,
        reading: Reading,
        states: States,
        privacy: Privacy,
        blocks: Blocks,
        metrics: Metrics,
    ) -> Hub:
        return Hub(
            log=log,
            memberships=memberships,
            reading=reading,
            states=states,
            privacy=privacy,
            blocks=blocks,
            publisher=self._bus,
            metrics=metrics,
            removed=self._removed,
        )

    def _presence(self, store: RedisPresence, hub: Hub, states: States, privacy: Privacy, blocks: Blocks) -> Presence:
        return Presence(store, states=states, privacy=privacy, blocks=blocks, belongs=hub.belongs, hint=self._bus.hint)

    def _reporting(self, config: Config, database: AsyncDatabase[Document], log: LogStore, states: States) -> Reporting:
        attempts = self._attempts("report", REPORTS_PER_HOUR, 3600)
        return Reporting(log, states, MongoReports(database, config.field_secret), attempts)

    def _joining(self, database: AsyncDatabase[Document], states: States, hub: Hub, server_name: str) -> Joining:
        return Joining(
            states=states,
            requests=MongoJoinRequests(database),
            directory=self._auth,
            attempts=self._attempts("join", JOIN_ATTEMPTS_PER_HOUR, 3600),
            server_name=server_name,
            tell=hub.tell_members,
        )

    def _applications(
        self,
        config: Config,
        database: AsyncDatabase[Document],
        states: States,
        channels: Channels,
        appending: Appending,
        reading: Reading,
    ) -> ChannelApplications:
        store, hooks = MongoApplications(database), Hooks(config.lasting_secret())
        self._calling = Calling(
            store, MongoLog(database), channels, hooks, self._callbacks, is_ours=self._owns_application
        )
        return ChannelApplications(
            store,
            states=states,
            channels=channels,
            appending=appending,
            reading=reading,
            hooks=hooks,
            attempts=self._attempts("application", APPLICATION_POSTS_PER_MINUTE, 60),
        )

    def _scheduling(self, database: AsyncDatabase[Document], states: States, appending: Appending) -> Scheduling:
        return Scheduling(MongoSchedule(database), states, appending, is_ours=self._owns_schedule)

    def _appending(
        self, log: MongoLog, memberships: MongoMemberships, states: States, accepting: Accepting, metrics: Metrics
    ) -> Appending:
        return Appending(
            log=log,
            memberships=memberships,
            states=states,
            accepting=accepting,
            peers=self._peers,
            storage=self._storage,
            metrics=metrics,
            listener=self._stored,
            acknowledged=self._marks.sent,
        )

    def _attempts(self, name: str, count_max: int, window_s: int) -> RedisAttempts:
        return RedisAttempts(self._redis, name, count_max=count_max, window_s=window_s)

    async def start(self) -> None:
        """Listen for the other nodes, and begin the background work."""
        await self._peer_server.start()
        work = (
            self._registry.run,
            self._bus.run_publisher,
            self._bus.run_beat,
            self._bus.run_listener,
            self._poller.run,
            self._blocks.run,
            self._deletions.run,
            self._marks.run,
            self.node.receipts.run,
            self.node.privacy.run,
            self.node.presence.run,
            self._feeding.run,
            self._expiring.run,
            self.node.scheduling.run,
            self._calling.run,
            self._storage.run,
            self.node.watch.run,
        )
        self._tasks = [asyncio.create_task(_restarted(item)) for item in work]

    async def drain(self) -> None:
        """Leave the others to it: no heartbeat, sockets told to reconnect, what is waiting stored."""
        if self._drained:
            return
        self._drained = True
        if self._tasks:
            self._tasks[0].cancel()
        await self._registry.leave()
        self.node.hub.close_all(CLOSE_RECONNECT)
        try:
            async with asyncio.timeout(DRAIN_S_MAX):
                await self.node.appending.drained()
                await self._marks.flush()
                await self.node.receipts.flush()
        except TimeoutError:
            _log.warning("drain_incomplete", waiting=self.node.appending.waiting)

    async def close(self) -> None:
        """Stop the background work and close the connections."""
        await end_tasks(self._tasks)
        self._callbacks.close()
        await self._peer_server.close()
        await self._peers.close()
        await self._auth.close()
        await self._redis.aclose()
        await self._mongo.close()

    # Late bound: the parts know one another in a circle.

    def _stored(self, entries: Sequence[StoredEntry]) -> None:
        self.node.hub.stored(entries)

    def _received(self, publications: Sequence[Publication]) -> None:
        self.node.hub.received(publications)

    def _missed(self, bucket: int | None) -> None:
        self.node.hub.missed(bucket)
        if bucket is None:
            self.node.privacy.missed()

    def _tell(self, publication: Publication) -> None:
        self.node.hub.tell(publication)

    def _hinted(self, hint: Hint) -> None:
        self.node.privacy.hinted(hint.privacy)
        self.node.presence.hinted(hint.presence)

    def _settings_changed(self, user_ids: Sequence[UserId]) -> None:
        self.node.presence.settings_changed(user_ids)

    def _removed(self, conversation_id: ConversationId, user_ids: Sequence[UserId]) -> None:
        self.node.presence.removed(conversation_id, user_ids)

    def _owns_schedule(self) -> bool:
        """Whether this node works through the schedule; while nobody knows who lives, each does."""
        return not self._drained and owner_of(_SCHEDULE, self._registry.live) in {self.node.config.node_id, None}

    def _owns_application(self, application_id: ApplicationId) -> bool:
        """Whether this node calls an application's callback; while nobody knows who lives, each does."""
        owner = owner_of(application_id.encode(), self._registry.live)
        return not self._drained and owner in {self.node.config.node_id, None}

    def _blocks_changed(self, changes: Sequence[BlockChange]) -> None:
        """Each node reads them itself, and tells those who are connected here."""
        for change in changes:
            self.node.presence.settings_changed([change.blocker_id, change.blocked_id])
            frame, own = json_frame(BlocksChanged(change.position)), ConversationId(change.blocker_id)
            self.node.hub.received([Publication(own, 0, frame, audience="own", about=change.blocker_id)])

    def _auth_hint(self) -> None:
        self._poller.hint()
        self._blocks.hint()

    def _revoked(self, revocations: Sequence[Revocation]) -> None:
        self.node.hub.revoked(revocations)

    async def _health(self) -> str:
        try:
            async with asyncio.timeout(HEALTH_TIMEOUT_S):
                await self._mongo.admin.command("ping")
        except (PyMongoError, TimeoutError):
            return "MongoDB does not answer"
        if not self._blocks.loaded:
            return "blocks were not read yet"
        return "" if self.node.tokens.revoked.loaded else "revocations were not read yet"


def _redis(url: str) -> Redis:
    return Redis.from_url(
        url, socket_timeout=STORE_TIMEOUT_S, socket_connect_timeout=STORE_TIMEOUT_S, health_check_interval=0
    )


async def _restarted(work: Callable[[], Coroutine[None, None, None]]) -> None:
    """Background work never ends but by cancelling; a bug in it is logged, and it begins again."""
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 - a bug is logged, and the work begins again
            _log.exception("background_work_ended")
        await asyncio.sleep(RESTART_S)

"""Wires a node: index, object store, messaging, routes; and carries its background work from start to end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI
from pymongo.errors import PyMongoError

from parley_contracts.limits import MEDIA_SWEEP_BATCH_MAX, MEDIA_SWEEP_INTERVAL_S
from parley_contracts.problems import Unavailable
from parley_media.adapters.messaging import MessagingNodes
from parley_media.adapters.mongo import MongoObjects, MongoPositions, MongoQuotas, connect, database_of
from parley_media.adapters.s3 import S3Store
from parley_media.api import internal, routes
from parley_media.config import SERVICE, Config
from parley_media.node import Node
from parley_media.service.erasing import Erasing
from parley_media.service.handing_out import HandingOut
from parley_media.service.uploads import Uploads
from parley_serving.fastapi.access_tokens import AuthClient, RevocationPoller, TokenVerifier
from parley_serving.fastapi.background import end_tasks
from parley_serving.fastapi.deletions import DeletionReader
from parley_serving.fastapi.server import node_application

HEALTH_TIMEOUT_S = 3.0
_log = structlog.get_logger("parley_media.main")


def create_app(config: Config) -> FastAPI:
    """The application of one node."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        running = RunningNode(config)
        app.state.node = running.node
        running.start()
        try:
            yield
        finally:
            await running.close()

    app = node_application(lifespan)
    for module in (routes, internal):
        app.include_router(module.router)
    return app


class RunningNode:
    """A node and its background work."""

    def __init__(self, config: Config) -> None:
        key = config.service_key()
        self._mongo = connect(config.mongodb_url)
        self._s3 = S3Store(config.s3, config.s3_signed_host)
        self._auth = AuthClient(config.auth_socket_path, SERVICE, key)
        self._messaging = MessagingNodes(config.messaging_sockets, SERVICE, key)
        tokens = TokenVerifier(self._auth, config.origin)
        database = database_of(self._mongo)
        index, quotas = MongoObjects(database), MongoQuotas(database)
        erasing = Erasing(index, self._s3, quotas)
        self.node = Node(
            config=config,
            tokens=tokens,
            uploads=Uploads(index, self._s3, self._messaging),
            quotas=quotas,
            erasing=erasing,
            handing_out=HandingOut(index, quotas),
            health=self._health,
        )
        self._deletions = DeletionReader(self._auth, MongoPositions(database), erasing.erase)
        self._poller = RevocationPoller(self._auth, tokens.revoked, lambda _revocations: None)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin the background work."""
        work = (self._poller.run, self._deletions.run, self._sweep)
        self._tasks = [asyncio.create_task(item()) for item in work]

    async def close(self) -> None:
        """Stop the background work and close the connections."""
        await end_tasks(self._tasks)
        await self._messaging.close()
        await self._auth.close()
        await self._mongo.close()
        self._s3.close()

    async def _sweep(self) -> None:
        """Throw abandoned uploads away, for ever."""
        while True:
            count = 0
            try:
                count = await self.node.uploads.expire()
            except Unavailable:
                _log.warning("sweep_postponed")
            except Exception:  # noqa: BLE001 - a bug is logged, and the work goes on
                _log.exception("sweep_failed")
            if count:
                _log.info("uploads_expired", count=count)
            await asyncio.sleep(0 if count == MEDIA_SWEEP_BATCH_MAX else MEDIA_SWEEP_INTERVAL_S)

    async def _health(self) -> str:
        try:
            async with asyncio.timeout(HEALTH_TIMEOUT_S):
                await self._mongo.admin.command("ping")
        except (PyMongoError, TimeoutError):
            return "MongoDB does not answer"
        try:
            async with asyncio.timeout(HEALTH_TIMEOUT_S):
                await self._s3.check()
        except (Unavailable, TimeoutError):
            return "the object store does not answer"
        return "" if self.node.tokens.revoked.loaded else "revocations were not read yet"

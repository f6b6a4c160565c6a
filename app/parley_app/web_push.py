"""Notifications of a browser: switching them on and off, trying them, and what the service worker keeps for them.

Invariant: the server has a subscription of this device only while the browser keeps a push key; whichever of both fails
to come about, the other is taken back.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

from parley_app import words
from parley_app.bridge import Begin, NotificationState, Visit
from parley_app.engine import Engine, EngineError, Json

#: News come in bursts, and a start has better things to do first.
GATHER_S = 2.0


class Page(Protocol):
    """What only a page can do: the requests of `app/web/src/page.js`."""

    async def ask(self, request: str, **params: Json) -> Json:
        """Carry a request out; raises `EngineError`."""
        ...


class BrowserBridge:
    """A tab of a browser."""

    def __init__(self, server: str, page: Page, engine: Engine) -> None:
        self.server = server
        self.ca_file: str | None = None
        self._page, self._engine = page, engine

    async def by_way_of(self, begin: Begin, visit: Visit) -> str:
        """In this very tab, which begins anew when its person comes back."""
        await visit(await begin(f"{self.server}/"), "_self")
        return ""

    async def notifications(self) -> NotificationState:
        """Whether notifications are on here, and whether they can be."""
        state: NotificationState = await self._page.ask("state")
        return state

    async def enable_notifications(self) -> NotificationState:
        """Ask for the permission, subscribe, and tell the server; raises `EngineError`."""
        # First of all: a browser shows its question only shortly after a click.
        if await self._page.ask("permit") != "granted":
            return await self.notifications()
        await enrol(self._page, self._engine)
        return await self.notifications()

    async def disable_notifications(self) -> NotificationState:
        """Have the server forget the subscription, then the browser its keys; raises `EngineError`."""
        await self._engine.call("push.unsubscribe")
        await self._page.ask("forget")
        return await self.notifications()

    async def test_notification(self) -> str:
        """Have the server push to this very device; what was seen of it, as a sentence. Raises `EngineError`."""
        seen = asyncio.ensure_future(self._page.ask("tested"))
        try:
            answer = await self._engine.call("push.self_test")
            if answer["outcome"] == "sent":
                return words.TEST_SEEN if await seen else words.TEST_UNSEEN
        except EngineError as error:
            if error.slug != "not_found":
                raise
            return words.TEST_OUTCOMES["gone"]  # the server has dropped the subscription already
        finally:
            seen.cancel()
        return words.TEST_OUTCOMES.get(answer["outcome"], words.TEST_OUTCOMES["failed"])

    async def save(self, name: str, media_type: str, parts: AsyncIterator[bytes]) -> str:
        """As a download of the page, which is given one part at a time."""
        key = secrets.token_hex(8)
        try:
            async for part in parts:
                await self._page.ask("collect", key=key, data=base64.b64encode(part).decode())
            await self._page.ask("deliver", key=key, name=name, media_type=media_type)
        except BaseException:
            await self._page.ask("discard", key=key)
            raise
        return ""

    async def passkeys(self) -> bool:
        """Whether this browser has them."""
        return bool(await self._page.ask("passkeys"))

    async def make_passkey(self, options: Json) -> Json:
        """Have the browser make one; raises `EngineError`."""
        return await self._page.ask("makePasskey", options=options)

    async def use_passkey(self, options: Json) -> Json:
        """Have the browser ask for one; raises `EngineError`."""
        return await self._page.ask("usePasskey", options=options)


async def enrol(page: Page, engine: Engine) -> None:
    """Subscribe at the browser's push service and tell the server; the same again changes nothing. Raises `EngineError`."""
    was_on = await page.ask("state") == "on"
    key = await engine.call("push.key")
    subscription = await page.ask("enrol", vapid_key=key["public_key"])
    try:
        await engine.call("push.subscribe", subscription)
    except EngineError:
        if not was_on:
            with contextlib.suppress(EngineError):
                await page.ask("forget")
        raise


class Keeper:
    """Sees that the service worker has the present secrets, and nothing once the device is signed out.

    For the tab that runs the device, on the device's own engine.
    """

    def __init__(self, page: Page, engine: Engine, gather_s: float = GATHER_S) -> None:
        self._page, self._engine, self._gather_s = page, engine, gather_s
        self._due, self._at_once = asyncio.Event(), asyncio.Event()
        self._renewed = self._ended = False
        self._work: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Do so from now on; needs a running event loop."""
        self._engine.subscribe(self._hear)
        self._due.set()
        self._work = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        """Do so no more."""
        if self._work is not None:
            self._work.cancel()

    def _hear(self, name: str, params: Mapping[str, Any]) -> None:
        online = name == "connection.changed" and params.get("state") == "online"
        if name in {"push.changed", "signed_out"} or (online and not self._renewed):
            self._due.set()
        if name == "signed_out":
            self._ended = True
            self._at_once.set()
        elif online:
            self._ended = False

    async def _run(self) -> None:
        while True:
            await self._due.wait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._at_once.wait(), self._gather_s)
            self._due.clear()
            self._at_once.clear()
            # What fails now is tried again with the next event, and at the next start.
            with contextlib.suppress(EngineError):
                await self._see_to_it()

    async def _see_to_it(self) -> None:
        session = await self._engine.call("session")
        # A device that was signed out from elsewhere still holds its account.
        if self._ended or not session["signed_in"]:
            self._renewed = False
            await self._page.ask("forget")
            return
        if await self._page.ask("state") != "on":
            return
        if not self._renewed and session["connection"] == "online":
            with contextlib.suppress(EngineError):
                await enrol(self._page, self._engine)
                self._renewed = True
        await self._page.ask("keep", secrets=await self._engine.call("push.secrets"))

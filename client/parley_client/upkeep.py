"""What a device owes to the others of its person and to the people it talks to: archive, index, key packages, Adds.

Invariant: all of it is found by looking at the store, so a crash or a missed turn only delays it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime

from parley_client import history
from parley_client.backoff import full_jitter
from parley_client.content.disappearing import let_disappear, wait_s
from parley_client.content.removing import carry_out_removals
from parley_client.errors import ClientError, NotSignedIn
from parley_client.groups.conversations import add_rostered
from parley_client.groups.describing import tell_owed
from parley_client.groups.hygiene import renew_leaves
from parley_client.groups.joining import admit_automatically
from parley_client.history_keys import hand_on_newest, history_key_due, renew_history_key
from parley_client.key_packages import stock_key_packages
from parley_client.lockout.following import is_waiting, look_for_lock_outs, see_to_keys
from parley_client.past.keeping import see_to_the_past
from parley_client.push.subscribing import refresh_leaves
from parley_client.renewal.noticing import look_for_new_roots
from parley_client.resets.answering import answer_reports
from parley_client.resets.making import go_on, is_stuck
from parley_client.restoring.offering import offer_held
from parley_client.schedule.keeping import settle_scheduled
from parley_client.session import Session
from parley_client.settings import reminders
from parley_client.settings.syncing import sync_settings
from parley_client.store import messages, queues
from parley_client.store.conversations import list_conversations
from parley_client.sync.opening import EPOCH_KEY_MISSING
from parley_client.transparency.hearing import follow_log
from parley_contracts.policy import decode_policy
from parley_contracts.problems import NotFound, Problem

#: News come in bursts: look after this pause.
_GATHER_S = 0.2
_THOROUGH_INTERVAL_S = 600.0
_REPAIR_INTERVAL_S = 20.0


async def settle(session: Session, *, patient: bool = False) -> None:
    """Do all of it now; `patient` where other devices are to have the time to do what any of them may do."""
    await see_to_the_past(session, patient=patient)
    await look_for_lock_outs(session)
    await settle_news(session)
    await stock_key_packages(session)
    await session.signals.deliveries.tell_by_http()
    await repair(session)
    await sync_settings(session)
    await follow_log(session)
    await look_for_new_roots(session)
    await admit_automatically(session)
    await renew_leaves(session)
    policies = [decode_policy(row.policy) for row in list_conversations(session.store)]
    await session.directory.learn_names({user_id for policy in policies for user_id in policy.user_ids})


async def settle_news(session: Session) -> None:
    """What new epochs and conversations ask for."""
    let_disappear(session)
    await see_to_keys(session)
    for row in list_conversations(session.store):
        if row.creator:
            with contextlib.suppress(ClientError, NotFound):
                await add_rostered(session, row.conversation_id)
        with contextlib.suppress(ClientError, Problem):
            await go_on(session, row.conversation_id)
    await answer_reports(session)
    await tell_owed(session)
    await refresh_leaves(session)
    await hand_on_newest(session)  # before what is sealed under it is archived, or another one is made
    if history_key_due(session):
        await renew_history_key(session)
    await history.upload_archive(session)
    await history.publish_index(session)
    await carry_out_removals(session)
    await settle_scheduled(session)


def _is_due(session: Session) -> bool:
    """Whether a scheduled message should have been sent by now, and this device has not heard of it."""
    now = datetime.now(UTC)
    return any(datetime.fromisoformat(row.send_at) < now for row in queues.list_scheduled(session.store))


async def repair(session: Session) -> None:
    """Look into the archive for epochs whose messages did not open."""
    if messages.count_unopened(session.store).get(EPOCH_KEY_MISSING):
        await history.download_archive(session)


async def keep_up(session: Session) -> None:
    """Settle after each burst of news, and thoroughly now and then, until cancelled."""
    news = asyncio.Event()
    session.listeners.append(news.set)
    failures, thorough_at, repair_at = 0, 0.0, 0.0
    try:
        while True:
            news.clear()
            try:
                let_disappear(session)
                reminders.tell_due(session)
                await offer_held(session)
                await answer_reports(session)
                await see_to_the_past(session, patient=True)
                if (
                    queues.archive_waiting(session.store)
                    or failures
                    or thorough_at == 0
                    or _is_due(session)
                    or is_waiting(session)
                    or is_stuck(session)
                ):
                    await settle_news(session)
                if time.monotonic() >= repair_at:
                    await repair(session)
                    repair_at = time.monotonic() + _REPAIR_INTERVAL_S
                if time.monotonic() >= thorough_at:
                    await settle(session, patient=True)
                    thorough_at = time.monotonic() + _THOROUGH_INTERVAL_S
                failures = 0
            except NotSignedIn:
                return
            except (ClientError, Problem):
                failures += 1
            with contextlib.suppress(TimeoutError):
                pause_s = full_jitter(failures) if failures else _REPAIR_INTERVAL_S
                async with asyncio.timeout(min(wait_s(session, pause_s), reminders.wait_s(session, pause_s))):
                    await news.wait()
                    await asyncio.sleep(_GATHER_S)
    finally:
        session.listeners.remove(news.set)

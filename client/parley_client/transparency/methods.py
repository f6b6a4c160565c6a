"""What `Client` offers of the log of people's keys: how it stands, whose signatures are demanded, beginning it anew."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Literal

import msgspec

from parley_client.errors import UntrustedLog
from parley_client.parts import ClientPart
from parley_client.settings import syncing
from parley_client.settings.marks import KEY_LOG
from parley_client.store import key_log as kept
from parley_client.store.key_log import AlarmCode
from parley_client.transparency.witnesses import demand_witnesses, witnessed_size
from parley_contracts.checkpoints import Head, parse_key
from parley_contracts.limits import KEY_LOG_HEAD_STALE_S

#: `self_audited`: this device alone has checked the log; `witnessed`: so many as the person demands have signed it.
LogState = Literal["not_followed", "self_audited", "witnessed", "stale", "alarm"]


class Witness(msgspec.Struct, frozen=True):
    """A witness that the person named, and what it signed last (zeros: nothing yet); `signed_at` is seconds since 1970."""

    name: str
    key: str
    size: int
    signed_at: int


class LogAlarm(msgspec.Struct, frozen=True):
    """What is wrong with the log, in a sentence; `raised_at` is seconds since 1970."""

    code: AlarmCode
    detail: str
    raised_at: int


class KeyLogStatus(msgspec.Struct, frozen=True):
    """How the log of people's keys stands on this device; `signed_at` is seconds since 1970, of its newest head."""

    state: LogState
    key: str
    size: int
    signed_at: int
    at_least: int
    witnesses: list[Witness]
    alarms: list[LogAlarm]


class TransparencyMethods(ClientPart):
    """A part of `Client`."""

    def key_log(self) -> KeyLogStatus:
        """How the log stands; no network."""
        session = self.session
        followed, demand = kept.load_followed(session.store), kept.load_demand(session.store)
        head = Head.decode(followed.head) if followed is not None and followed.head else None
        alarms = [LogAlarm(alarm.code, alarm.detail, alarm.raised_at) for alarm in kept.alarms(session.store)]
        return KeyLogStatus(
            state="alarm" if alarms else self._log_state(head),
            key=followed.key if followed is not None else "",
            size=head.size if head is not None else 0,
            signed_at=head.time if head is not None else 0,
            at_least=demand.at_least,
            witnesses=[_witness(key, demand.heads.get(key)) for key in demand.keys],
            alarms=alarms,
        )

    async def follow_key_log(self) -> KeyLogStatus:
        """Fetch and judge what is new in the log, and say how it stands."""
        with contextlib.suppress(UntrustedLog):  # an alarm says it
            await self.session.directory.log.follow()
        return self.key_log()

    async def demand_witnesses(self, keys: Sequence[str], at_least: int) -> KeyLogStatus:
        """Believe nobody's new keys until so many of these witnesses have signed them; none demands nothing. `UsageError`."""
        demand_witnesses(self.session.store, keys, at_least)
        return await self.follow_key_log()

    async def start_key_log_anew(self) -> KeyLogStatus:
        """Forget the log and its alarms, and follow what the server shows now: the operator has said why it is another one.

        Whom this device knows stays pinned.
        """
        syncing.change(self.session, {KEY_LOG: None})
        await self.session.directory.log.start_anew()
        return await self.follow_key_log()

    def _log_state(self, head: Head | None) -> LogState:
        session = self.session
        now = session.directory.log.clock()
        if head is None:
            return "not_followed"
        if abs(now - head.time) > KEY_LOG_HEAD_STALE_S:
            return "stale"
        return "witnessed" if witnessed_size(session.store, now) else "self_audited"


def _witness(key: str, head: bytes | None) -> Witness:
    said = Head.decode(head) if head is not None else None
    return Witness(parse_key(key).name, key, said.size if said else 0, said.time if said else 0)

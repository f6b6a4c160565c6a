"""One's sessions with their devices, as people tell them apart."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from parley_auth.accounts.models import User
from parley_auth.signin.models import Session
from parley_contracts.auth_api import SessionInfo
from parley_contracts.ids import DeviceId, is_uuid
from parley_contracts.problems import Conflict, NotFound


def living_sessions(user: User) -> QuerySet[Session]:
    """The sessions that may still speak for a person, the last seen first."""
    living = Session.objects.select_related("user", "device").filter(user=user, ended_at=None)
    return living.filter(expires_at__gt=timezone.now()).order_by("-last_seen_at", "-id")


def sessions_of(caller: Session) -> list[SessionInfo]:
    """The sessions of the caller's person."""
    return [_info(session, caller) for session in living_sessions(caller.user)]


def access_session_by_id(caller: Session, unverified_session_id: str) -> Session:
    """A living session of the caller's own person; `NotFound` otherwise."""
    if not is_uuid(unverified_session_id):
        raise NotFound
    session = living_sessions(caller.user).filter(pk=uuid.UUID(unverified_session_id)).first()
    if session is None:
        raise NotFound
    return session


def rename(caller: Session, session: Session, name: str) -> SessionInfo:
    """Give the session's device a checked name; `Conflict` where it has none yet."""
    if session.device is None:
        raise Conflict("This session has no device yet.")
    session.device.name = name
    session.device.save(update_fields=["name"])
    return _info(session, caller)


def _info(session: Session, caller: Session) -> SessionInfo:
    device = session.device
    return SessionInfo(
        session_id=session.session_id,
        device_id=DeviceId(str(session.device_id)) if session.device_id else None,
        name=device.name if device else "",
        platform=device.platform if device else "",
        network=session.network,
        created_at=_time(session.created_at),
        last_seen_at=_time(session.last_seen_at),
        is_current=session.pk == caller.pk,
    )


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")

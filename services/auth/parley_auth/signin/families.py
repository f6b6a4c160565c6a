"""The life of a session: opened, its refresh tokens rotated, bound to a device, ended.

Invariant: a refresh token is good for one use. Its second use ends the whole family and tells the other services.
A lost answer is repaired only for whoever repeats the same secret `Idempotency-Key` (a thief of the token has not got
it): the successor is derived from token and key, so it is the same one again, and only while it is unused.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from parley_auth.accounts.models import User
from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_effect, record_own
from parley_auth.directory.devices import retire_device
from parley_auth.directory.models import Device
from parley_auth.events.outbox import append_event
from parley_auth.keyring import LASTING_KEY_FILE, derived_key
from parley_auth.signin.models import RefreshToken, Session
from parley_auth.signin.tokens import sign_access_token
from parley_contracts.auth_api import Tokens
from parley_contracts.encoding import b64encode
from parley_contracts.limits import (
    ACCESS_TOKEN_LIFETIME_S,
    REFRESH_RETRY_WINDOW_S,
    REFRESH_TOKEN_LIFETIME_S,
    SESSIONS_PER_USER_MAX,
    USED_REFRESH_TOKENS_KEPT_S,
)
from parley_contracts.problems import Conflict, Problem, RefreshReused, Unauthenticated

_TOKEN_PREFIX = "prt_"  # noqa: S105 - lets scanners of leaked secrets recognise one

#: Why a session ended, where its own person ended it.
_BY_PERSON = frozenset({"logout", "password", "statement"})


def open_session(user: User, *, network: str) -> Tokens:
    """Sign a person in, on a device that is not known yet; the oldest sessions end where there are too many."""
    with transaction.atomic():
        session = Session.objects.create(user=user, expires_at=timezone.now(), network=network)
        tokens = _issue(session, _random_token())
        living = user.sessions.filter(ended_at=None).order_by(F("device").asc(nulls_last=True), "-created_at")
        end_sessions(list(living[SESSIONS_PER_USER_MAX:]), reason="too many")
        return tokens


def replace_session(unverified_token: str) -> None:
    """End the session that a refresh token is of, whoever's it is: its browser has signed in anew. None is, and nothing happens."""
    found = Session.objects.filter(refresh_tokens__token_hash=_hash(unverified_token), ended_at=None)
    end_sessions(list(found.select_related("user")), reason="replaced")


def rotate(unverified_token: str, *, unverified_retry_key: str | None, network: str) -> Tokens:
    """New tokens for a refresh token; `RefreshReused` ends the family, `Unauthenticated` says it is none of ours."""
    with transaction.atomic():
        outcome = _rotate(unverified_token, unverified_retry_key)
        if isinstance(outcome, Tokens):
            seen = RefreshToken.objects.filter(token_hash=_hash(unverified_token)).values("session_id")
            Session.objects.filter(pk__in=seen).update(last_seen_at=timezone.now(), network=network)
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


def bind_device(session: Session, device: Device) -> Tokens:
    """Tokens that name the device, which the caller has locked; earlier sessions of it end."""
    session = (
        Session.objects.select_for_update(of=("self",), no_key=True).select_related("user", "device").get(pk=session.pk)
    )
    if session.ended_at is not None:
        raise Unauthenticated
    if session.device_id not in {None, device.pk}:
        raise Conflict("This session belongs to another device.")
    session.device = device
    session.save(update_fields=["device"])
    tokens = _issue(session, _random_token())
    end_sessions(list(device.sessions.filter(ended_at=None).exclude(pk=session.pk)), reason="replaced")
    return tokens


def end_sessions(sessions: Iterable[Session], *, reason: str, with_device: bool = False) -> None:
    """End sessions inside the caller's transaction, with their devices where asked; the other services are told."""
    ended: list[tuple[Session, datetime]] = []
    for session in sessions:
        now = timezone.now()
        if Session.objects.filter(pk=session.pk, ended_at=None).update(ended_at=now, end_reason=reason):
            ended.append((session, now))
    retired = {
        session.device_id
        for session, _ in ended
        if with_device and session.device_id is not None and retire_device(session.device_id)
    }
    for session, now in ended:
        device_id = str(session.device_id) if session.device_id in retired else None
        append_event("session.revoked", _revocation(session, device_id, now))
        if device_id is not None:
            append_event("device.revoked", {"user_id": str(session.user_id), "device_id": device_id})
        record = record_own if reason in _BY_PERSON else record_effect
        record(Act.SESSION_ENDED, session.user, session=session.session_id, reason=reason)


def sign_out(session: Session) -> None:
    """End a session and revoke its device, all sessions of it included."""
    with transaction.atomic():
        if session.device_id is None:
            end_sessions([session], reason="logout")
            return
        device = Device.objects.select_for_update(no_key=True).get(pk=session.device_id)
        end_sessions(list(device.sessions.filter(ended_at=None)), reason="logout", with_device=True)


def _rotate(unverified_token: str, unverified_retry_key: str | None) -> Tokens | Problem:
    now = timezone.now()
    found = RefreshToken.objects.filter(token_hash=_hash(unverified_token)).values_list("session_id").first()
    if found is None:
        return Unauthenticated("This refresh token is not known.")
    session = (
        Session.objects.select_for_update(of=("self",), no_key=True).select_related("user", "device").get(pk=found[0])
    )
    token = RefreshToken.objects.get(token_hash=_hash(unverified_token))
    over = min(token.expires_at, _refresh_expiry(session)) <= now
    if session.ended_at is not None or over or not session.user.is_active:
        return RefreshReused() if session.end_reason == "reuse" else Unauthenticated("This session has ended.")
    retry_key_hash = _hash(unverified_retry_key) if unverified_retry_key else None
    if token.used_at is not None:
        return _repeat(session, token, unverified_token, unverified_retry_key, now)
    session.refresh_tokens.filter(used_at=None, issued_at__lte=token.issued_at).update(used_at=now)
    RefreshToken.objects.filter(pk=token.pk).update(retry_key_hash=retry_key_hash)
    session.refresh_tokens.filter(used_at__lt=now - timedelta(seconds=USED_REFRESH_TOKENS_KEPT_S)).delete()
    return _issue(session, _successor(unverified_token, unverified_retry_key))


def _repeat(
    session: Session, token: RefreshToken, unverified_token: str, unverified_retry_key: str | None, now: datetime
) -> Tokens | Problem:
    """A used token came again: the same answer where that is safe, else the end of the family."""
    assert token.used_at is not None
    fresh = now - token.used_at <= timedelta(seconds=REFRESH_RETRY_WINDOW_S)
    if fresh and unverified_retry_key and token.retry_key_hash is not None:
        successor = _successor(unverified_token, unverified_retry_key)
        same_key = hmac.compare_digest(bytes(token.retry_key_hash), _hash(unverified_retry_key))
        if same_key and session.refresh_tokens.filter(token_hash=_hash(successor), used_at=None).exists():
            return _tokens(session, successor)
    end_sessions([session], reason="reuse")
    return RefreshReused()


def _issue(session: Session, refresh_token: str) -> Tokens:
    expires_at = _refresh_expiry(session)
    RefreshToken.objects.create(
        token_hash=_hash(refresh_token), session=session, issued_at=timezone.now(), expires_at=expires_at
    )
    Session.objects.filter(pk=session.pk).update(expires_at=expires_at)
    return _tokens(session, refresh_token)


def _tokens(session: Session, refresh_token: str) -> Tokens:
    return Tokens(
        access_token=sign_access_token(session), refresh_token=refresh_token, expires_in_s=ACCESS_TOKEN_LIFETIME_S
    )


def _random_token() -> str:
    return _TOKEN_PREFIX + b64encode(os.urandom(32))


def _successor(token: str, retry_key: str | None) -> str:
    if not retry_key:
        return _random_token()
    message = _hash(token) + _hash(retry_key)
    return _TOKEN_PREFIX + b64encode(
        hmac.digest(derived_key(LASTING_KEY_FILE, "refresh successor"), message, hashlib.sha256)
    )


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _refresh_expiry(session: Session) -> datetime:
    """When a token that is issued now is good no more: unused for long, or its person not asked for longer than the operator wants."""
    unused = timezone.now() + timedelta(seconds=REFRESH_TOKEN_LIFETIME_S)
    if settings.CONFIG.session_days is None:
        return unused
    return min(unused, session.authenticated_at + timedelta(days=settings.CONFIG.session_days))


def _revocation(session: Session, device_id: str | None, at: datetime) -> dict[str, str | None]:
    return {
        "session_id": session.session_id,
        "user_id": str(session.user_id),
        "device_id": device_id,
        "revoked_at": at.isoformat().replace("+00:00", "Z"),
    }

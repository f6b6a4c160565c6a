"""Routes for the other services, on the Unix socket only: health, revocations, blocks, who exists, what people have stated."""

from __future__ import annotations

import uuid

import msgspec
from django.db import connection
from django.db.utils import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from ninja import Router
from redis.exceptions import RedisError

from parley_auth.accounts.models import User
from parley_auth.directory.models import Statement
from parley_auth.events.models import FeedPosition, OutboxEvent
from parley_auth.relations.blocking import changes_after
from parley_auth.rights.models import Deletion
from parley_auth.web.rates import redis_client
from parley_auth.web.service_auth import ServiceAuth
from parley_contracts.auth_api import Revocation, Revocations
from parley_contracts.encoding import b64encode
from parley_contracts.identity import root_fingerprint
from parley_contracts.ids import UserId, is_uuid
from parley_contracts.limits import DELETIONS_PAGE_MAX, REVOCATIONS_PAGE_MAX, USERS_PER_LOOKUP_MAX
from parley_contracts.problems import InvalidRequest
from parley_contracts.rights_api import Deletion as WireDeletion
from parley_contracts.rights_api import Deletions
from parley_serving.django.bodies import json_response, read_body

router = Router(auth=ServiceAuth())
_POSITION_DIGITS_MAX = 18


class UsersQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /internal/users` and `POST /internal/statements`."""

    user_ids: list[str]


class KnownUser(msgspec.Struct, frozen=True):
    """One of the people asked for; `root_fingerprint` is None before the first statement."""

    user_id: UserId
    root_fingerprint: str | None


class KnownUsers(msgspec.Struct, frozen=True):
    """Those of the people asked for who exist."""

    users: list[KnownUser]


class StatedUser(msgspec.Struct, frozen=True):
    """The account statements of one of the people asked for, by version."""

    user_id: UserId
    statements: list[str]


class StatedUsers(msgspec.Struct, frozen=True):
    """Those of the people asked for who have stated anything."""

    users: list[StatedUser]


@router.get("/health", auth=None)
def get_health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - ninja asks for the name
    """Whether both stores answer. It asks for no token: supervision needs it, and the gateway does not lead here."""
    detail = ""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        redis_client().ping()
    except DatabaseError:
        detail = "PostgreSQL does not answer"
    except RedisError:
        detail = "Redis does not answer"
    return json_response({"healthy": not detail, "detail": detail})


@router.get("/revocations")
def get_revocations(request: HttpRequest) -> HttpResponse:
    """Revocations after the position `since`, ascending, at most a page of them."""
    since = _position(request.GET.get("since", "0"))
    rows = OutboxEvent.objects.filter(type="session.revoked", position__gt=since).order_by("position")
    revocations = [
        msgspec.convert({"position": row.position, **row.data}, Revocation) for row in rows[:REVOCATIONS_PAGE_MAX]
    ]
    # Only what was read moves the position: a later commit may stand just behind it.
    newest = revocations[-1].position if revocations else since
    return json_response(Revocations(revocations=revocations, next=newest))


@router.get("/blocks")
def get_blocks(request: HttpRequest) -> HttpResponse:
    """What changed of blocks after the position `since`, ascending, at most a page of it; from 0 all that stand."""
    return json_response(changes_after(_position(request.GET.get("since", "0"))))


@router.get("/deletions")
def get_deletions(request: HttpRequest) -> HttpResponse:
    """Accounts that are gone, told of after the position `since`, ascending: all that ever were, for a restored backup, too."""
    since = _position(request.GET.get("since", "0"))
    if since > (FeedPosition.objects.values_list("position", flat=True).first() or 0):
        since = 0  # this database is an older one than who asks has seen
    rows = Deletion.objects.filter(position__gt=since).order_by("position")[:DELETIONS_PAGE_MAX]
    gone = [WireDeletion(row.position or 0, UserId(str(row.user_id))) for row in rows]
    return json_response(Deletions(deletions=gone, next=gone[-1].position if gone else since))


@router.post("/users")
def post_users(request: HttpRequest) -> HttpResponse:
    """Those of the people asked for who exist, with the fingerprints of their present root keys."""
    return json_response(KnownUsers(_known_users(_wanted(request))))


@router.post("/statements")
def post_statements(request: HttpRequest) -> HttpResponse:
    """What the people asked for have stated, suspended ones and those who are gone included: their devices are in groups."""
    stated: dict[uuid.UUID, list[str]] = {}
    found = Statement.objects.filter(user_id__in=_wanted(request)).order_by("user_id", "version")
    for user_id, statement in found.values_list("user_id", "statement"):
        stated.setdefault(user_id, []).append(b64encode(bytes(statement)))
    users = [StatedUser(UserId(str(user_id)), statements) for user_id, statements in stated.items()]
    return json_response(StatedUsers(users))


def _wanted(request: HttpRequest) -> list[uuid.UUID]:
    wanted = read_body(request, UsersQuery).user_ids
    if len(wanted) > USERS_PER_LOOKUP_MAX:
        raise InvalidRequest(f"At most {USERS_PER_LOOKUP_MAX} at a time.", field="user_ids")
    return [uuid.UUID(text) for text in wanted if is_uuid(text)]


def _known_users(wanted: list[uuid.UUID]) -> list[KnownUser]:
    # In ascending order, so that the newest statement's root key stays.
    statements = Statement.objects.filter(user_id__in=wanted).order_by("version")
    roots = dict(statements.values_list("user_id", "root_key"))
    found = User.objects.filter(id__in=wanted, is_active=True).order_by("id")
    return [
        KnownUser(
            user_id=user.user_id,
            root_fingerprint=b64encode(root_fingerprint(user.user_id, bytes(roots[user.id])))
            if user.id in roots
            else None,
        )
        for user in found
    ]


def _position(unverified_text: str) -> int:
    if not unverified_text.isascii() or not unverified_text.isdigit() or len(unverified_text) > _POSITION_DIGITS_MAX:
        raise InvalidRequest("`since` is a position.", field="since")
    return int(unverified_text)

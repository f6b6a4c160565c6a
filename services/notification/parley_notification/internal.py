"""Routes on the Unix socket only: health, for which supervision has no token, and for auth what there is of a person."""

from __future__ import annotations

from django.db import connection
from django.db.utils import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import Router

from parley_contracts.ids import UserId, is_uuid
from parley_contracts.problems import Forbidden, NotFound
from parley_contracts.rights_api import LINES_MEDIA_TYPE, Leftovers
from parley_contracts.tokens import verify_service_token
from parley_notification.deliveries.erasing import left_of
from parley_notification.deliveries.handing_out import lines
from parley_notification.deliveries.worker import is_alive
from parley_notification.keyring import service_keys
from parley_serving.django.bodies import json_response

SERVICE = "notification"
#: Who asks what is left.
ASKING_SERVICE = "auth"
router = Router()


@router.get("/health")
def get_health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - ninja asks for the name
    """Whether the store answers."""
    detail = ""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        detail = "PostgreSQL does not answer"
    return json_response({"healthy": not detail, "detail": detail})


@router.get("/people/{user_id}/leftovers")
def get_leftovers(request: HttpRequest, user_id: str) -> HttpResponse:
    """What is left of a person who is gone."""
    return json_response(Leftovers(left_of(_asked(request, user_id))))


@router.get("/people/{user_id}/export")
def get_export(request: HttpRequest, user_id: str) -> HttpResponseBase:
    """What is kept of a person, as lines of JSON."""
    return StreamingHttpResponse(lines(_asked(request, user_id)), content_type=LINES_MEDIA_TYPE)


def _asked(request: HttpRequest, unverified_user_id: str) -> UserId:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if verify_service_token(token, service_keys(), audience=SERVICE) != ASKING_SERVICE:
        raise Forbidden
    if not is_uuid(unverified_user_id):
        raise NotFound
    return UserId(unverified_user_id)


@router.get("/worker-health")
def get_worker_health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - ninja asks for the name
    """Whether the worker goes round."""
    try:
        detail = "" if is_alive() else "has not gone round for a while"
    except DatabaseError:
        detail = "PostgreSQL does not answer"
    return json_response({"healthy": not detail, "detail": detail})

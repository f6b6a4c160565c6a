"""Routes on the Unix socket only: the health of the service and of its worker. Supervision has no token."""

from __future__ import annotations

from django.db import connection
from django.db.utils import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from ninja import Router

from parley_notification.deliveries.worker import is_alive
from parley_serving.django.bodies import json_response

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


@router.get("/worker-health")
def get_worker_health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - ninja asks for the name
    """Whether the worker goes round."""
    try:
        detail = "" if is_alive() else "has not gone round for a while"
    except DatabaseError:
        detail = "PostgreSQL does not answer"
    return json_response({"healthy": not detail, "detail": detail})

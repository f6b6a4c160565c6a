"""The routes of `/api/v1/notifications`; wire types are those of `parley_contracts.notification_api`."""

from __future__ import annotations

import datetime as dt
from typing import NoReturn

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router

from parley_contracts.ids import ConversationId, DeviceId, is_uuid
from parley_contracts.notification_api import Preferences, PreferenceUpload, SubscriptionUpload, VapidKey
from parley_contracts.problems import InvalidRequest, NotFound
from parley_notification.deliveries.sender import self_test
from parley_notification.keyring import vapid_key
from parley_notification.subscriptions.subscriptions import (
    end_subscription,
    preferences_of,
    store_preference,
    store_subscription,
)
from parley_notification.web.access import BearerAuth, caller_of, device_of
from parley_notification.web.rates import limit
from parley_notification.webpush.encryption import (
    AUTH_SIZE_BYTES,
    P256DH_SIZE_BYTES,
    SubscriptionKeyError,
    check_keys,
)
from parley_notification.webpush.vapid import public_text
from parley_serving.django.bodies import json_response, read_binary, read_body
from parley_serving.outbound.endpoints import (
    EndpointError,
    ResolutionError,
    find_target,
    parse_endpoint,
    resolve,
)

router = Router(auth=BearerAuth())


@router.get("/vapid-key")
def get_vapid_key(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - ninja asks for the name
    """The application server key."""
    return json_response(VapidKey(public_text(vapid_key())))


@router.put("/subscriptions/{unverified_device_id}")
def put_subscription(request: HttpRequest, unverified_device_id: str) -> HttpResponse:
    """Store where the caller's device takes pushes, once its address was looked up and found to be outside."""
    device_id = _own_device(request, unverified_device_id)
    limit(request, "subscribe", device_id)
    body = read_body(request, SubscriptionUpload)
    p256dh = read_binary(body.p256dh, field="p256dh", size_bytes_max=P256DH_SIZE_BYTES)
    auth = read_binary(body.auth, field="auth", size_bytes_max=AUTH_SIZE_BYTES)
    try:
        check_keys(p256dh, auth)
        endpoint = parse_endpoint(body.endpoint)
        loopback, hosts = settings.CONFIG.loopback_ca_file, settings.CONFIG.outbound_hosts
        find_target(endpoint, resolve, loopback_allowed=loopback is not None, hosts=hosts)
    except SubscriptionKeyError as error:
        raise InvalidRequest(str(error), field="p256dh") from error
    except EndpointError as error:
        raise InvalidRequest(str(error), field="endpoint", reason=error.reason) from error
    except ResolutionError as error:
        raise InvalidRequest("The endpoint's host is not known.", field="endpoint", reason="unresolved") from error
    return json_response(store_subscription(caller_of(request).sub, device_id, endpoint, p256dh=p256dh, auth=auth))


@router.delete("/subscriptions/{unverified_device_id}")
def delete_subscription(request: HttpRequest, unverified_device_id: str) -> HttpResponse:
    """Forget the subscription of the caller's device."""
    end_subscription(caller_of(request).sub, _own_device(request, unverified_device_id))
    return HttpResponse(status=204)


@router.get("/preferences")
def get_preferences(request: HttpRequest) -> HttpResponse:
    """The caller's preferences."""
    device_of(request)
    return json_response(Preferences(preferences_of(caller_of(request).sub)))


@router.put("/preferences/{unverified_conversation_id}")
def put_preference(request: HttpRequest, unverified_conversation_id: str) -> HttpResponse:
    """Set a preference of the caller's. Whether the conversation exists is not said (I6): it is the caller's own note."""
    device_of(request)
    if not is_uuid(unverified_conversation_id):
        raise NotFound
    limit(request, "write", caller_of(request).sub)
    body = read_body(request, PreferenceUpload)
    until = _moment(body.until) if body.until is not None else None
    stored = store_preference(caller_of(request).sub, ConversationId(unverified_conversation_id), body.level, until)
    return json_response(stored)


@router.post("/self-test")
def post_self_test(request: HttpRequest) -> HttpResponse:
    """Push something to the caller's device and say what happened; `NotFound` where it takes no pushes."""
    device_id = device_of(request)
    limit(request, "self_test", device_id)
    return json_response(self_test(caller_of(request).sub, device_id))


def _moment(unverified_text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(unverified_text)
        return moment.astimezone(dt.UTC) if moment.tzinfo else _not_a_moment()
    except (OverflowError, ValueError) as error:
        raise InvalidRequest("`until` is no time as RFC 3339 writes it.", field="until") from error


def _not_a_moment() -> NoReturn:
    raise ValueError("a time needs its zone")


def _own_device(request: HttpRequest, unverified_device_id: str) -> DeviceId:
    device_id = device_of(request)
    if unverified_device_id != device_id:
        raise NotFound
    return device_id

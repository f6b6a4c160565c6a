"""The AsyncAPI 3 document of the socket, made of the unions of frames in `parley_contracts.messaging_api`."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Mapping
from typing import Any

from parley_contracts import limits
from parley_contracts import messaging_api as api
from parley_contracts.documents.openapi import VERSION, limits_named
from parley_contracts.documents.problems import problem_components
from parley_contracts.documents.schemas import components, ref

SOCKET_PATH = "/api/v1/messaging/socket"
_DESCRIPTION = f"""\
One socket for each device: what happens in its conversations, live, and the commands that are sent most.

The server says `hello`; within {limits.IDENTIFY_TIMEOUT_S} s the client answers with `identify`, its access token and the last sequence of each conversation
that it has applied. The server says `ready`, with the heads of those that have moved on. What lies between cursor and head is
fetched over HTTP (`GET conversations/{{conversation_id}}/entries?after=`); live entries follow from these heads on, in order.

A command carries a `ref` of the client's choice; its `ack` or `problem` repeats it. Commands of one socket are carried out in their order, at most
{limits.SOCKET_COMMANDS_IN_FLIGHT_MAX} at a time. A `message.send` without an answer may be sent again, here or over HTTP: the same `client_id` is the same entry.

The client sends `heartbeat` each `heartbeat_interval_s` and hears one back; after two intervals of silence either side gives up. A reader
ignores frames and members that it does not know.

What people read, type and where they are is told to those who may see it, as far as both sides' settings allow. Typing and presence are
never stored: what was not heard live is gone, and after each `ready` a client watches anew.

Directions are the server's: it *receives* what a client sends.
"""
#: What each code of the socket's close means, and what the client does.
CLOSE_CODES: Mapping[int, tuple[str, str]] = {
    api.CLOSE_RECONNECT: ("The node is going away.", "Reconnect at once, with jitter."),
    api.CLOSE_RESUME: ("The device read too slowly.", "Reconnect and catch up in pages."),
    api.CLOSE_HEARTBEAT: ("No heartbeat came in two intervals.", "Reconnect."),
    api.CLOSE_UNAUTHENTICATED: ("The token is refused or has expired.", "Refresh it, then reconnect."),
    api.CLOSE_REVOKED: ("Session or device are revoked.", "Stop, and sign in again."),
    api.CLOSE_INVALID_FRAME: ("A frame broke the contract: a bug of the client.", "Stop."),
    api.CLOSE_RATE: ("Too many commands.", "Reconnect after a pause."),
}
_LIMITS = (
    "FRAME_SIZE_BYTES_MAX",
    "HEARTBEAT_INTERVAL_S",
    "IDENTIFY_TIMEOUT_S",
    "SOCKET_QUEUE_SIZE_BYTES_MAX",
    "SOCKET_COMMANDS_IN_FLIGHT_MAX",
    "CONVERSATIONS_PER_USER_MAX",
    "READ_STATE_BUCKETS",
    "TYPING_REPEAT_S",
    "TYPING_LIFETIME_S",
    "PRESENCE_WATCH_MAX",
)


def frames_of(union: object) -> tuple[type, ...]:
    """The wire types of one direction."""
    return typing.get_args(union)


def asyncapi() -> dict[str, Any]:
    """The document, as JSON values."""
    from_client, from_server = frames_of(api.ClientFrame), frames_of(api.ServerFrame)
    frames = dict.fromkeys((*from_client, *from_server))
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Parley: the socket",
            "version": VERSION,
            "description": _DESCRIPTION,
            "license": {"name": "Apache 2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "gateway": {
                "host": "{host}",
                "protocol": "wss",
                "description": "The server that serves this document.",
                "variables": {"host": {"description": "Its host and port.", "default": "localhost:8443"}},
            }
        },
        "channels": {
            "socket": {
                "address": SOCKET_PATH,
                "description": "Text frames, one JSON value each. A browser of another origin is refused with 403.",
                "messages": {frame.__name__: {"$ref": f"#/components/messages/{frame.__name__}"} for frame in frames},
                "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
                "x-close-codes": {
                    str(code): {"meaning": meaning, "client": action} for code, (meaning, action) in CLOSE_CODES.items()
                },
            }
        },
        "operations": {
            "fromClient": _operation("receive", "What a client sends.", from_client),
            "fromServer": _operation("send", "What a client hears.", from_server),
        },
        "components": {
            "messages": {frame.__name__: _message(frame) for frame in frames},
            "schemas": components(frames) | {"Problem": problem_components()["Problem"]},
        },
        "x-limits": limits_named(_LIMITS),
    }


def _operation(action: str, summary: str, frames: tuple[type, ...]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/socket"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/socket/messages/{frame.__name__}"} for frame in frames],
    }


def _message(frame: type) -> dict[str, Any]:
    tag = getattr(frame, "__struct_config__").tag  # noqa: B009 - msgspec's, which its types do not name
    schema = components([frame])[frame.__name__]
    return {
        "name": tag or frame.__name__,
        "title": tag or "an entry of the log",
        "summary": inspect.cleandoc(frame.__doc__ or "").split("\n\n")[0].replace("\n", " "),
        "payload": ref(frame),
        "examples": [{"payload": schema["examples"][0]}],
    }

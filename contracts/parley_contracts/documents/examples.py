"""One example of each wire type, made of the same few people and things, so that documents tell one story."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

import msgspec

from parley_contracts import applications_api as applications
from parley_contracts import auth_api as auth
from parley_contracts import channels_api as channels
from parley_contracts import media_api as media
from parley_contracts import messaging_api as messaging
from parley_contracts import notification_api as notifications
from parley_contracts import profile_api as profile
from parley_contracts import sign_up_api as sign_up
from parley_contracts import state_api as state
from parley_contracts import sync_api as sync
from parley_contracts import telling_api
from parley_contracts.documents.fields import BINARY, is_time
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ObjectId, UploadId, UserId, media_object_id
from parley_contracts.limits import CURSOR_BUCKETS, FRAME_SIZE_BYTES_MAX, HEARTBEAT_INTERVAL_S
from parley_contracts.problems import EpochStale

_SHOWN_SIZE_BYTES_MAX = 48
_TIME = "2026-11-26T09:30:00.000Z"
_USER = "019ab0c4-5c00-7a11-8a2b-3c4d5e6f7081"
_UPLOAD = "019ab0c4-5c00-7e55-8a2b-3c4d5e6f7085"
_OBJECT: ObjectId = media_object_id(UserId(_USER), UploadId(_UPLOAD))
_SIGNED = f"/media/objects/{_OBJECT}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=5f2c"
_TOKEN = "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.e30.c2lnbmF0dXJl"  # noqa: S105 - an example, of nobody
_REFRESH = "Zk1tVnJ5LXNlY3JldC1yZWZyZXNo"

#: By the name of the field, whatever type it stands in; parameters of paths take theirs here, too.
VALUES: Mapping[str, Any] = {
    "user_id": _USER,
    "id": _USER,
    "device_id": "019ab0c4-5c00-7b22-8a2b-3c4d5e6f7082",
    "number": 7,
    "session_id": "019ab0c4-5c00-7e55-8a2b-3c4d5e6f7085",
    "conversation_id": "019ab0c4-5c00-7c33-8a2b-3c4d5e6f7083",
    "client_id": "019ab0c4-5c00-7d44-8a2b-3c4d5e6f7084",
    "upload_id": _UPLOAD,
    "object_id": _OBJECT,
    "announcement_id": "019ab0c4-5c00-7f66-8a2b-3c4d5e6f7089",
    "invitation_id": "019ab0c4-5c00-7f66-8a2b-3c4d5e6f7088",
    "provider": "work",
    "export_id": "019ab0c4-5c00-7f66-8a2b-3c4d5e6f7089",
    "progress_percent": 60,
    "uses": 5,
    "used": 1,
    "lifetime_s": 7 * 24 * 3600,
    "username": "anna",
    "display_name": "Anna",
    "display": "Anna",
    "email": "anna@example.org",
    "avatar": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "password": "plum teapot horizon",
    "access_token": _TOKEN,
    "refresh_token": _REFRESH,
    "expires_in_s": 600,
    "status": 200,
    "login_methods": ["username"],
    "authentication_method": "username",
    "is_open_for_signup": True,
    "is_authenticated": True,
    "has_statement": True,
    "has_last_resort": True,
    "available": 87,
    "name": "Anna's laptop",
    "platform": "Linux",
    "network": "192.0.2.0/24",
    "program": "Firefox on Linux",
    "push_service": "push.example.org",
    "reason": "",
    "endpoint": "https://push.example.org/send/abc",
    "sequence": 42,
    "ordinal": 40,
    "epoch": 3,
    "head": 42,
    "read_sequence": 41,
    "read_ordinal": 39,
    "delivered_sequence": 42,
    "unread_sequence": 42,
    "link_id": "019ab0c4-5c00-7f66-8a2b-3c4d5e6f7086",
    "application_id": "019ab0c4-5c00-7f66-8a2b-3c4d5e6f7087",
    "created_by": "019ab0c4-5c00-7a11-8b2c-3d4e5f607182",
    "known": 1,
    "ref": "17",
    "server_generation": "1",
    "heartbeat_interval_s": HEARTBEAT_INTERVAL_S,
    "frame_size_bytes_max": FRAME_SIZE_BYTES_MAX,
    "size_bytes": 1_048_592,
    "path": _SIGNED,
    "history_version": 1,
    "generation": 0,
    "version": 1,
}

_CHANNEL_ID = {"conversation_id": "8d0f1c2e-4b3a-4f6d-9e8c-7b6a5f4e3d2c"}
_CHANNEL = {"name": "General", "topic": "All of us"}

_POSTED = {
    "type": "post.created",
    **_CHANNEL_ID,
    **{name: VALUES[name] for name in ("sequence", "ordinal", "epoch", "user_id", "device_id", "client_id")},
    "stored_at": _TIME,
    "content_kind": 1,
    "body": '{"text":"Good morning"}',
}

#: By type, where the field's name is not enough.
_OF_TYPES: Mapping[type, Mapping[str, Any]] = {
    auth.FlowData: {"methods": [{"method": "password", "at": 1_795_685_400.0, "username": "anna"}]},
    auth.PasskeyRequestData: {
        "request_options": {"publicKey": {"challenge": "q83vEjRWeJA", "rpId": "chat.example.org"}}
    },
    auth.PasskeyChallenge: {"options": {"publicKey": {"challenge": "q83vEjRWeJA", "rpId": "chat.example.org"}}},
    auth.PasskeySetup: {"options": {"publicKey": {"challenge": "q83vEjRWeJA", "rp": {"id": "chat.example.org"}}}},
    auth.ProfileChange: {"about": "Plants and bicycles", "time_zone": "Europe/Berlin"},
    profile.ProfilesQuery: {"user_ids": [_USER]},
    auth.AccountRules: {"is_open_for_signup": True},
    messaging.CommitUpload: {"epoch": 2},
    messaging.Head: {"kind": "group", "first_visible_sequence": 1, "last_visible_sequence": None},
    messaging.EntryPage: {"next": None, "previous": 41},
    messaging.Entry: {"type": "message.created", **dict.fromkeys(("header", "ciphertext", "signature"), ...)},
    messaging.EntryHashes: {"first_sequence": 41},
    messaging.ArchivePage: {"next": None},
    messaging.Identify: {"cursors": {VALUES["conversation_id"]: 41}},
    messaging.Ack: {"appended": ...},
    messaging.Refusal: {"problem": EpochStale(epoch=4, head=43).to_dict()},
    channels.Channel: {**_CHANNEL, "description": "", "members": 12, "joined": True},
    applications.Application: {**_CHANNEL_ID, "name": "Builds", "scopes": ["post"]},
    applications.ApplicationCreation: {"name": "Builds", "scopes": ["post"]},
    applications.Callback: {"entry": _POSTED},
    applications.ApplicationPost: {"text": "Build 7 is green."},
    applications.ApplicationSecrets: {"token": "parley-app.…", "signing_secret": "…"},
    channels.ChannelCreation: _CHANNEL,
    channels.ChannelDescription: _CHANNEL,
    channels.ChannelPage: {"next": None},
    channels.ScheduledPostUpload: {
        "content_kind": 1,
        "body": '{"text":"Good morning"}',
        "send_at": "2026-12-24T07:00:00Z",
    },
    channels.PostSend: {"content_kind": 1, "body": '{"text":"Good morning"}'},
    channels.PostUpload: {"content_kind": 1, "body": '{"text":"Good morning"}'},
    channels.SearchUpload: {"query": "morning"},
    channels.SearchHit: {**_CHANNEL_ID, "text": "Good morning"},
    channels.SearchPage: {"next": None},
    state.PrivacySettings: {"version": 1, "receipts": True, "typing": False, "presence": True},
    telling_api.Announcement: {"text": "We move to a new machine on Sunday morning."},
    telling_api.Terms: {"text": "Be kind to one another."},
    telling_api.Consent: {"version_due": None},
    state.PresenceSet: {"status": "away"},
    state.PresenceChanged: {"status": "away", "last_seen_at": _TIME},
    sync.Sync: {
        "cursors_digest": [0] * CURSOR_BUCKETS,
        "frames": [{"type": "heartbeat"}],
    },
    sign_up.SignUpRules: {"mode": "domain", "domains": ["example.org"], "members_invite": False},
    sign_up.NewInvitation: {
        "code": "7K2QD-0XW4M-9R3TB-HC5VE",
        "link": "https://chat.example.org/#invitation=7K2QD-0XW4M-9R3TB-HC5VE",
    },
    media.PartUpload: {"number": 1},
    notifications.Preference: {"level": "none", "until": _TIME},
    notifications.PreferenceUpload: {"level": "none", "until": _TIME},
    notifications.SelfTest: {"outcome": "sent", "reason": "", "status": 201},
}


def example_of(kind: type[msgspec.Struct]) -> Any:
    """The example as JSON values; optional fields stand in it only where `_OF_TYPES` names them."""
    return msgspec.to_builtins(_instance(kind))


def _instance(kind: type[msgspec.Struct]) -> msgspec.Struct:
    chosen = _OF_TYPES.get(kind, {})
    values = {}
    for field in msgspec.structs.fields(kind):
        if chosen.get(field.name, ...) is not ...:
            values[field.name] = chosen[field.name]
        elif field.required or field.name in chosen:
            values[field.name] = _value(kind, field.name, field.type)
    return kind(**values)


def _value(kind: type[msgspec.Struct], name: str, hint: Any) -> Any:
    if name in BINARY.get(kind, {}):
        text = _bytes_text(kind, name)
        return [text] if typing.get_origin(hint) is list else text
    if name in VALUES and not _is_struct(hint):
        return VALUES[name]
    if is_time(name):
        return _TIME
    return _of_hint(hint)


def _is_struct(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, msgspec.Struct)


def _of_hint(hint: Any) -> Any:
    """By the type alone: the first of several, one item for a list."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if _is_struct(hint):
        return _instance(hint)
    if origin is list:
        return [_of_hint(arguments[0])]
    if origin is typing.Literal:
        return arguments[0]
    if arguments:
        return _of_hint(arguments[0])
    return {bool: False, int: 1}.get(hint, "")


def _bytes_text(kind: type[msgspec.Struct], name: str) -> str:
    """Bytes of a fitting size, the same each time."""
    binary = BINARY[kind][name]
    size = max(binary.size_bytes_min, min(binary.size_bytes_max, _SHOWN_SIZE_BYTES_MAX))
    seed = sum(name.encode())
    return b64encode(bytes((seed + 37 * index) % 256 for index in range(size)))

"""What the wire types' annotations do not say of their fields: sizes of binary members, lengths of texts, ranges of numbers.

The services check these when they read a body; here they stand so that documents can tell them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from parley_contracts import applications_api as applications
from parley_contracts import auth_api as auth
from parley_contracts import channels_api as channels
from parley_contracts import joining_api as joining
from parley_contracts import limits, linking_api, recovery_api, telling_api
from parley_contracts import media_api as media
from parley_contracts import messaging_api as messaging
from parley_contracts import notification_api as notifications
from parley_contracts import profile_api as profile
from parley_contracts import reporting_api as reporting
from parley_contracts import settings_api as settings
from parley_contracts import sign_up_api as sign_up
from parley_contracts import state_api as state
from parley_contracts import sync_api as sync
from parley_contracts.content_kinds import CLEAR_KINDS
from parley_contracts.ids import (
    ApplicationId,
    ChannelId,
    ClientId,
    ConversationId,
    DeviceId,
    DeviceLinkId,
    LinkId,
    ObjectId,
    SessionId,
    UploadId,
    UserId,
)

IDENTIFIERS = frozenset(
    {
        ApplicationId,
        ChannelId,
        UserId,
        DeviceId,
        SessionId,
        ConversationId,
        ClientId,
        UploadId,
        ObjectId,
        LinkId,
        DeviceLinkId,
    }
)
UUID: dict[str, Any] = {
    "type": "string",
    "format": "uuid",
    "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
}
TIME: dict[str, Any] = {"format": "date-time"}
#: A SHA-256 as text.
DIGEST_TEXT: dict[str, Any] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
#: SHA-256 and the like; an uncompressed point of P-256; the authentication secret of RFC 8291.
_DIGEST, _POINT, _PUSH_AUTH = 32, 65, 16


def is_time(name: str) -> bool:
    """Whether a field of this name holds a time (RFC 3339)."""
    return name.endswith("_at") or name == "until"


@dataclass(frozen=True)
class Binary:
    """Bytes as base64url without padding."""

    size_bytes_min: int
    size_bytes_max: int

    def schema(self) -> dict[str, Any]:
        """The keywords for the text; a text of n bytes has ceil(4n / 3) characters."""
        exact = self.size_bytes_min == self.size_bytes_max
        size = f"{self.size_bytes_max:,}" if exact else f"{self.size_bytes_min:,} to {self.size_bytes_max:,}"
        return {
            "description": f"{size} bytes, base64url without padding.",
            "pattern": "^[A-Za-z0-9_-]*$",
            "minLength": -(-self.size_bytes_min * 4 // 3),
            "maxLength": -(-self.size_bytes_max * 4 // 3),
        }


def up_to(size_bytes_max: int) -> Binary:
    """At least one byte."""
    return Binary(1, size_bytes_max)


def exactly(size_bytes: int) -> Binary:
    """Bytes of one size."""
    return Binary(size_bytes, size_bytes)


_HEADER = up_to(limits.HEADER_SIZE_BYTES_MAX)
_CIPHERTEXT = up_to(limits.CIPHERTEXT_SIZE_BYTES_MAX)
_SIGNATURE = exactly(limits.SIGNATURE_SIZE_BYTES)
_GROUP_INFO = up_to(limits.GROUP_INFO_SIZE_BYTES_MAX)
_POLICY = up_to(limits.POLICY_SIZE_BYTES_MAX)
_COMMIT = up_to(limits.COMMIT_SIZE_BYTES_MAX)
_WELCOME = up_to(limits.WELCOME_SIZE_BYTES_MAX)
_STATEMENT = up_to(limits.STATEMENT_SIZE_BYTES_MAX)
_VAULT = up_to(limits.VAULT_SIZE_BYTES_MAX)
_WRAP = up_to(limits.RECOVERY_WRAP_SIZE_BYTES_MAX)
_SALT = exactly(limits.RECOVERY_SALT_SIZE_BYTES)
_PEPPER = exactly(limits.RECOVERY_PEPPER_SIZE_BYTES)
_RECOVERY_PASSKEY = {
    "credential": up_to(limits.CREDENTIAL_ID_SIZE_BYTES_MAX),
    "salt": exactly(limits.RECOVERY_PASSKEY_SALT_SIZE_BYTES),
    "wrap": exactly(limits.RECOVERY_PASSKEY_WRAP_SIZE_BYTES),
}
_CERTIFICATE = up_to(limits.CERTIFICATE_SIZE_BYTES_MAX)
_KEY_PACKAGE = up_to(limits.KEY_PACKAGE_SIZE_BYTES_MAX)
_ARCHIVE = up_to(limits.ARCHIVE_RECORD_SIZE_BYTES_MAX)
_LINK_PART = up_to(limits.LINK_PART_SIZE_BYTES_MAX)
_HISTORY_KEY = up_to(limits.HISTORY_KEY_SIZE_BYTES_MAX)
#: What has not come yet is an empty text.
_MAYBE_WELCOME = Binary(0, limits.WELCOME_SIZE_BYTES_MAX)
_MAYBE_POLICY = Binary(0, limits.POLICY_SIZE_BYTES_MAX)

BINARY: Mapping[type[msgspec.Struct], Mapping[str, Binary]] = {
    auth.StatementUpload: {"statement": _STATEMENT, "signature": _SIGNATURE, "vault": _VAULT},
    auth.SignedStatement: {"statement": _STATEMENT, "signature": _SIGNATURE},
    auth.DeviceInfo: {"certificate": _CERTIFICATE},
    auth.DeviceRegistration: {"certificate": _CERTIFICATE, "proof": _SIGNATURE},
    auth.Vault: {"vault": _VAULT},
    recovery_api.RecoveryWordsBegun: {"salt": _SALT, "pepper": _PEPPER},
    recovery_api.RecoveryWordsUpload: {"salt": _SALT, "wrap": _WRAP},
    recovery_api.RecoveryWords: {"wrap": _WRAP, "pepper": _PEPPER},
    recovery_api.RecoveryPasskey: _RECOVERY_PASSKEY,
    profile.AvatarUpload: {"image": up_to(limits.AVATAR_UPLOAD_SIZE_BYTES_MAX)},
    linking_api.DeviceLinkPart: {"data": _LINK_PART},
    linking_api.DeviceLink: dict.fromkeys(("offer", "answer", "reveal", "package"), _LINK_PART),
    auth.KeyPackageUpload: {"key_packages": _KEY_PACKAGE, "last_resort": _KEY_PACKAGE},
    auth.ClaimedKeyPackage: {"key_package": _KEY_PACKAGE},
    messaging.PushSecret: {"sealed": exactly(limits.PUSH_SEALED_SECRET_SIZE_BYTES)},
    messaging.ConversationCreation: {"group_info": _GROUP_INFO, "policy": _POLICY},
    messaging.MessageUpload: {"header": _HEADER, "ciphertext": _CIPHERTEXT, "signature": _SIGNATURE},
    messaging.ScheduledUpload: {"header": _HEADER, "ciphertext": _CIPHERTEXT, "signature": _SIGNATURE},
    messaging.MessageSend: {"header": _HEADER, "ciphertext": _CIPHERTEXT, "signature": _SIGNATURE},
    messaging.CommitUpload: {"commit": _COMMIT, "group_info": _GROUP_INFO, "welcome": _WELCOME, "policy": _POLICY},
    messaging.ResetUpload: {"group_info": _GROUP_INFO, "welcome": _WELCOME, "policy": _POLICY},
    messaging.UnusableUpload: {"signature": _SIGNATURE},
    messaging.Entry: {
        "header": _HEADER,
        "ciphertext": _CIPHERTEXT,
        "signature": _SIGNATURE,
        "ciphertext_hash": exactly(_DIGEST),
        "commit": _COMMIT,
        "policy": _POLICY,
        "group_info": _GROUP_INFO,
    },
    messaging.ConversationState: {"policy": _POLICY},
    messaging.GroupState: {"group_info": _GROUP_INFO, "policy": _POLICY},
    messaging.WelcomeState: {"welcome": _MAYBE_WELCOME, "policy": _MAYBE_POLICY},
    messaging.EntryHashes: {"hashes": exactly(_DIGEST)},
    messaging.ArchiveUpload: {"sealed": _ARCHIVE},
    messaging.ArchiveRecord: {"sealed": _ARCHIVE},
    messaging.HistoryKeyUpload: {"sealed": _HISTORY_KEY},
    messaging.HistoryKeyRecord: {"sealed": _HISTORY_KEY},
    messaging.AccountIndex: {"sealed": Binary(0, limits.ACCOUNT_INDEX_SIZE_BYTES_MAX)},
    channels.ChannelPolicyUpload: {"policy": _POLICY},
    joining.JoinRequestUpload: {"signature": _SIGNATURE},
    joining.JoinRequest: {"signature": _SIGNATURE},
    settings.SealedSettings: {"sealed": Binary(0, limits.SETTINGS_SIZE_BYTES_MAX)},
    reporting.ReportUpload: {"content": _CIPHERTEXT, "commitment_key": exactly(_DIGEST)},
    media.UploadCreation: {"digest": exactly(_DIGEST)},
    notifications.VapidKey: {"public_key": exactly(_POINT)},
    notifications.SubscriptionUpload: {"p256dh": exactly(_POINT), "auth": exactly(_PUSH_AUTH)},
}

_NAME = {
    "description": f"{limits.USERNAME_LENGTH_MIN} to {limits.USERNAME_LENGTH_MAX} of a-z, 0-9, _, . and -; capitals are"
    " made small."
}
_OBJECT_SIZE = {"minimum": limits.MEDIA_OBJECT_SIZE_BYTES_MIN, "maximum": limits.MEDIA_OBJECT_SIZE_BYTES_MAX}

_POST: dict[str, dict[str, Any]] = {
    "content_kind": {"enum": sorted(CLEAR_KINDS)},
    "body": {"minLength": 2, "maxLength": limits.MESSAGE_BODY_SIZE_BYTES_MAX},
}
_DESCRIPTION: dict[str, dict[str, Any]] = {
    "name": {"minLength": 1, "maxLength": limits.GROUP_NAME_LENGTH_MAX},
    "topic": {"maxLength": limits.GROUP_TOPIC_LENGTH_MAX},
    "description": {"maxLength": limits.CHANNEL_DESCRIPTION_LENGTH_MAX},
}
#: Further keywords of fields, put over what their types and `BINARY` say; of a list those of the list itself.
KEYWORDS: Mapping[type[msgspec.Struct], Mapping[str, dict[str, Any]]] = {
    auth.SignupBody: {
        "username": _NAME | {"minLength": limits.USERNAME_LENGTH_MIN, "maxLength": limits.USERNAME_LENGTH_MAX},
        "email": {"format": "email", "maxLength": limits.EMAIL_LENGTH_MAX},
        "password": {"minLength": limits.PASSWORD_LENGTH_MIN, "maxLength": limits.PASSWORD_LENGTH_MAX},
        "invitation": {"maxLength": limits.INVITATION_CODE_LENGTH_MAX},
    },
    sign_up.InvitationRequest: {
        "uses": {"minimum": 1, "maximum": limits.INVITATION_USES_MAX},
        "lifetime_s": {"minimum": limits.INVITATION_LIFETIME_S_MIN, "maximum": limits.INVITATION_LIFETIME_S_MAX},
    },
    auth.LoginBody: {
        "username": {"maxLength": limits.EMAIL_LENGTH_MAX},
        "password": {"maxLength": limits.PASSWORD_LENGTH_MAX},
    },
    auth.ProfileChange: {
        "display_name": {"minLength": 1, "maxLength": limits.DISPLAY_NAME_LENGTH_MAX},
        "about": {"maxLength": limits.ABOUT_LENGTH_MAX},
        "pronouns": {"maxLength": limits.PRONOUNS_LENGTH_MAX},
        "time_zone": {"maxLength": limits.TIME_ZONE_LENGTH_MAX},
    },
    profile.ProfilesQuery: {"user_ids": {"maxItems": limits.PROFILES_PER_LOOKUP_MAX}},
    auth.DeviceRegistration: {
        "name": {"minLength": 1, "maxLength": limits.DEVICE_NAME_LENGTH_MAX},
        "platform": {"minLength": 1, "maxLength": limits.DEVICE_NAME_LENGTH_MAX},
    },
    telling_api.Agreement: {"version": {"minimum": 1}},
    linking_api.DeviceLinkPart: {"name": {"maxLength": limits.DEVICE_NAME_LENGTH_MAX}},
    auth.FlowUser: {"id": UUID},
    auth.KeyPackageUpload: {"key_packages": {"maxItems": limits.KEY_PACKAGES_PER_UPLOAD_MAX}},
    messaging.ConversationCreation: {"push_secrets": {"maxItems": limits.PUSH_DEVICES_MAX}},
    messaging.CommitUpload: {
        "epoch": {"minimum": 0},
        "welcome_devices": {"maxItems": limits.DEVICES_PER_GROUP_MAX},
        "push_secrets": {"maxItems": limits.PUSH_DEVICES_MAX},
    },
    messaging.ResetUpload: {
        "unusable": {"minimum": 1},
        "welcome_devices": {"maxItems": limits.DEVICES_PER_GROUP_MAX},
        "push_secrets": {"maxItems": limits.PUSH_DEVICES_MAX},
    },
    messaging.ReceiptUpload: {"read_sequence": {"minimum": 1}},
    messaging.ReceiptMark: {"read_sequence": {"minimum": 1}},
    messaging.Entry: {
        "type": {
            "enum": [
                *("conversation.created", "message.created", "commit.created"),
                *("commit.unusable", "conversation.reset", *sorted(channels.CLEAR_TYPES)),
            ]
        }
    },
    messaging.Identify: {
        "cursors": {"maxProperties": 2 * limits.CONVERSATIONS_PER_USER_MAX},
        "read_states_digest": {"maxItems": limits.READ_STATE_BUCKETS},
    },
    messaging.Refusal: {
        "problem": {"$ref": "#/components/schemas/Problem", "type": None, "additionalProperties": None}
    },
    state.DeliveryUpload: {"delivered_sequence": {"minimum": 0}},
    state.DeliveryMark: {"delivered_sequence": {"minimum": 0}},
    state.UnreadUpload: {"unread_sequence": {"minimum": 1}},
    state.PrivacySettings: {"version": {"minimum": 0}},
    state.PresenceWatch: {"people": {"maxItems": limits.PRESENCE_WATCH_MAX}},
    settings.SealedSettings: {"version": {"minimum": 0}},
    applications.ApplicationCreation: {
        "name": {"minLength": 1, "maxLength": limits.APPLICATION_NAME_LENGTH_MAX},
        "scopes": {"minItems": 1, "uniqueItems": True},
    },
    applications.ApplicationPost: {
        "text": {"minLength": 1, "maxLength": limits.TEXT_LENGTH_MAX},
        "reply_to": {"minimum": 1},
        "thread": {"minimum": 1},
    },
    channels.ChannelCreation: _DESCRIPTION,
    channels.ChannelDescription: _DESCRIPTION,
    channels.ChannelReportUpload: {"reason": {"maxLength": limits.REPORT_REASON_LENGTH_MAX}},
    channels.PostUpload: _POST,
    channels.PostSend: _POST,
    channels.ScheduledPostUpload: _POST,
    channels.ChannelPolicyUpload: {"epoch": {"minimum": 1}},
    channels.SearchUpload: {
        "query": {"minLength": 1, "maxLength": limits.SEARCH_QUERY_LENGTH_MAX},
        "since": TIME,
        "until": TIME,
        "limit": {"minimum": 1, "maximum": limits.SEARCH_PAGE_MAX},
    },
    reporting.ReportUpload: {"reason": {"maxLength": limits.REPORT_REASON_LENGTH_MAX}},
    sync.Sync: {
        "cursors_digest": {"minItems": limits.CURSOR_BUCKETS, "maxItems": limits.CURSOR_BUCKETS},
        "frames": {"description": "Frames of the socket, as they stand in its document."},
    },
    media.UploadCreation: {"size_bytes": _OBJECT_SIZE},
    media.StoredObject: {"size_bytes": _OBJECT_SIZE},
    media.ObjectDownload: {"size_bytes": _OBJECT_SIZE},
    notifications.SubscriptionUpload: {"endpoint": {"format": "uri", "maxLength": limits.PUSH_ENDPOINT_LENGTH_MAX}},
}

"""From wire types to submissions: sizes and forms are checked here, meaning is judged later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from parley_contracts.channels_api import (
    POST,
    ChannelCreation,
    ChannelDescription,
    ChannelPolicyUpload,
    ClearType,
    PostSend,
    PostUpload,
    ScheduledPostUpload,
    checked_description,
    read_post,
)
from parley_contracts.ids import ClientId, ConversationId, DeviceId, as_channel
from parley_contracts.limits import (
    CIPHERTEXT_SIZE_BYTES_MAX,
    COMMIT_SIZE_BYTES_MAX,
    DEVICES_PER_GROUP_MAX,
    GROUP_INFO_SIZE_BYTES_MAX,
    HEADER_SIZE_BYTES_MAX,
    POLICY_SIZE_BYTES_MAX,
    PUSH_DEVICES_MAX,
    PUSH_SEALED_SECRET_SIZE_BYTES,
    SIGNATURE_SIZE_BYTES,
    WELCOME_SIZE_BYTES_MAX,
)
from parley_contracts.messaging_api import (
    CommitUpload,
    ConversationCreation,
    MessageSend,
    MessageUpload,
    PushSecret,
    ResetUpload,
    ScheduledUpload,
    UnusableUpload,
)
from parley_contracts.problems import InvalidRequest, NotFound
from parley_contracts.resets import RESET, UNUSABLE, report_client_id
from parley_messaging.domain.entries import COMMIT, CREATED, MESSAGE, SealedSecret, Submission
from parley_serving.fastapi.requests import Caller, binary, identifier

SEQUENCE_MAX = 2**53


def message_submission(
    caller: Caller,
    unverified_conversation_id: str,
    unverified_client_id: str,
    upload: MessageUpload | MessageSend | ScheduledUpload,
) -> Submission:
    """A sealed message."""
    return Submission(
        type=MESSAGE,
        conversation_id=ConversationId(identifier(unverified_conversation_id, "conversation_id")),
        client_id=ClientId(identifier(unverified_client_id, "client_id")),
        user_id=caller.user_id,
        device_id=caller.device_id,
        header=binary(upload.header, "header", size_bytes_max=HEADER_SIZE_BYTES_MAX),
        ciphertext=binary(upload.ciphertext, "ciphertext", size_bytes_max=CIPHERTEXT_SIZE_BYTES_MAX),
        signature=_signature(upload.signature),
    )


def commit_submission(
    caller: Caller, unverified_conversation_id: str, unverified_client_id: str, upload: CommitUpload
) -> Submission:
    """An MLS commit with what goes with it."""
    return Submission(
        type=COMMIT,
        conversation_id=ConversationId(identifier(unverified_conversation_id, "conversation_id")),
        client_id=ClientId(identifier(unverified_client_id, "client_id")),
        user_id=caller.user_id,
        device_id=caller.device_id,
        epoch=upload.epoch,
        commit=binary(upload.commit, "commit", size_bytes_max=COMMIT_SIZE_BYTES_MAX),
        group_info=binary(upload.group_info, "group_info", size_bytes_max=GROUP_INFO_SIZE_BYTES_MAX),
        policy=_optional(upload.policy, "policy", POLICY_SIZE_BYTES_MAX),
        welcome=_optional(upload.welcome, "welcome", WELCOME_SIZE_BYTES_MAX),
        welcome_devices=_welcome_devices(upload.welcome_devices),
        push_secrets=_sealed_secrets(upload.push_secrets),
    )


def unusable_submission(
    caller: Caller, unverified_conversation_id: str, sequence: int, upload: UnusableUpload
) -> Submission:
    """A report on the commit at an entry."""
    conversation_id = ConversationId(identifier(unverified_conversation_id, "conversation_id"))
    return Submission(
        type=UNUSABLE,
        conversation_id=conversation_id,
        client_id=report_client_id(conversation_id, sequence),
        user_id=caller.user_id,
        device_id=caller.device_id,
        unusable=sequence,
        signature=_signature(upload.signature),
    )


def reset_submission(
    caller: Caller, unverified_conversation_id: str, unverified_client_id: str, upload: ResetUpload
) -> Submission:
    """A new generation with what goes with it."""
    if not 0 < upload.unusable <= SEQUENCE_MAX:
        raise InvalidRequest("there is no such entry", field="unusable")
    return Submission(
        type=RESET,
        conversation_id=ConversationId(identifier(unverified_conversation_id, "conversation_id")),
        client_id=ClientId(identifier(unverified_client_id, "client_id")),
        user_id=caller.user_id,
        device_id=caller.device_id,
        unusable=upload.unusable,
        group_info=binary(upload.group_info, "group_info", size_bytes_max=GROUP_INFO_SIZE_BYTES_MAX),
        policy=binary(upload.policy, "policy", size_bytes_max=POLICY_SIZE_BYTES_MAX),
        welcome=_optional(upload.welcome, "welcome", WELCOME_SIZE_BYTES_MAX),
        welcome_devices=_welcome_devices(upload.welcome_devices),
        push_secrets=_sealed_secrets(upload.push_secrets),
    )


def creation_submission(caller: Caller, unverified_conversation_id: str, upload: ConversationCreation) -> Submission:
    """A conversation's first entry."""
    return Submission(
        type=CREATED,
        conversation_id=ConversationId(identifier(unverified_conversation_id, "conversation_id")),
        client_id=ClientId(identifier(upload.client_id, "client_id")),
        user_id=caller.user_id,
        device_id=caller.device_id,
        group_info=binary(upload.group_info, "group_info", size_bytes_max=GROUP_INFO_SIZE_BYTES_MAX),
        policy=binary(upload.policy, "policy", size_bytes_max=POLICY_SIZE_BYTES_MAX),
        push_secrets=_sealed_secrets(upload.push_secrets),
    )


def clear_submission(
    caller: Caller, entry_type: ClearType, unverified_conversation_id: str, unverified_client_id: str, **fields: Any
) -> Submission:
    """Something for an open channel's log; `NotFound` where the id is not one of a channel."""
    conversation_id = ConversationId(identifier(unverified_conversation_id, "conversation_id"))
    if as_channel(conversation_id) is None:
        raise NotFound
    return Submission(
        type=entry_type,
        conversation_id=conversation_id,
        client_id=ClientId(identifier(unverified_client_id, "client_id")),
        user_id=caller.user_id,
        device_id=caller.device_id,
        **fields,
    )


def described_body(upload: ChannelDescription | ChannelCreation) -> bytes:
    """A channel's description as its entries hold it."""
    try:
        return msgspec.json.encode(checked_description(upload), order="deterministic")
    except UnicodeEncodeError as error:
        raise InvalidRequest("the text is not valid Unicode") from error


def post_submission(
    caller: Caller,
    unverified_conversation_id: str,
    unverified_client_id: str,
    upload: PostUpload | PostSend | ScheduledPostUpload,
) -> Submission:
    """Something said in an open channel."""
    return clear_submission(caller, POST, unverified_conversation_id, unverified_client_id, **_post_fields(upload))


def _post_fields(upload: PostUpload | PostSend | ScheduledPostUpload) -> dict[str, Any]:
    """A post's fields of a submission, its body checked."""
    try:
        body = upload.body.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest("the body is not valid Unicode", field="body") from error
    if read_post(upload.content_kind, body).application:
        raise InvalidRequest("only applications speak as applications", field="body")
    return {"content_kind": upload.content_kind, "body": body}


def channel_policy(upload: ChannelPolicyUpload) -> bytes:
    """The policy document of an upload."""
    return binary(upload.policy, "policy", size_bytes_max=POLICY_SIZE_BYTES_MAX)


def _signature(unverified_text: str) -> bytes:
    size = SIGNATURE_SIZE_BYTES
    return binary(unverified_text, "signature", size_bytes_max=size, size_bytes_min=size)


def _welcome_devices(unverified_devices: Sequence[str]) -> tuple[DeviceId, ...]:
    if len(unverified_devices) > DEVICES_PER_GROUP_MAX:
        raise InvalidRequest("too many devices", field="welcome_devices")
    return tuple(DeviceId(identifier(device, "welcome_devices")) for device in unverified_devices)


def _sealed_secrets(unverified_secrets: list[PushSecret]) -> tuple[SealedSecret, ...]:
    if len(unverified_secrets) > PUSH_DEVICES_MAX:
        raise InvalidRequest("too many push secrets", field="push_secrets")
    size = PUSH_SEALED_SECRET_SIZE_BYTES
    return tuple(
        SealedSecret(
            DeviceId(identifier(secret.device_id, "push_secrets")),
            binary(secret.sealed, "push_secrets", size_bytes_max=size, size_bytes_min=size),
        )
        for secret in unverified_secrets
    )


def _optional(unverified_text: str | None, field: str, size_bytes_max: int) -> bytes:
    return b"" if unverified_text is None else binary(unverified_text, field, size_bytes_max=size_bytes_max)

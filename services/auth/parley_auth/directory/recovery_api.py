"""Routes of what stands for the recovery key: words and a passkey."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from parley_auth.directory import recovery_passkeys, recovery_words
from parley_auth.signin.access import BearerAuth, caller_of, expect_recent_sign_in
from parley_auth.web.rates import limit
from parley_contracts.limits import (
    CREDENTIAL_ID_SIZE_BYTES_MAX,
    RECOVERY_PASSKEY_SALT_SIZE_BYTES,
    RECOVERY_PASSKEY_WRAP_SIZE_BYTES,
    RECOVERY_SALT_SIZE_BYTES,
    RECOVERY_WRAP_SIZE_BYTES_MAX,
)
from parley_contracts.problems import InvalidRequest
from parley_contracts.recovery_api import RecoveryPasskey, RecoveryWordsUpload
from parley_serving.django.bodies import json_response, read_binary, read_body

router = Router(auth=BearerAuth())


@router.post("/me/recovery-words")
def begin_recovery_words(request: HttpRequest) -> HttpResponse:
    """Get salt and pepper for a wrap to come."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    expect_recent_sign_in(session)
    return json_response(recovery_words.begin(session.user))


@router.put("/me/recovery-words")
def put_recovery_words(request: HttpRequest) -> HttpResponse:
    """Store a wrap."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    expect_recent_sign_in(session)
    body = read_body(request, RecoveryWordsUpload)
    salt = _exactly(body.salt, field="salt", size_bytes=RECOVERY_SALT_SIZE_BYTES)
    wrap = read_binary(body.wrap, field="wrap", size_bytes_max=RECOVERY_WRAP_SIZE_BYTES_MAX)
    recovery_words.store(session.user, salt=salt, wrap=wrap)
    return HttpResponse(status=204)


@router.get("/me/recovery-words")
def get_recovery_words(request: HttpRequest) -> HttpResponse:
    """The wrap and its pepper."""
    user = caller_of(request).user
    limit(request, "recovery_words", user.user_id)
    return json_response(recovery_words.stored(user))


@router.delete("/me/recovery-words")
def delete_recovery_words(request: HttpRequest) -> HttpResponse:
    """Forget the wrap."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    expect_recent_sign_in(session)
    recovery_words.forget(session.user)
    return HttpResponse(status=204)


@router.put("/me/recovery-passkey")
def put_recovery_passkey(request: HttpRequest) -> HttpResponse:
    """Store a wrap."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    expect_recent_sign_in(session)
    body = read_body(request, RecoveryPasskey)
    credential = read_binary(body.credential, field="credential", size_bytes_max=CREDENTIAL_ID_SIZE_BYTES_MAX)
    if not credential:
        raise InvalidRequest("A credential has an identifier.", field="credential")
    salt = _exactly(body.salt, field="salt", size_bytes=RECOVERY_PASSKEY_SALT_SIZE_BYTES)
    wrap = _exactly(body.wrap, field="wrap", size_bytes=RECOVERY_PASSKEY_WRAP_SIZE_BYTES)
    recovery_passkeys.store(session.user, credential=credential, salt=salt, wrap=wrap)
    return HttpResponse(status=204)


@router.get("/me/recovery-passkey")
def get_recovery_passkey(request: HttpRequest) -> HttpResponse:
    """The wrap, and what the passkey is asked by."""
    user = caller_of(request).user
    limit(request, "vault", user.user_id)
    return json_response(recovery_passkeys.stored(user))


@router.delete("/me/recovery-passkey")
def delete_recovery_passkey(request: HttpRequest) -> HttpResponse:
    """Forget the wrap."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    expect_recent_sign_in(session)
    recovery_passkeys.forget(session.user)
    return HttpResponse(status=204)


def _exactly(unverified_text: str, *, field: str, size_bytes: int) -> bytes:
    data = read_binary(unverified_text, field=field, size_bytes_max=size_bytes)
    if len(data) != size_bytes:
        raise InvalidRequest(f"This has {size_bytes} bytes.", field=field)
    return data

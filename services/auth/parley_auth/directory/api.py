"""Routes of the directory: statements, identities, the vault, devices, key packages."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Router

from parley_auth.accounts.accounts import access_account_by_id, access_user_by_id
from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_own
from parley_auth.directory import devices, key_packages, statements
from parley_auth.relations.blocking import has_blocked
from parley_auth.signin.access import BearerAuth, caller_of, device_of, expect_confirmed_email, token_of
from parley_auth.signin.cookie import hand_over
from parley_auth.signin.families import bind_device
from parley_auth.web.idempotency import read_idempotency_key
from parley_auth.web.labels import read_label
from parley_auth.web.rates import limit
from parley_contracts.auth_api import DeviceRegistration, KeyPackageUpload, StatementUpload
from parley_contracts.limits import (
    CERTIFICATE_SIZE_BYTES_MAX,
    DEVICE_NAME_LENGTH_MAX,
    KEY_PACKAGE_SIZE_BYTES_MAX,
    KEY_PACKAGES_PER_UPLOAD_MAX,
    SIGNATURE_SIZE_BYTES,
    STATEMENT_SIZE_BYTES_MAX,
    VAULT_SIZE_BYTES_MAX,
)
from parley_contracts.problems import InvalidRequest, NotFound
from parley_serving.django.bodies import json_response, read_binary, read_body

router = Router(auth=BearerAuth())
_VERSION_DIGITS_MAX = 9


@router.get("/users/{unverified_user_id}/identity")
def get_identity(request: HttpRequest, unverified_user_id: str) -> HttpResponse:
    """A person's statements and certified devices."""
    limit(request, "read", caller_of(request).user.user_id)
    return json_response(statements.identity_of(access_account_by_id(unverified_user_id)))


@router.put("/me/statements/{unverified_version}")
def put_statement(request: HttpRequest, unverified_version: str) -> HttpResponse:
    """Store the next account statement with its vault."""
    user = caller_of(request).user
    limit(request, "write", user.user_id)
    limit(request, "statement", user.user_id)  # each is a leaf that every device fetches
    expect_confirmed_email(user)
    body = read_body(request, StatementUpload)
    stored = statements.store_statement(
        user,
        _version(unverified_version),
        unverified_statement=read_binary(body.statement, field="statement", size_bytes_max=STATEMENT_SIZE_BYTES_MAX),
        unverified_signature=read_binary(body.signature, field="signature", size_bytes_max=SIGNATURE_SIZE_BYTES),
        vault=read_binary(body.vault, field="vault", size_bytes_max=VAULT_SIZE_BYTES_MAX),
    )
    return json_response(stored)


@router.post("/me/new-root")
def post_new_root(request: HttpRequest) -> HttpResponse:
    """Begin the account anew under another root key."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    limit(request, "new_root", session.user.user_id)  # each is a leaf, too, and alarms everybody
    expect_confirmed_email(session.user)
    body = read_body(request, StatementUpload)
    stored = statements.begin_anew(
        session,
        unverified_statement=read_binary(body.statement, field="statement", size_bytes_max=STATEMENT_SIZE_BYTES_MAX),
        unverified_signature=read_binary(body.signature, field="signature", size_bytes_max=SIGNATURE_SIZE_BYTES),
        vault=read_binary(body.vault, field="vault", size_bytes_max=VAULT_SIZE_BYTES_MAX),
    )
    return json_response(stored)


@router.get("/me/vault")
def get_vault(request: HttpRequest) -> HttpResponse:
    """The sealed recovery vault."""
    user = caller_of(request).user
    limit(request, "vault", user.user_id)
    return json_response(statements.vault_of(user))


@router.put("/me/devices/{unverified_device_id}")
def put_device(request: HttpRequest, unverified_device_id: str) -> HttpResponse:
    """Register the device of this session; the answer's tokens name it."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    expect_confirmed_email(session.user)
    body = read_body(request, DeviceRegistration)
    unverified_bytes = read_binary(body.certificate, field="certificate", size_bytes_max=CERTIFICATE_SIZE_BYTES_MAX)
    unverified_proof = read_binary(body.proof, field="proof", size_bytes_max=SIGNATURE_SIZE_BYTES)
    name = read_label(body.name, field="name", length_max=DEVICE_NAME_LENGTH_MAX)
    platform = read_label(body.platform, field="platform", length_max=DEVICE_NAME_LENGTH_MAX)
    with transaction.atomic():
        certificate = devices.check_certificate(
            unverified_bytes, user=session.user, unverified_device_id=unverified_device_id
        )
        devices.check_proof(unverified_proof, certificate, unverified_bytes=unverified_bytes, token=token_of(request))
        device, added = devices.register_device(session.user, certificate, name=name, platform=platform)
        tokens = bind_device(session, device)
        if added:
            devices.announce_device(device)
            record_own(Act.DEVICE_ADDED, session.user, device=device.device_id)
    return json_response(hand_over(request, tokens))


@router.post("/me/key-packages")
def post_key_packages(request: HttpRequest) -> HttpResponse:
    """Add key packages of this device."""
    device = device_of(request)
    limit(request, "write", device.device_id)
    body = read_body(request, KeyPackageUpload)
    if len(body.key_packages) > KEY_PACKAGES_PER_UPLOAD_MAX:
        raise InvalidRequest(f"At most {KEY_PACKAGES_PER_UPLOAD_MAX} at a time.", field="key_packages")
    packages = [
        key_packages.check_key_package(_package_bytes(text, field), device, last_resort=False, field=field)
        for index, text in enumerate(body.key_packages)
        if (field := f"key_packages[{index}]")
    ]
    last_resort = (
        key_packages.check_key_package(
            _package_bytes(body.last_resort, "last_resort"), device, last_resort=True, field="last_resort"
        )
        if body.last_resort is not None
        else None
    )
    return json_response(key_packages.store_key_packages(device, packages, last_resort))


@router.get("/me/key-packages")
def get_key_packages(request: HttpRequest) -> HttpResponse:
    """How many key packages of this device are left."""
    return json_response(key_packages.count_key_packages(device_of(request)))


@router.post("/users/{unverified_user_id}/key-packages/claim")
def claim_key_packages(request: HttpRequest, unverified_user_id: str) -> HttpResponse:
    """Take a key package of each device of a person."""
    device = device_of(request)
    limit(request, "claim", str(device.user_id))
    idempotency_key = read_idempotency_key(request)
    target = access_user_by_id(unverified_user_id)
    if has_blocked(target, caller_of(request).user):
        raise NotFound
    return json_response(key_packages.claim_key_packages(device, target, idempotency_key))


def _package_bytes(unverified_text: str, field: str) -> bytes:
    return read_binary(unverified_text, field=field, size_bytes_max=KEY_PACKAGE_SIZE_BYTES_MAX)


def _version(unverified_text: str) -> int:
    if not unverified_text.isascii() or not unverified_text.isdigit() or len(unverified_text) > _VERSION_DIGITS_MAX:
        raise NotFound
    version = int(unverified_text)
    if version < 1 or str(version) != unverified_text:
        raise NotFound
    return version

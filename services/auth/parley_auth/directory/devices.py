"""Registering and retiring devices.

Invariant: a device's key never changes, a retired device never returns, and its certificate is by the signing key of
the statement that was the newest when it was accepted.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from parley_auth.accounts.models import User
from parley_auth.directory.models import Device, KeyPackage, Statement
from parley_auth.events.outbox import append_event
from parley_contracts.identity import (
    CERTIFICATE_LABEL,
    KEY_SIZE_BYTES,
    SESSION_LABEL,
    DeviceCertificate,
    session_to_be_signed,
)
from parley_contracts.ids import is_uuid
from parley_contracts.limits import DEVICES_PER_USER_MAX
from parley_contracts.problems import Conflict, InvalidRequest, NotFound
from parley_mls import default_primitives, is_torsion_free, verify_with_label
from parley_mls.codec import DecodeError


def check_certificate(unverified_bytes: bytes, *, user: User, unverified_device_id: str) -> DeviceCertificate:
    """The certificate, of this person and device, by the newest statement; `InvalidRequest` otherwise.

    The one that a device has is taken again, also of an earlier statement: who is kept signs in to learn of the newest.
    """
    if not is_uuid(unverified_device_id):
        raise NotFound
    newest = Statement.objects.filter(user=user).order_by("-version").first()
    if newest is None:
        raise Conflict("Upload an account statement first.")
    try:
        certificate = DeviceCertificate.decode(unverified_bytes)
    except DecodeError as error:
        raise InvalidRequest("This is not a device certificate.", field="certificate") from error
    registered = Device.objects.filter(pk=uuid.UUID(unverified_device_id), user=user).first()
    if registered is not None and registered.revoked_at is not None:
        raise Conflict("This device id cannot be used.")
    if registered is not None and bytes(registered.certificate) == unverified_bytes:
        return certificate
    named = (certificate.server_name, certificate.user_id, certificate.device_id, certificate.statement_version)
    if named != (settings.CONFIG.server_name, user.user_id, unverified_device_id, newest.version):
        raise InvalidRequest("The certificate is for another device, person, server or version.", field="certificate")
    if len(certificate.binding) not in {0, KEY_SIZE_BYTES}:
        raise InvalidRequest("The binding has not 32 bytes.", field="certificate")
    signed = verify_with_label(
        default_primitives(),
        bytes(newest.signing_key),
        CERTIFICATE_LABEL,
        certificate.to_be_signed(),
        certificate.signature,
    )
    if not signed or not is_torsion_free(certificate.device_key):
        raise InvalidRequest("The certificate's signature or key does not hold.", field="certificate")
    return certificate


def check_proof(
    unverified_proof: bytes, certificate: DeviceCertificate, *, unverified_bytes: bytes, token: str
) -> None:
    """`InvalidRequest` where it is not the certified device that asks, with this access token."""
    content = session_to_be_signed(token, unverified_bytes)
    if not verify_with_label(default_primitives(), certificate.device_key, SESSION_LABEL, content, unverified_proof):
        raise InvalidRequest("The proof is not by this device's key for this access token.", field="proof")


def register_device(user: User, certificate: DeviceCertificate, *, name: str, platform: str) -> tuple[Device, bool]:
    """The device of a checked certificate, locked, and whether it is new; for the transaction that binds the session.

    The same certificate again changes nothing. A certificate of a newer statement replaces the older one of the same
    device key, and the key packages that carried that one.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    device_id = uuid.UUID(certificate.device_id)
    device = Device.objects.select_for_update(no_key=True).filter(pk=device_id).first()
    if device is None:
        return _create_device(user, certificate, name=name, platform=platform), True
    if device.user_id != user.pk or device.revoked_at is not None or bytes(device.device_key) != certificate.device_key:
        raise Conflict("This device id cannot be used.")
    if bytes(device.certificate) == certificate.encode():
        return device, False
    if certificate.statement_version <= device.statement_version:
        raise Conflict("This device has another certificate of the same statement.")
    device.certificate = certificate.encode()
    device.statement_version = certificate.statement_version
    device.save(update_fields=["certificate", "statement_version"])
    _void_key_packages(device.pk)
    return device, False


def retire_device(device_id: uuid.UUID) -> bool:
    """Revoke a device; False where it was revoked before. The caller ends its sessions and tells others."""
    if not Device.objects.filter(pk=device_id, revoked_at=None).update(revoked_at=timezone.now()):
        return False
    _void_key_packages(device_id)
    return True


def _create_device(user: User, certificate: DeviceCertificate, *, name: str, platform: str) -> Device:
    if Device.objects.filter(user=user, revoked_at=None).count() >= DEVICES_PER_USER_MAX:
        raise Conflict(f"An account has at most {DEVICES_PER_USER_MAX} devices.", limit=DEVICES_PER_USER_MAX)
    device = Device(
        id=uuid.UUID(certificate.device_id),
        user=user,
        certificate=certificate.encode(),
        statement_version=certificate.statement_version,
        device_key=certificate.device_key,
        name=name,
        platform=platform,
    )
    try:
        with transaction.atomic():
            device.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict("This device id cannot be used.") from error
    return device


def announce_device(device: Device) -> None:
    """Tell the other services of a new device, at the end of its transaction."""
    append_event("device.added", {"user_id": str(device.user_id), "device_id": device.device_id})


def _void_key_packages(device_id: uuid.UUID) -> None:
    free = KeyPackage.objects.filter(device_id=device_id, claimed_at=None)
    free.update(claimed_at=timezone.now(), package=b"")

"""Key packages: uploaded, counted, and claimed once each.

Invariant: a one-time package is given to one claim only, whatever runs at the same time (`SKIP LOCKED`), and never
again after that (its reference stays).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import msgspec
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from parley_auth.accounts.models import User
from parley_auth.directory.models import Device, KeyPackage, KeyPackageClaim
from parley_contracts.auth_api import Claim, ClaimedKeyPackage, KeyPackageCount
from parley_contracts.encoding import b64encode
from parley_contracts.limits import (
    KEY_PACKAGE_CLAIMS_PER_TARGET_PER_DAY,
    KEY_PACKAGE_LIFETIME_S,
    KEY_PACKAGES_PER_DEVICE_MAX,
    TOKEN_LEEWAY_S,
)
from parley_contracts.problems import Conflict, InvalidRequest, RateLimited
from parley_mls import KeyPackage as MlsKeyPackage
from parley_mls import MlsError, default_primitives
from parley_mls.codec import DecodeError

_DAY = timedelta(days=1)
#: A package that is about to expire is not given away: the adder would refuse it.
_EXPIRY_MARGIN = timedelta(hours=1)


def check_key_package(unverified_bytes: bytes, device: Device, *, last_resort: bool, field: str) -> KeyPackage:
    """The row for a valid package of this device; `InvalidRequest` otherwise."""
    primitives = default_primitives()
    try:
        package = MlsKeyPackage.from_bytes(unverified_bytes)
        package.validate(primitives)
    except (MlsError, DecodeError) as error:
        raise InvalidRequest("This is not a valid key package.", field=field) from error
    leaf = package.leaf
    if (leaf.identity, leaf.signature_key) != (bytes(device.certificate), bytes(device.device_key)):
        raise InvalidRequest("The key package is of another device.", field=field)
    if last_resort != package.is_last_resort:
        raise InvalidRequest("One-time and last-resort packages are told apart by the extension.", field=field)
    lifetime, now = leaf.lifetime, int(time.time())
    if lifetime is None or not lifetime.not_before - TOKEN_LEEWAY_S <= now < lifetime.not_after:
        raise InvalidRequest("The key package is not valid at this time.", field=field)
    if lifetime.not_after - lifetime.not_before > KEY_PACKAGE_LIFETIME_S + 2 * 24 * 3600:
        raise InvalidRequest("The key package lives too long.", field=field)
    return KeyPackage(
        device=device,
        reference=package.ref(primitives),
        package=unverified_bytes,
        last_resort=last_resort,
        expires_at=datetime.fromtimestamp(lifetime.not_after, UTC),
    )


def store_key_packages(device: Device, packages: list[KeyPackage], last_resort: KeyPackage | None) -> KeyPackageCount:
    """Store checked packages; those known by their reference are left as they are, claimed ones included."""
    with transaction.atomic():
        Device.objects.select_for_update(no_key=True).get(pk=device.pk)
        references = [package.reference for package in packages]
        known = KeyPackage.objects.filter(reference__in=references).count()
        if _available(device).count() + len(packages) - known > KEY_PACKAGES_PER_DEVICE_MAX:
            raise Conflict(
                f"A device has at most {KEY_PACKAGES_PER_DEVICE_MAX} key packages.", limit=KEY_PACKAGES_PER_DEVICE_MAX
            )
        KeyPackage.objects.bulk_create(packages, ignore_conflicts=True)
        if last_resort is not None and not KeyPackage.objects.filter(reference=last_resort.reference).exists():
            device.key_packages.filter(last_resort=True, claimed_at=None).update(claimed_at=timezone.now(), package=b"")
            last_resort.save()
    return count_key_packages(device)


def count_key_packages(device: Device) -> KeyPackageCount:
    """What can still be claimed of a device."""
    last_resort = device.key_packages.filter(last_resort=True, claimed_at=None, expires_at__gt=_margin())
    return KeyPackageCount(available=_available(device).count(), has_last_resort=last_resort.exists())


def claim_key_packages(claimer: Device, target: User, idempotency_key: str) -> Claim:
    """One package for each of the target's devices but the claimer's own; the same key again, the same answer."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=claimer.user_id)
        earlier = KeyPackageClaim.objects.filter(device=claimer, idempotency_key=idempotency_key).first()
        if earlier is not None:
            if earlier.target_id != target.pk:
                raise Conflict("This Idempotency-Key was used for another request.")
            return msgspec.json.decode(bytes(earlier.answer), type=Claim)
        _check_quota(claimer, target)
        devices = target.devices.filter(revoked_at=None).exclude(pk=claimer.pk).order_by("id")
        claimed = [package for device in devices if (package := _claim_one(device)) is not None]
        claim = Claim(claimed)
        KeyPackageClaim.objects.create(
            device=claimer,
            claimer_id=claimer.user_id,
            target=target,
            idempotency_key=idempotency_key,
            answer=msgspec.json.encode(claim),
        )
    return claim


def _claim_one(device: Device) -> ClaimedKeyPackage | None:
    row = _available(device).select_for_update(skip_locked=True).order_by("id").first()
    if row is None:
        row = device.key_packages.filter(last_resort=True, claimed_at=None, expires_at__gt=_margin()).first()
    if row is None:
        return None
    claimed = ClaimedKeyPackage(
        device_id=device.device_id, key_package=b64encode(bytes(row.package)), last_resort=row.last_resort
    )
    if not row.last_resort:
        row.claimed_at = timezone.now()
        row.package = b""
        row.save(update_fields=["claimed_at", "package"])
    return claimed


def _check_quota(claimer: Device, target: User) -> None:
    recent = KeyPackageClaim.objects.filter(
        claimer_id=claimer.user_id, target=target, created_at__gt=timezone.now() - _DAY
    ).order_by("-created_at")
    oldest = recent[KEY_PACKAGE_CLAIMS_PER_TARGET_PER_DAY - 1 : KEY_PACKAGE_CLAIMS_PER_TARGET_PER_DAY].first()
    if oldest is not None:
        wait = oldest.created_at + _DAY - timezone.now()
        raise RateLimited("Too many key packages of this person.", retry_after_s=max(1, int(wait.total_seconds())))


def _available(device: Device) -> QuerySet[KeyPackage]:
    return device.key_packages.filter(last_resort=False, claimed_at=None, expires_at__gt=_margin())


def _margin() -> datetime:
    return timezone.now() + _EXPIRY_MARGIN

"""Statements, devices, key packages, and the claims of these."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from parley_contracts.ids import DeviceId
from parley_contracts.limits import CREDENTIAL_ID_SIZE_BYTES_MAX, DEVICE_NAME_LENGTH_MAX, IDEMPOTENCY_KEY_LENGTH_MAX


class Statement(models.Model):
    """One account statement as it was signed, its keys beside it; the vault only with the newest."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="statements")
    version = models.PositiveIntegerField()
    statement = models.BinaryField()
    signature = models.BinaryField()
    root_key = models.BinaryField(max_length=32)
    signing_key = models.BinaryField(max_length=32)
    vault = models.BinaryField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Versions are 1, 2, 3 … for each person."""

        constraints = [  # noqa: RUF012 - Django's own shape
            models.UniqueConstraint(fields=["user", "version"], name="directory_statement_version"),
        ]

    def __str__(self) -> str:
        return f"statement {self.version} of {self.user_id}"


class RecoveryWrap(models.Model):
    """The recovery key, wrapped by words and by a pepper that is made of `salt` and of a secret outside the database."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="recovery_wrap"
    )
    salt = models.BinaryField(max_length=16)
    wrap = models.BinaryField(max_length=256)
    created_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"recovery words of {self.user_id}"


class RecoveryPasskey(models.Model):
    """The recovery key, wrapped by what a passkey gives for `salt`, which this server never sees."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="recovery_passkey"
    )
    credential = models.BinaryField(max_length=CREDENTIAL_ID_SIZE_BYTES_MAX)
    salt = models.BinaryField(max_length=32)
    wrap = models.BinaryField(max_length=60)
    created_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"recovery passkey of {self.user_id}"


class Device(models.Model):
    """A certified device. Its id is the client's choice, unique on the server: the log names devices by it."""

    id = models.UUIDField(primary_key=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="devices")
    certificate = models.BinaryField()
    statement_version = models.PositiveIntegerField()
    device_key = models.BinaryField(max_length=32)
    name = models.CharField(max_length=DEVICE_NAME_LENGTH_MAX)
    platform = models.CharField(max_length=DEVICE_NAME_LENGTH_MAX)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.device_id

    @property
    def device_id(self) -> DeviceId:
        """The identifier as the wire has it."""
        return DeviceId(str(self.id))


class KeyPackage(models.Model):
    """A key package. Once claimed its bytes go and its reference stays, so that it can never be offered again."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="key_packages")
    reference = models.BinaryField(max_length=32, unique=True)
    package = models.BinaryField()
    last_resort = models.BooleanField()
    expires_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)

    class Meta:
        """Claims take the oldest one that is free; a device has one last resort."""

        indexes = [  # noqa: RUF012 - Django's own shape
            models.Index(
                fields=["device", "id"],
                name="directory_free_packages",
                condition=models.Q(claimed_at=None, last_resort=False),
            ),
        ]
        constraints = [  # noqa: RUF012 - Django's own shape
            models.UniqueConstraint(
                fields=["device"],
                name="directory_one_last_resort",
                condition=models.Q(claimed_at=None, last_resort=True),
            ),
        ]

    def __str__(self) -> str:
        return f"key package {self.pk} of {self.device_id}"


class KeyPackageClaim(models.Model):
    """What a device was given under one idempotency key, so that the same request has the same answer."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="claims")
    claimer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    target = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    idempotency_key = models.CharField(max_length=IDEMPOTENCY_KEY_LENGTH_MAX)
    answer = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """The key belongs to a device; the quota counts by claimer, target and time."""

        constraints = [  # noqa: RUF012 - Django's own shape
            models.UniqueConstraint(fields=["device", "idempotency_key"], name="directory_claim_once"),
        ]
        indexes = [  # noqa: RUF012 - Django's own shape
            models.Index(fields=["claimer", "target", "created_at"], name="directory_claim_quota"),
        ]

    def __str__(self) -> str:
        return f"claim {self.pk} by {self.device_id}"


class KeyLogLeaf(models.Model):
    """A leaf of the log of people's keys, which never changes; it stays when the account goes, and names nobody."""

    position = models.BigIntegerField(primary_key=True)
    label = models.BinaryField(max_length=32)
    version = models.PositiveIntegerField()
    digest = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"leaf {self.position}"


class KeyLogBlock(models.Model):
    """The root over leaves that are complete for ever, so that the root over all costs little."""

    number = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"block {self.number}"


class KeyLogCosignature(models.Model):
    """What a witness signed last."""

    key = models.BinaryField(max_length=32, primary_key=True)
    size = models.BigIntegerField()
    time = models.BigIntegerField()
    signature = models.BinaryField(max_length=64)

    def __str__(self) -> str:
        return f"cosignature at {self.size}"

"""The rows of the audit log. They name people by identifier and hold no words of theirs, no code, token or e-mail address."""

from __future__ import annotations

from django.db import models


class Act(models.TextChoices):
    """What was done."""

    ACCOUNT_CREATED = "account.created"
    SESSION_OPENED = "session.opened"
    SESSION_ENDED = "session.ended"
    DEVICE_ADDED = "device.added"
    ROOT_REPLACED = "root.replaced"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - an act
    PASSWORD_RESET = "password.reset"  # noqa: S105 - an act
    EMAIL_CONFIRMED = "email.confirmed"
    FACTOR_ADDED = "factor.added"
    FACTOR_REMOVED = "factor.removed"
    RECOVERY_CODES_RENEWED = "recovery_codes.renewed"
    RECOVERY_WORDS_SET = "recovery_words.set"
    RECOVERY_WORDS_REMOVED = "recovery_words.removed"
    RECOVERY_PASSKEY_SET = "recovery_passkey.set"
    RECOVERY_PASSKEY_REMOVED = "recovery_passkey.removed"
    OPERATOR_SIGNED_IN = "operator.signed_in"
    OPERATOR_SIGNED_OUT = "operator.signed_out"
    OPERATOR_REFUSED = "operator.refused"
    USER_SUSPENDED = "user.suspended"
    USER_RESTORED = "user.restored"
    USER_SIGNED_OUT = "user.signed_out"
    RESET_GRANTED = "user.reset_granted"
    ROLE_SET = "user.role_set"
    QUOTA_SET = "user.quota_set"
    REPORTS_READ = "reports.read"
    KEYS_ROTATED = "keys.rotated"
    PROFILE_CLEARED = "user.profile_cleared"
    ANNOUNCEMENT_MADE = "announcement.made"
    ANNOUNCEMENT_WITHDRAWN = "announcement.withdrawn"
    TERMS_PUBLISHED = "terms.published"
    TERMS_WITHDRAWN = "terms.withdrawn"
    TERMS_AGREED = "terms.agreed"
    DELETION_ASKED = "deletion.asked"
    DELETION_TAKEN_BACK = "deletion.taken_back"
    DELETION_VERIFIED = "deletion.verified"
    ACCOUNT_DELETED = "account.deleted"
    EXPORT_ASKED = "export.asked"
    USER_DELETED = "user.deleted"
    INVITATION_MADE = "invitation.made"
    INVITATION_USED = "invitation.used"
    INVITATION_WITHDRAWN = "invitation.withdrawn"


class AuditEntry(models.Model):
    """One deed. No foreign keys: it outlives whom it names.

    `actor` is a user id, `machine:NAME` for who owns the machine, or `service:NAME`; `subject` a user id or empty. `address` is
    the full one for operators' acts, and the network, as sessions have it, for those of people on their own account.
    """

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    act = models.CharField(max_length=32)
    actor = models.CharField(max_length=80)
    subject = models.CharField(max_length=64, default="")
    address = models.CharField(max_length=64, default="")
    details = models.JSONField(default=dict)
    #: HMAC-SHA256 over the row and the seal of the row before (`chain`).
    seal = models.BinaryField(max_length=32)

    class Meta:
        """What happened to one person is asked for most."""

        verbose_name = "row of the audit log"
        verbose_name_plural = "audit log"
        indexes = [models.Index(fields=["subject", "number"], name="audit_subject")]  # noqa: RUF012 - Django's own shape

    def __str__(self) -> str:
        return f"{self.number} {self.act}"

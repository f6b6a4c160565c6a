"""Sessions and their refresh tokens."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from parley_auth.accounts.models import new_id
from parley_contracts.ids import SessionId


class Session(models.Model):
    """One sign-in: a family of refresh tokens, bound to at most one device, for ever."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sessions")
    device = models.ForeignKey("directory.Device", on_delete=models.CASCADE, null=True, related_name="sessions")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    #: When the person last gave a password (and second factor) here.
    authenticated_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    #: Where it was last seen, as `web.rates.client_network` cuts it.
    network = models.CharField(max_length=64, default="")
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=16, default="")
    #: When the access token was issued by which a request speaks, seconds since 1970: not stored.
    token_issued_at: int = 0

    def __str__(self) -> str:
        return self.session_id

    @property
    def session_id(self) -> SessionId:
        """The identifier as the wire has it."""
        return SessionId(str(self.id))


class SignIn(models.Model):
    """That somebody signed in, from about where and by what program; `is_new` where either had not been seen before."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sign_ins")
    at = models.DateTimeField(default=timezone.now)
    network = models.CharField(max_length=64, default="")
    program = models.CharField(max_length=64, default="")
    is_new = models.BooleanField(default=False)

    class Meta:
        """The newest of a person are asked for."""

        indexes = [models.Index(fields=["user", "-at"], name="signin_newest")]  # noqa: RUF012 - Django's own shape

    def __str__(self) -> str:
        return f"sign-in of {self.user_id}"


class RefreshToken(models.Model):
    """One refresh token, known by its hash only. Used ones stay, so that their return is noticed."""

    token_hash = models.BinaryField(max_length=32, primary_key=True)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="refresh_tokens")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    retry_key_hash = models.BinaryField(max_length=32, null=True)

    class Meta:
        """Old used tokens are pruned by session and time."""

        indexes = [models.Index(fields=["session", "used_at"], name="signin_used_tokens")]  # noqa: RUF012

    def __str__(self) -> str:
        return f"refresh token of session {self.session_id}"

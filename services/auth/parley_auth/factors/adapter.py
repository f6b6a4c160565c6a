"""How allauth keeps second factors here: sealed, and under the names that people know."""

from __future__ import annotations

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser

from parley_auth.accounts.models import User
from parley_auth.sealed_fields import open_field, reseal_field, seal_field
from parley_contracts.encoding import b64decode, b64encode

#: allauth does not say whose secret it is: all of them share one place, so a copy from row to row would open.
_ROW, _COLUMN = "any", "second factor"


def reseal_secret(encrypted_text: str) -> str | None:
    """A secret of an authenticator under the present field key; None where it is already."""
    fresh = reseal_field(b64decode(encrypted_text), row=_ROW, column=_COLUMN)
    return b64encode(fresh) if fresh is not None else None


class FactorAdapter(DefaultMFAAdapter):
    """Secrets of authenticators are sealed under the field keys."""

    def encrypt(self, text: str) -> str:
        """A secret as the column holds it."""
        return b64encode(seal_field(text, row=_ROW, column=_COLUMN))

    def decrypt(self, encrypted_text: str) -> str:
        """A secret, unsealed."""
        return open_field(b64decode(encrypted_text), row=_ROW, column=_COLUMN)

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        """Whose codes they are, as the authenticator app shows it."""
        assert isinstance(user, User)
        return user.username

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys are for the host of the origin, whatever a request says."""
        return {"id": settings.CONFIG.host, "name": self.get_totp_issuer()}

    def get_public_key_credential_user_entity(self, user: AbstractBaseUser) -> dict[str, str | bytes]:
        """Whose passkey it is: the device keeps the names, and the id without meaning comes back."""
        assert isinstance(user, User)
        return {"id": user_pk_to_url_str(user).encode(), "display_name": user.display_name, "name": user.username}

    def get_totp_issuer(self) -> str:
        """Where they are for."""
        return f"Parley {settings.CONFIG.server_name}"

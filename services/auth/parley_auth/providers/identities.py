"""Which account at a provider is which account here: found, linked, taken away."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from parley_auth.accounts.models import User
from parley_auth.keyring import derived_key
from parley_auth.letters.asking import tell_person
from parley_auth.letters.models import Letter
from parley_auth.providers.models import ProviderIdentity
from parley_contracts.ids import is_uuid
from parley_contracts.limits import PROVIDER_LINKS_PER_USER_MAX
from parley_contracts.problems import Conflict, NotFound, TooMany
from parley_contracts.providers_api import ProviderLink


def subject_index(issuer: str, subject: str) -> bytes:
    """32 bytes by which an account at a provider is found without being stored; the key is no field key, and stays."""
    named = json.dumps([issuer, subject]).encode()
    return hmac.digest(derived_key("recovery_pepper", "provider subject"), named, hashlib.sha256)


def find_user(issuer: str, subject: str) -> User | None:
    """The person whom an account at a provider signs in; None where it is not linked, or they may not."""
    found = ProviderIdentity.objects.filter(subject_index=subject_index(issuer, subject), user__is_active=True)
    found.update(last_used_at=timezone.now())
    identity = found.select_related("user").first()
    return identity.user if identity is not None else None


def link(user: User, *, provider: str, issuer: str, subject: str) -> ProviderIdentity:
    """Let an account at a provider sign somebody in; `Conflict` where it signs anybody in already, `TooMany`."""
    try:
        with transaction.atomic():
            User.objects.select_for_update(no_key=True).get(pk=user.pk)
            if user.identities.count() >= PROVIDER_LINKS_PER_USER_MAX:
                raise TooMany(limit=PROVIDER_LINKS_PER_USER_MAX)
            made = user.identities.create(provider=provider, subject_index=subject_index(issuer, subject))
            tell_person(Letter.Kind.PROVIDER_LINKED, user, about=_named(provider))
    except IntegrityError as error:
        raise Conflict("That account signs in to an account here already.") from error
    return made


def unlink(user: User, unverified_link_id: str) -> None:
    """Take a link away; `NotFound`, and `Conflict` where nothing would be left to sign in by."""
    if not is_uuid(unverified_link_id):
        raise NotFound
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        identity = user.identities.filter(pk=uuid.UUID(unverified_link_id)).first()
        if identity is None:
            raise NotFound
        passkeys = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
        if user.identities.count() == 1 and not user.has_usable_password() and not passkeys.exists():
            raise Conflict("This is the only way in that is left: set a password first, by a letter.")
        identity.delete()
        tell_person(Letter.Kind.PROVIDER_UNLINKED, user, about=_named(identity.provider))


def links_of(user: User) -> list[ProviderLink]:
    """What signs a person in."""
    return [
        ProviderLink(
            link_id=str(each.id),
            provider=each.provider,
            name=_named(each.provider),
            created_at=_time(each.created_at),
            last_used_at=_time(each.last_used_at) if each.last_used_at else None,
        )
        for each in user.identities.order_by("created_at", "id")
    ]


def _named(provider: str) -> str:
    """What people call a provider; its id where the operator has taken it away."""
    known = settings.CONFIG.providers.get(provider)
    return known.name if known is not None else provider


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")

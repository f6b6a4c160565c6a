"""Who may make an account, by the operator's rules.

Invariant: a sign-up is held to the rules before any of its other words is looked at, so that who may not come in learns nothing of
those who are.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db import transaction

from parley_auth.accounts.models import User
from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_own
from parley_auth.invitations.keeping import find_good, use_up
from parley_auth.invitations.models import Invitation, InvitedAccount
from parley_contracts.problems import SignUpRefused
from parley_contracts.providers_api import ProviderInfo
from parley_contracts.sign_up_api import SignUpRules


def rules() -> SignUpRules:
    """The rules as everybody may know them."""
    chosen = settings.CONFIG.sign_up
    return SignUpRules(
        mode=chosen.mode,
        domains=list(chosen.domains),
        members_invite=chosen.members_invite,
        providers=[ProviderInfo(provider.id, provider.name) for provider in settings.CONFIG.providers.values()],
    )


def expect_admission(email: str, unverified_invitation: str) -> Invitation | None:
    """The invitation by which somebody with an address comes in, None where they need none; `SignUpRefused`, `InvitationRefused`."""
    chosen = settings.CONFIG.sign_up
    if chosen.mode == "closed":
        raise SignUpRefused("This server takes no new accounts; ask whoever runs it.")
    if chosen.mode == "open" or (chosen.mode == "domain" and in_domains(email)):
        return None
    if chosen.mode == "domain" and not unverified_invitation:
        domains = " or ".join(chosen.domains)
        raise SignUpRefused(f"Sign up with an address of {domains}, or by an invitation.", field="email")
    return find_good(unverified_invitation)


def admit(email: str, unverified_invitation: str, create: Callable[[], User]) -> User:
    """The account that `create` makes, which uses up the invitation where it needs one; none of both, or both."""
    with transaction.atomic():
        invitation = expect_admission(email, unverified_invitation)
        if invitation is not None:
            use_up(invitation)
        user = create()
        if invitation is not None:
            InvitedAccount.objects.create(user=user, invitation=invitation)
            record_own(Act.INVITATION_USED, user, invitation=str(invitation.id))
    return user


def confirmation_demanded() -> bool:
    """Whether people confirm an address before they register a device: else anybody could claim one of the right domain."""
    return bool(settings.CONFIG.email_demanded) or settings.CONFIG.sign_up.mode == "domain"


def expect_address(user: User, email: str) -> None:
    """`SignUpRefused` where an address that nobody invited is the first to be confirmed and is of no right domain."""
    first = user.email_verified_at is None and settings.CONFIG.sign_up.mode == "domain"
    if first and not in_domains(email) and not InvitedAccount.objects.filter(user=user).exists():
        raise SignUpRefused("Confirm an address of the domain by which you signed up first.", field="email")


def in_domains(email: str) -> bool:
    """Whether an address is of one of the operator's domains: of that very one, and of none below it."""
    return canonical_domain(email.rpartition("@")[2]) in settings.CONFIG.sign_up.domains


def canonical_domain(unverified_domain: str) -> str:
    """A domain as the rules have it (lower case, IDNA); empty where it is none."""
    try:
        return unverified_domain.strip().lower().encode("idna").decode()
    except UnicodeError:
        return ""

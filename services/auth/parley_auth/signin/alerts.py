"""Where and by what somebody signs in: kept for them to see, and told by a letter where it is new.

Invariant: a person gets at most `SIGN_IN_LETTERS_PER_DAY_MAX` such letters a day, however often somebody signs in.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

import structlog
from allauth.account.internal.flows.login import get_authentication_records
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from parley_auth.accounts.models import User
from parley_auth.letters.asking import tell_person
from parley_auth.letters.models import Letter
from parley_auth.signin.models import SignIn
from parley_auth.web.rates import client_network
from parley_contracts.auth_api import SignInInfo
from parley_contracts.limits import SIGN_IN_LETTERS_PER_DAY_MAX, SIGN_INS_KEPT_MAX

OTHER_PROGRAM: Final = "Another program"
#: In this order: most browsers name others, too.
_PROGRAMS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/|FxiOS/", "Firefox"),
    ("Chrome/|CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone|iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_DAY: Final = timedelta(days=1)
_log = structlog.get_logger("parley_auth.signin")


def note_sign_in(request: HttpRequest, user: User) -> None:
    """Keep that somebody signed in, with the caller's transaction, and tell them where program or network are new."""
    network, program = client_network(request), program_of(request.headers.get("User-Agent", ""))
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    earlier = user.sign_ins
    seen = earlier.filter(network=network).exists() and earlier.filter(program=program).exists()
    is_new = not seen and earlier.exists()
    now = timezone.now()
    told = earlier.filter(is_new=True, at__gt=now - _DAY).count()
    SignIn.objects.create(user=user, at=now, network=network, program=program, is_new=is_new)
    if is_new and told < SIGN_IN_LETTERS_PER_DAY_MAX:
        where = f"{program}, from about {network or 'an unknown place'}, on {now:%Y-%m-%d at %H:%M} UTC."
        tell_person(Letter.Kind.NEW_SIGN_IN, user, about=where)
    kept = earlier.order_by("-at", "-id").values("pk")[:SIGN_INS_KEPT_MAX]
    earlier.exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()
    methods = [str(record.get("type", record["method"])) for record in get_authentication_records(request, user)]
    transaction.on_commit(lambda: _log.info("signed in", user_id=user.user_id, methods=methods, is_new=is_new))


def sign_ins_of(user: User) -> list[SignInInfo]:
    """The newest sign-ins of a person, the newest first."""
    return [
        SignInInfo(
            signed_in_at=each.at.isoformat().replace("+00:00", "Z"),
            network=each.network,
            program=each.program,
            is_new=each.is_new,
        )
        for each in user.sign_ins.order_by("-at", "-id")
    ]


def program_of(unverified_agent: str) -> str:
    """A browser and its system in words of ours, whatever a request calls itself."""
    program = next((name for pattern, name in _PROGRAMS if re.search(pattern, unverified_agent)), "")
    system = next((name for pattern, name in _SYSTEMS if re.search(pattern, unverified_agent)), "")
    if not program:
        return OTHER_PROGRAM
    return f"{program} on {system}" if system else program

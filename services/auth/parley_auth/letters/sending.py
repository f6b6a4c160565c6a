"""Writing and sending letters, one after the other; what cannot be sent waits longer each time.

Invariant: a letter is sent at least once or given up after `LETTER_ATTEMPTS_MAX` attempts, and the code inside it is made
only when it is written, so that nothing at rest opens an account.
"""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import DatabaseError, close_old_connections, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from parley_auth.accounts.codes import make_code
from parley_auth.accounts.emails import blind_index
from parley_auth.accounts.models import SentCode, User
from parley_auth.letters.models import Letter
from parley_auth.letters.words import WORDS
from parley_auth.sealed_fields import SealedFieldError
from parley_contracts.limits import (
    LETTER_ATTEMPTS_MAX,
    LETTER_KEPT_S,
    LETTER_PAUSE_S_MAX,
    LETTER_PAUSE_S_MIN,
    RESETS_PER_ADDRESS_MAX,
)
from parley_serving.django.problems import say_bug

POLL_INTERVAL_S = 1.0
#: The colours of the app's light theme (`app/parley_app/palettes.py`).
LOOK = {
    "surface": "#F5F3EE",
    "raised": "#FFFFFF",
    "line": "#E2DDD3",
    "ink": "#1D1C1A",
    "ink_2": "#4F4C46",
    "ink_3": "#65615A",
    "accent": "#0B6A6A",
    "accent_soft": "#DCEEEB",
    "accent_ink": "#075354",
}
_log = structlog.get_logger("parley_auth.letters")


def send_until(stopped: threading.Event) -> None:
    """Send what is due until `stopped`, which is set at the end, too: a bug here ends the process, and another one begins."""
    try:
        if settings.CONFIG.mail_server is None:
            settings.CONFIG.mail_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        while not stopped.is_set():
            _send_what_is_due(stopped)
            stopped.wait(POLL_INTERVAL_S)
    except Exception as error:  # noqa: BLE001 - logged as what it is
        say_bug(error)
    finally:
        stopped.set()


def _send_what_is_due(stopped: threading.Event) -> None:
    try:
        while not stopped.is_set() and send_next():
            pass
    except DatabaseError as error:
        _log.warning("sending pauses", cause=type(error).__name__)
        close_old_connections()


def send_next() -> bool:
    """Deal with one letter that is due; False where none is."""
    with transaction.atomic():
        letter = (
            Letter.objects.select_for_update(skip_locked=True)
            .filter(due_at__lte=timezone.now())
            .order_by("due_at")
            .first()
        )
        if letter is None:
            return False
        if letter.attempts >= LETTER_ATTEMPTS_MAX or letter.created_at < timezone.now() - timedelta(
            seconds=LETTER_KEPT_S
        ):
            _log.error("a letter was given up", kind=letter.kind, attempts=letter.attempts)
            letter.delete()
            return True
        try:
            with transaction.atomic():
                _send(letter)
        except (OSError, SMTPException, SealedFieldError, ValueError) as error:
            _put_off(letter, error)
        else:
            letter.delete()
    return True


def recipients(letter: Letter, address: str) -> list[User]:
    """Whom a letter to an address is for.

    One that resets goes to whoever confirmed the address, and where nobody did, to those who claim it. Nobody is asked to
    confirm an address that somebody else has.
    """
    if letter.kind not in {Letter.Kind.RESET, Letter.Kind.VERIFY}:
        return [letter.user] if letter.user is not None else []
    claims = User.objects.filter(email_index=blind_index(address), is_active=True).order_by("created_at")
    owner = claims.filter(email_verified_at__isnull=False).first()
    if letter.kind == Letter.Kind.RESET:
        return [owner] if owner is not None else list(claims[:RESETS_PER_ADDRESS_MAX])
    return [letter.user] if letter.user is not None and owner in {None, letter.user} else []


def _send(letter: Letter) -> None:
    address = letter.open_address()
    for user in recipients(letter, address):
        code = ""
        if letter.kind in {Letter.Kind.VERIFY, Letter.Kind.RESET}:
            code = make_code(user, SentCode.Purpose(letter.kind), address)
        write_letter(letter.kind, user, address, code, letter.about).send()


def write_letter(kind: str, user: User, address: str, code: str, about: str) -> EmailMultiAlternatives:
    """The letter as text and as HTML."""
    words = WORDS[kind]
    says = (*words.says, about) if about else words.says
    inside = {"words": words, "says": says, "code": code, "look": LOOK}
    inside |= {"username": user.username, "origin": settings.CONFIG.origin}
    message = EmailMultiAlternatives(words.subject, render_to_string("letters/letter.txt", inside), to=[address])
    message.attach_alternative(render_to_string("letters/letter.html", inside), "text/html")
    # Machines that answer letters leave this one alone (RFC 3834).
    message.extra_headers["Auto-Submitted"] = "auto-generated"
    return message


def _put_off(letter: Letter, error: Exception) -> None:
    pause_s = min(LETTER_PAUSE_S_MAX, LETTER_PAUSE_S_MIN * 2**letter.attempts)
    letter.attempts += 1
    letter.due_at = timezone.now() + timedelta(seconds=pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
    letter.save(update_fields=["attempts", "due_at"])
    # An SMTP server's own words may hold the address.
    _log.warning("a letter waits", kind=letter.kind, attempts=letter.attempts, cause=type(error).__name__)

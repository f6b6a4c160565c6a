"""What everybody is told: announcements, with a form for another one; and the terms, for reading."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from parley_auth.operators.pages.session import actor_of
from parley_auth.operators.roles import Actor, Rank, Right
from parley_auth.telling import announcements, terms
from parley_contracts.problems import InvalidRequest, Problem

_DAY_S = 24 * 3600
_DIGITS_MAX = 4


def announcements_page(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    """What stands; by POST another one is made."""
    actor = actor_of(request)
    if request.method == "POST":
        text, days = request.POST.get("text", ""), request.POST.get("days", "").strip()
        return _done(request, lambda: _announce(actor, text, days), "Everybody is told.")
    more = {
        "title": "Announcements",
        "announcements": announcements.standing(),
        "may_announce": actor.rank >= Rank(Right.ANNOUNCE),
    }
    return TemplateResponse(request, "operators/announcements.html", context | more)


def withdraw(request: HttpRequest, announcement_id: str) -> HttpResponse:
    """Let one end now, and go back to the others."""
    actor = actor_of(request)
    return _done(request, lambda: announcements.withdraw(actor, announcement_id), "It is told no more.")


def terms_page(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    """The terms that are asked for, and how many agreed to each version."""
    more = {"title": "Terms", "newest": terms.newest(), "versions": terms.versions(actor_of(request))}
    return TemplateResponse(request, "operators/terms.html", context | more)


def _announce(actor: Actor, text: str, days: str) -> None:
    if not days.isascii() or not days.isdigit() or len(days) > _DIGITS_MAX:
        raise InvalidRequest("Say for how many days it stands.")
    announcements.announce(actor, text, int(days) * _DAY_S)


def _done(request: HttpRequest, work: Callable[[], object], sentence: str) -> HttpResponse:
    try:
        work()
    except Problem as problem:
        messages.error(request, problem.detail)
    else:
        messages.success(request, sentence)
    return HttpResponseRedirect(reverse("admin:announcements", current_app=request.current_app))

"""Accounts: the list, one account with its sessions, and the acts that a role may do."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from parley_auth.accounts.models import User
from parley_auth.operators import acts, neighbours, people
from parley_auth.operators.models import Role
from parley_auth.operators.pages.reading import ReadingPages
from parley_auth.operators.pages.session import actor_of
from parley_auth.operators.roles import Actor, Rank, Right, rank_of
from parley_contracts.ids import is_uuid
from parley_contracts.problems import InvalidRequest, NotFound, Problem, Unavailable
from parley_contracts.profile_api import AVATAR_MEDIA_TYPE

_DIGITS_MAX = 16
#: Of the pages that Django has for a table.
_READ = frozenset({"accounts_user_changelist", "accounts_user_change"})


def _quota(actor: Actor, user: User, form: QueryDict) -> str:
    text = form.get("bytes", "").strip()
    if text and (not text.isascii() or not text.isdigit() or len(text) > _DIGITS_MAX):
        raise InvalidRequest("A quota is a number of bytes.")
    acts.set_quota(actor, user, int(text) if text else None)
    return "The quota is set."


def _suspend(actor: Actor, user: User, _form: QueryDict) -> str:
    acts.suspend(actor, user)
    return "The account is suspended and signed out everywhere."


def _restore(actor: Actor, user: User, _form: QueryDict) -> str:
    acts.restore(actor, user)
    return "The account may sign in again."


def _delete(actor: Actor, user: User, _form: QueryDict) -> str:
    due_at = acts.delete(actor, user)
    return (
        f"The account is suspended, and goes for good on {due_at:%Y-%m-%d at %H:%M} UTC; until then it can be restored."
    )


def _sign_out(actor: Actor, user: User, form: QueryDict) -> str:
    ended = acts.end_all_sessions(actor, user, form.get("session") or None)
    return f"{ended} sessions ended; their devices leave all conversations."


def _clear_profile(actor: Actor, user: User, _form: QueryDict) -> str:
    acts.clear_profile(actor, user)
    return "Picture, chosen name and words are gone."


def _letter(actor: Actor, user: User, _form: QueryDict) -> str:
    acts.grant_reset(actor, user, by_letter=True)
    return "A letter to set a new password is on its way."


def _role(actor: Actor, user: User, form: QueryDict) -> str:
    acts.set_role(actor, user, form.get("role", ""))
    return "The role is set."


#: What a form asks for, and what is said afterwards.
_ACTS: Mapping[str, Callable[[Actor, User, QueryDict], str]] = {
    "suspend": _suspend,
    "restore": _restore,
    "delete": _delete,
    "sign-out": _sign_out,
    "clear-profile": _clear_profile,
    "letter": _letter,
    "role": _role,
    "quota": _quota,
}


class AccountPages(ReadingPages):
    """Accounts by name."""

    list_display = ("username", "display_name", "role", "is_active", "created_at")
    list_filter = ("is_active", "grant__role")
    list_select_related = ("grant",)
    search_fields = ("^username",)
    search_help_text = "How a user name begins."
    ordering = ("username",)
    sortable_by = ("username", "created_at")

    @admin.display(description="role")
    def role(self, user: User) -> str:
        """The role, where there is one."""
        grant = getattr(user, "grant", None)
        return grant.get_role_display() if grant is not None else ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Accounts that are not gone."""
        return super().get_queryset(request).filter(deletion__erased_at=None)

    def get_urls(self) -> list[URLPattern]:
        """The list and one account of Django's, and ours for acts and codes."""
        view = self.admin_site.admin_view
        return [
            path("<str:user_id>/code/", view(require_POST(self.code)), name="account_code"),
            path("<str:user_id>/act/<str:act>/", view(require_POST(self.act)), name="account_act"),
            *(entry for entry in super().get_urls() if entry.name in _READ),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One account."""
        user = _user(object_id)
        actor = actor_of(request)
        rank = rank_of(user)
        below = rank < actor.rank
        context = self.admin_site.each_context(request) | {
            "title": user.username,
            "opts": self.opts,
            "account": people.account_of(actor, user),
            "quota": _quota_of(user),
            "picture": _picture_of(user),
            "may_suspend": below and actor.rank >= Rank(Right.SUSPEND),
            "may_act": below and actor.rank >= Rank(Right.END_SESSIONS),
            "may_set_role": below and actor.rank >= Rank(Right.SET_ROLE),
            "roles": [role for role in Role.values if role != Role.OWNER],
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "operators/account.html", context | (extra_context or {}))

    def act(self, request: HttpRequest, user_id: str, act: str) -> HttpResponse:
        """Carry out one act, and go back to the account."""
        user = _user(user_id)
        if act not in _ACTS:
            raise Http404
        try:
            messages.success(request, _ACTS[act](actor_of(request), user, request.POST))
        except Problem as problem:
            messages.error(request, problem.detail or "It was refused.")
        return HttpResponseRedirect(
            reverse("admin:accounts_user_change", args=[user.user_id], current_app=self.admin_site.name)
        )

    def code(self, request: HttpRequest, user_id: str) -> HttpResponse:
        """Show a code by which the person sets a new password, once: it is kept nowhere, so the page is not left for it."""
        user = _user(user_id)
        try:
            code = acts.grant_reset(actor_of(request), user, by_letter=False)
        except Problem as problem:
            messages.error(request, problem.detail or "It was refused.")
            code = ""
        return self.change_view(request, user.user_id, extra_context={"code": code})


def _user(unverified_id: str) -> User:
    user = User.objects.filter(pk=unverified_id).first() if is_uuid(unverified_id) else None
    if user is None:
        raise Http404
    return user


def _picture_of(user: User) -> str:
    """The picture that a person shows, as a `data:` address; empty where there is none or the object store is away."""
    if not user.avatar:
        return ""
    from parley_auth.profiles.avatars import avatar_of  # noqa: PLC0415 - it brings the S3 client, which is not small

    try:
        picture = avatar_of(user, user.avatar)
    except (NotFound, Unavailable):
        return ""
    return f"data:{AVATAR_MEDIA_TYPE};base64,{base64.b64encode(picture).decode()}"


def _quota_of(user: User) -> neighbours.Quota | None:
    try:
        return neighbours.quota_of(user.user_id)
    except Unavailable:
        return None

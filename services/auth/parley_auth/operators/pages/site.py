"""The pages of operators, and where each lies below `/operators/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import django.contrib.admin
from django.contrib import messages
from django.contrib.admin.sites import AdminSite
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST
from django.views.static import serve

from parley_auth.accounts.models import User
from parley_auth.audit.models import Act, AuditEntry
from parley_auth.audit.recording import record_operator
from parley_auth.operators import neighbours
from parley_auth.operators.pages import telling
from parley_auth.operators.pages.accounts import AccountPages
from parley_auth.operators.pages.log import LogPages
from parley_auth.operators.pages.reports import readable
from parley_auth.operators.pages.session import actor_of
from parley_auth.operators.pages.signing_in import sign_in, sign_out
from parley_auth.operators.roles import Rank, Right
from parley_contracts.problems import Unavailable

_STATIC = (
    Path(__file__).parent.parent / "static",
    Path(django.contrib.admin.__file__).parent / "static",
)


class OperatorSite(AdminSite):
    """Django's admin, for roles, and with none of what Parley has its own way for."""

    site_header = site_title = "Parley operators"
    index_title = "What would you like to look at?"
    index_template = "operators/index.html"
    site_url = None
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether somebody with a role has this session."""
        return actor_of(request).rank > Rank.NOBODY

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page is given."""
        actor = actor_of(request)
        return super().each_context(request) | {
            "user": request.user,
            "role": actor.rank.name.lower() if actor.rank else "",
            "reads_reports": actor.rank >= Rank(Right.READ_REPORTS),
            "messages": messages.get_messages(request),
        }

    def get_log_entries(self, request: HttpRequest) -> Any:  # noqa: ARG002 - Django's signature
        """Nothing of Django's own log: there is the audit log."""
        return ()

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Only what is wanted here: no changing of passwords, no jumps elsewhere."""
        unwanted = {"password_change", "password_change_done", "autocomplete", "view_on_site", None}
        kept = [
            entry for entry in super().get_urls() if not isinstance(entry, URLPattern) or entry.name not in unwanted
        ]
        return [
            path("reports/", self.admin_view(self.reports), name="reports"),
            path("announcements/", self.admin_view(self.announcements), name="announcements"),
            path(
                "announcements/<str:announcement_id>/withdraw/",
                self.admin_view(require_POST(self.withdraw)),
                name="announcement_withdraw",
            ),
            path("terms/", self.admin_view(self.terms), name="terms"),
            *kept,
        ]

    @method_decorator(never_cache)
    @method_decorator(csrf_protect)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002 - see above
        """Name, password and code in one form; wherever one wanted to go, it leads to the first page."""
        index = reverse("admin:index", current_app=self.name)
        if self.has_permission(request):
            return HttpResponseRedirect(index)
        said = sign_in(request) if request.method == "POST" else ""
        if request.method == "POST" and not said:
            return HttpResponseRedirect(index)
        request.current_app = self.name
        context = self.each_context(request) | {"title": "Sign in", "said": said}
        return TemplateResponse(request, "operators/login.html", context)

    @method_decorator(never_cache)
    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:  # noqa: ARG002 - see above
        """End the session, by POST."""
        if request.method == "POST":
            sign_out(request)
        return HttpResponseRedirect(reverse("admin:login", current_app=self.name))

    def announcements(self, request: HttpRequest) -> HttpResponse:
        """What everybody is told."""
        request.current_app = self.name
        return telling.announcements_page(request, self.each_context(request))

    def withdraw(self, request: HttpRequest, announcement_id: str) -> HttpResponse:
        """Tell one of them no more."""
        request.current_app = self.name
        return telling.withdraw(request, announcement_id)

    def terms(self, request: HttpRequest) -> HttpResponse:
        """The terms, and how many agreed."""
        request.current_app = self.name
        return telling.terms_page(request, self.each_context(request))

    def reports(self, request: HttpRequest) -> HttpResponse:
        """What people reported, with what its author committed to; each reading is audited."""
        actor = actor_of(request)
        actor.expect(Right.READ_REPORTS)
        said, found = "", []
        try:
            found = readable(neighbours.reports())
        except Unavailable as problem:
            said = problem.detail
        with transaction.atomic():
            record_operator(Act.REPORTS_READ, actor.name, reports=len(found))
        request.current_app = self.name
        context = self.each_context(request) | {"title": "Reports", "reports": found, "said": said}
        return TemplateResponse(request, "operators/reports.html", context)


def static_file(request: HttpRequest, path: str) -> HttpResponseBase:
    """Styles and scripts of the pages: Django's own, and ours."""
    for root in _STATIC:
        try:
            response = serve(request, path, document_root=str(root))
        except Http404:
            continue
        response["Cache-Control"] = "public, max-age=86400"
        return response
    raise Http404


site = OperatorSite(name="operators")
site.register(User, AccountPages)
site.register(AuditEntry, LogPages)

"""What all lists of the pages share: they are read, by who has a role, and never changed by a form of Django's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from parley_auth.operators.pages.session import actor_of
from parley_auth.operators.roles import Rank, Right

if TYPE_CHECKING:
    _Pages = admin.ModelAdmin[Any]
else:
    _Pages = admin.ModelAdmin


class ReadingPages(_Pages):
    """Nothing is added, changed or deleted here; acts have forms of their own."""

    actions = None
    show_full_result_count = False
    list_per_page = 100

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """By role."""
        return actor_of(request).rank >= Rank(Right.READ)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """By role."""
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """No."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """No."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """No."""
        return False

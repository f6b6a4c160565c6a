"""Routes about one's account as a whole: letting it go, and archives of it."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from django.http import HttpRequest, HttpResponse
from ninja import Router

from parley_auth.rights.deleting import ask_own
from parley_auth.rights.exporting import ask, exports_of, part_of
from parley_auth.rights.models import Export
from parley_auth.signin.access import BearerAuth, caller_of, expect_recent_sign_in
from parley_auth.signin.cookie import forget
from parley_auth.web.rates import limit
from parley_contracts.problems import InvalidRequest
from parley_contracts.rights_api import EXPORT_MEDIA_TYPE, DeletionAsked, ExportInfo, Exports, ExportState
from parley_serving.django.bodies import json_response

router = Router(auth=BearerAuth())
_PART_DIGITS_MAX = 9


@router.post("/me/deletion")
def post_deletion(request: HttpRequest) -> HttpResponse:
    """Let one's account go after a while; all sessions end."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    expect_recent_sign_in(session)
    deletion = ask_own(session.user)
    forget(request)
    return json_response(DeletionAsked(_time(deletion.due_at)))


@router.post("/me/exports")
def post_export(request: HttpRequest) -> HttpResponse:
    """Ask for an archive of everything that there is of one."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    expect_recent_sign_in(session)
    return json_response(_told(ask(session.user)))


@router.get("/me/exports")
def get_exports(request: HttpRequest) -> HttpResponse:
    """One's archives and how far they are."""
    user = caller_of(request).user
    limit(request, "read", user.user_id)
    return json_response(Exports([_told(export) for export in exports_of(user)]))


@router.get("/me/exports/{unverified_export_id}/archive")
def get_export_part(request: HttpRequest, unverified_export_id: str) -> HttpResponse:
    """A part of an archive that is ready."""
    session = caller_of(request)
    limit(request, "read", session.user.user_id)
    unverified_part = request.GET.get("part", "")
    if not unverified_part.isascii() or not unverified_part.isdigit() or len(unverified_part) > _PART_DIGITS_MAX:
        raise InvalidRequest("Say which part, from 0.", field="part")
    response = HttpResponse(
        part_of(session, unverified_export_id, int(unverified_part)), content_type=EXPORT_MEDIA_TYPE
    )
    response["Cache-Control"] = "no-store"
    return response


def _told(export: Export) -> ExportInfo:
    ready = export.state == "ready"
    return ExportInfo(
        export_id=str(export.id),
        state=cast("ExportState", export.state),
        progress_percent=export.progress_percent,
        asked_at=_time(export.asked_at),
        size_bytes=export.size_bytes if ready else None,
        expires_at=_time(export.expires_at) if ready else None,
    )


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")

"""The operations of `/api/v1/auth` around one's account as a whole."""

from __future__ import annotations

from parley_contracts.documents.operations import Operation, Parameter, integer
from parley_contracts.limits import EXPORT_PART_SIZE_BYTES
from parley_contracts.problems import Conflict, SignInAgain, TooMany
from parley_contracts.rights_api import EXPORT_MEDIA_TYPE, DeletionAsked, ExportInfo, Exports

RIGHTS = (
    Operation(
        name="post_deletion",
        method="POST",
        path="/me/deletion",
        summary="Let one's account go after a while; all sessions end.",
        description="Until it goes, signing in takes that back.",
        caller="session",
        answer=DeletionAsked,
        problems=(SignInAgain, Conflict),
    ),
    Operation(
        name="post_export",
        method="POST",
        path="/me/exports",
        summary="Ask for an archive of everything that the server keeps of one.",
        description="One is made at a time. What is sealed end to end stays so: a device adds what it can open.",
        caller="session",
        answer=ExportInfo,
        problems=(SignInAgain, Conflict, TooMany),
    ),
    Operation(
        name="get_exports",
        method="GET",
        path="/me/exports",
        summary="One's archives and how far they are, the newest first.",
        caller="session",
        answer=Exports,
    ),
    Operation(
        name="get_export_part",
        method="GET",
        path="/me/exports/{export_id}/archive",
        summary="A part of an archive that is ready.",
        description=f"Parts have {EXPORT_PART_SIZE_BYTES} bytes, the last one what is left. It takes a session that signed in (again) "
        "around when the archive was asked for, or later.",
        caller="session",
        query={"part": Parameter(integer(0, 2**31), "Which part, from 0.", required=True)},
        media_type=EXPORT_MEDIA_TYPE,
        problems=(SignInAgain,),
    ),
)

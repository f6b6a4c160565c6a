"""The operations of `/api/v1/auth` around what the server tells its people."""

from __future__ import annotations

from parley_contracts.documents.operations import Operation
from parley_contracts.problems import NotFound, VersionStale
from parley_contracts.telling_api import Agreement, Announcements, Consent, Terms

TELLING = (
    Operation(
        name="get_announcements",
        method="GET",
        path="/announcements",
        summary="What operators tell everybody at present, the newest first.",
        caller="session",
        answer=Announcements,
    ),
    Operation(
        name="get_terms",
        method="GET",
        path="/terms",
        summary="The newest terms of this server, where it has any.",
        caller="anybody",
        answer=Terms,
        problems=(NotFound,),
    ),
    Operation(
        name="get_consent",
        method="GET",
        path="/me/consent",
        summary="Which terms one has agreed to, and whether newer ones ask for it.",
        caller="session",
        answer=Consent,
    ),
    Operation(
        name="put_consent",
        method="PUT",
        path="/me/consent",
        summary="Agree to the newest terms.",
        caller="session",
        body=Agreement,
        answer=Consent,
        problems=(NotFound, VersionStale),
    ),
)

"""The operations of `/api/v1/messaging` for applications of open channels."""

from __future__ import annotations

from parley_contracts.applications_api import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    Application,
    ApplicationCreation,
    ApplicationPost,
    Applications,
    ApplicationSecrets,
)
from parley_contracts.documents.operations import Operation, Parameter, integer
from parley_contracts.limits import HOOK_CLOCK_SKEW_S, PAGE_ENTRIES_DEFAULT, PAGE_ENTRIES_MAX
from parley_contracts.messaging_api import Appended, EntryPage
from parley_contracts.problems import ClientIdReused, Conflict, Forbidden, NotFound, PolicyRefused, TooMany

#: What proves who signed a webhook, incoming or outgoing, and when.
SIGNED_HEADERS = {
    TIMESTAMP_HEADER: Parameter(
        {"type": "string", "pattern": "^[0-9]{1,12}$"}, "When it was signed, in seconds since 1970."
    ),
    SIGNATURE_HEADER: Parameter({"type": "string", "pattern": "^v1=[0-9a-f]{64}$"}, "The signature."),
}
_APPLICATIONS = "/channels/{conversation_id}/applications"

APPLICATIONS = (
    Operation(
        name="put_application",
        method="PUT",
        path=f"{_APPLICATIONS}/{{application_id}}",
        summary="Let an application into an open channel, and learn its secrets.",
        description="They are told this once: again it is `conflict`. For who may invite.",
        body=ApplicationCreation,
        answer=ApplicationSecrets,
        problems=(Conflict, PolicyRefused, TooMany),
    ),
    Operation(
        name="get_applications",
        method="GET",
        path=_APPLICATIONS,
        summary="The applications of a channel, for who may invite.",
        answer=Applications,
        problems=(PolicyRefused,),
    ),
    Operation(
        name="delete_application",
        method="DELETE",
        path=f"{_APPLICATIONS}/{{application_id}}",
        summary="Put an application out at once.",
        problems=(PolicyRefused,),
    ),
    Operation(
        name="get_application",
        method="GET",
        path="/applications/self",
        summary="The application whose token it is.",
        answer=Application,
        caller="application",
        problems=(Forbidden, PolicyRefused, NotFound),
    ),
    Operation(
        name="get_application_entries",
        method="GET",
        path="/applications/self/entries",
        summary="A page of the application's channel; scope `read`.",
        answer=EntryPage,
        query={
            "after": Parameter(integer(default=0), "Entries after this sequence."),
            "limit": Parameter(integer(1, PAGE_ENTRIES_MAX, default=PAGE_ENTRIES_DEFAULT), "How many entries at most."),
        },
        caller="application",
        problems=(Forbidden, PolicyRefused, NotFound),
    ),
    Operation(
        name="put_application_post",
        method="PUT",
        path="/applications/self/posts/{client_id}",
        summary="Say something in the application's channel; scope `post`.",
        body=ApplicationPost,
        answer=Appended,
        caller="application",
        problems=(ClientIdReused, Forbidden, PolicyRefused),
    ),
    Operation(
        name="post_hook",
        method="POST",
        path="/hooks/{application_id}",
        summary="An incoming webhook: say something, signed; scope `post`.",
        description=(
            f"A request that was signed more than {HOOK_CLOCK_SKEW_S} s ago is refused; before that the same signed bytes are the"
            " same message, however often they come."
        ),
        body=ApplicationPost,
        answer=Appended,
        headers=SIGNED_HEADERS,
        caller="application",
        problems=(ClientIdReused, Forbidden, PolicyRefused),
    ),
)

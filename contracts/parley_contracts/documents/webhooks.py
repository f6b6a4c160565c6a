"""The requests that the server itself makes: outgoing webhooks, in the section `webhooks` of OpenAPI 3.1."""

from __future__ import annotations

from typing import Any

from parley_contracts.applications_api import Callback
from parley_contracts.documents.applications import SIGNED_HEADERS
from parley_contracts.documents.schemas import ref
from parley_contracts.limits import CALLBACK_ATTEMPTS_MAX, CALLBACK_PAUSE_S_MAX, CALLBACK_PAUSE_S_MIN, HOOK_CLOCK_SKEW_S

#: What stands inside the requests.
CALLED_KINDS = (Callback,)
_DESCRIPTION = (
    "Posted to the `callback_url` of an application, one message at a time and in order; the application's own messages are not"
    f" told. Check the signature (under the application's signing secret, as of incoming ones), and that it is no older than {HOOK_CLOCK_SKEW_S} s, before you believe anything. A message may"
    " come twice: ignore a sequence that you know."
)
_LATER = (
    f"Tried again after {CALLBACK_PAUSE_S_MIN} s, twice that and so on up to {CALLBACK_PAUSE_S_MAX} s, or after what `Retry-After`"
    f" asks for; nothing that follows overtakes it. After {CALLBACK_ATTEMPTS_MAX} failures in a row nothing more is posted."
)


def webhooks() -> dict[str, Any]:
    """Path Item Objects by name."""
    headers = [
        {"name": name, "in": "header", "required": True, "schema": header.schema, "description": header.description}
        for name, header in SIGNED_HEADERS.items()
    ]
    return {
        "message": {
            "post": {
                "operationId": "message_webhook",
                "tags": ["messaging"],
                "summary": "An outgoing webhook: a message of an application's channel, signed.",
                "description": _DESCRIPTION,
                "parameters": headers,
                "requestBody": {"required": True, "content": {"application/json": {"schema": ref(Callback)}}},
                "responses": {
                    "2XX": {"description": "Heard."},
                    "410": {"description": "Gone: nothing more is posted."},
                    "default": {"description": _LATER},
                },
                "security": [],
            }
        }
    }

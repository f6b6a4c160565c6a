"""Headers that operations of several files share."""

from __future__ import annotations

from parley_contracts.auth_api import REFRESH_COOKIE_HEADER, REFRESH_IN_COOKIE
from parley_contracts.documents.operations import Parameter

REFRESH_COOKIE = {
    REFRESH_COOKIE_HEADER: Parameter(
        {"type": "string", "enum": [REFRESH_IN_COOKIE]},
        "For browsers: the refresh token travels in a cookie that no script can read, and is empty in bodies.",
    )
}

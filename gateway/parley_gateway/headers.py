"""Headers that every answer has; nginx's `add_header` is not inherited, so each location repeats them."""

from __future__ import annotations

from collections.abc import Mapping

#: What is no page of ours is none at all, and nobody frames it; pages say themselves what they need instead.
_NO_PAGE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
#: For pages that a service renders: their own styles, scripts and forms, and nothing inline or from elsewhere.
OWN_PAGE = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # Without a referrer browsers call the origin of a form "null", by which no form of ours could be told from another's.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_EVERYWHERE = {
    "Content-Security-Policy": _NO_PAGE,
    "Strict-Transport-Security": "$strict_transport",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Request-ID": "$request_id",
}


def header_lines(further: Mapping[str, str] | None = None) -> str:
    """The directives for one location; a header whose value is empty is not sent."""
    headers = _EVERYWHERE | dict(further or {})
    return "\n".join(f'      add_header {name} "{value}" always;' for name, value in headers.items())

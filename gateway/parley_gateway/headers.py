"""Headers that every answer has; nginx's `add_header` is not inherited, so each location repeats them."""

from __future__ import annotations

from collections.abc import Mapping

_EVERYWHERE = {
    "Strict-Transport-Security": "max-age=63072000",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Request-ID": "$request_id",
}


def header_lines(further: Mapping[str, str] | None = None) -> str:
    """The directives for one location; a header whose value is empty is not sent."""
    headers = _EVERYWHERE | dict(further or {})
    return "\n".join(f'      add_header {name} "{value}" always;' for name, value in headers.items())

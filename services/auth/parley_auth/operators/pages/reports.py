"""Reports as moderators read them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from parley_auth.accounts.models import User


def readable(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The reports with names in place of identifiers, and the text out of what was sealed."""
    ids = {report[who] for report in found for who in ("author", "reporter")}
    names = {user.user_id: user.username for user in User.objects.filter(pk__in=ids)}
    return [
        report
        | {
            "author_name": names.get(report["author"], report["author"]),
            "reporter_name": names.get(report["reporter"], report["reporter"]),
            "text": _text_in(report["body"]),
        }
        for report in found
    ]


def _text_in(unverified_body: str) -> str:
    try:
        said = json.loads(unverified_body)
    except ValueError:
        return ""
    text = said.get("text", "") if isinstance(said, dict) else ""
    return text if isinstance(text, str) else ""

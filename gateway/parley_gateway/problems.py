"""nginx's own errors as problem+json, with the slugs that services use."""

from __future__ import annotations

import json
from dataclasses import dataclass

from parley_contracts.problems import CONTENT_TYPE, PROBLEMS, TYPE_PREFIX


@dataclass(frozen=True)
class Answer:
    """The status that nginx gives as `status`, for the codes in `causes`."""

    status: int
    slug: str
    causes: tuple[int, ...]
    detail: str = ""
    retry_after_s: int | None = None

    @property
    def body(self) -> str:
        """The JSON, quoted for nginx's configuration."""
        known = PROBLEMS[self.slug]
        members = {
            "type": TYPE_PREFIX + self.slug,
            "title": known.title,
            "status": self.status,
            "detail": self.detail or known.title,
        }
        if self.retry_after_s is not None:
            members["retry_after_s"] = self.retry_after_s
        return json.dumps(members).replace("\\", "\\\\").replace("'", "\\'")


#: 494 to 497 are nginx's own codes: headers too large, certificate errors, plain HTTP on the TLS port.
ANSWERS = (
    Answer(400, "invalid_request", (400, 495, 496), "This is not HTTP as the gateway understands it."),
    Answer(421, "invalid_request", (497,), "Speak HTTPS on this port."),
    Answer(404, "not_found", (403, 404)),
    Answer(405, "method_not_allowed", (405,)),
    Answer(413, "too_large", (413,)),
    Answer(414, "too_large", (414,), "The address is too long."),
    Answer(431, "too_large", (431, 494), "The header fields are too large."),
    Answer(408, "invalid_request", (408,), "The request took too long to arrive."),
    Answer(416, "invalid_request", (416,), "There are no such bytes."),
    Answer(429, "rate_limited", (429,), retry_after_s=1),
    Answer(500, "internal", (500,)),
    Answer(503, "unavailable", (502, 503, 504), retry_after_s=1),
)


def error_pages() -> str:
    """The directives of the server block."""
    lines = []
    for answer in ANSWERS:
        codes = " ".join(str(code) for code in answer.causes)
        lines.append(f"    error_page {codes} ={answer.status} /_problem/{answer.status};")
    return "\n".join(lines)


def locations(headers: str) -> str:
    """One internal location for each answer; `headers` are repeated, as add_header is not inherited."""
    blocks = []
    for answer in ANSWERS:
        retry = (
            "" if answer.retry_after_s is None else f'\n      add_header Retry-After "{answer.retry_after_s}" always;'
        )
        blocks.append(
            f"    location = /_problem/{answer.status} {{\n      internal;\n      default_type {CONTENT_TYPE};\n"
            f"{headers}{retry}\n      return {answer.status} '{answer.body}';\n    }}"
        )
    return "\n".join(blocks)

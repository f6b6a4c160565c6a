"""The API's documents as the gateway serves them: `/api/openapi.json`, `/api/asyncapi.json`, and a page at `/api/docs`.

Invariant: the page is one file and its style another, both from here; its policy lets nothing else in, no script at all.
"""

from __future__ import annotations

import gzip
from importlib.resources import files
from pathlib import Path

from parley_contracts.documents import asyncapi, documents, openapi
from parley_gateway.headers import header_lines
from parley_gateway.reference import page

#: What lies where, and as what: (path, file, type).
_SERVED = (
    ("/api/docs", "docs.html", "text/html; charset=utf-8"),
    ("/api/docs.css", "docs.css", "text/css; charset=utf-8"),
    ("/api/openapi.json", "openapi.json", "application/json"),
    ("/api/asyncapi.json", "asyncapi.json", "application/json"),
)
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
    "Content-Encoding": "$documents_coding",
    "Vary": "Accept-Encoding",
}

MAPS = r"""  map $http_accept_encoding $documents_suffix { default ""; "~*\bgzip\b" ".gz"; }
  map $documents_suffix $documents_coding { default ""; ".gz" "gzip"; }"""


def write(folder: Path) -> None:
    """Write what `locations` serves into the folder, each file with its NAME.gz beside it."""
    made = documents() | {
        "docs.html": page(openapi(), asyncapi()).encode(),
        "docs.css": (files("parley_gateway") / "docs.css").read_bytes(),
    }
    for name, body in made.items():
        (folder / name).write_bytes(body)
        (folder / f"{name}.gz").write_bytes(gzip.compress(body, mtime=0))


def locations(folder: Path) -> str:
    """One location for each file."""
    return "\n".join(
        f"""    location = {path} {{
      types {{ }}
      default_type "{kind}";
      root "{folder}";
{header_lines(_HEADERS)}
      limit_except GET {{ deny all; }}
      try_files /{name}$documents_suffix =404;
    }}"""
        for path, name, kind in _SERVED
    )

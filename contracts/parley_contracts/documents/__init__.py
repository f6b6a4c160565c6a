"""The API's documents: OpenAPI 3.1 of the HTTP routes, AsyncAPI 3 of the socket, both made of the wire types.

    operations    what an operation is; auth, messaging, media, notifications: the tables of the services
    fields        sizes and ranges that annotations do not say; examples: one of each type
    schemas       JSON Schemas of wire types; problems: those of the problem classes
    openapi, asyncapi    the documents

Invariant: `contracts/documents/` holds them as they are (`./parley documents` writes, `./parley check` compares).
"""

from __future__ import annotations

import json

from parley_contracts.documents.asyncapi import asyncapi
from parley_contracts.documents.openapi import openapi

__all__ = ["asyncapi", "documents", "openapi"]


def documents() -> dict[str, bytes]:
    """Each document as its file, by the file's name."""
    made = {"openapi.json": openapi(), "asyncapi.json": asyncapi()}
    return {
        name: (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode() for name, document in made.items()
    }

"""JSON Schemas (draft 2020-12) of wire types: msgspec's, with what `fields` adds, a description and an example each."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterable
from typing import Any

import msgspec

from parley_contracts.documents.examples import example_of
from parley_contracts.documents.fields import BINARY, IDENTIFIERS, KEYWORDS, TIME, UUID, is_time

REF = "#/components/schemas/{name}"
Schema = dict[str, Any]


def ref(kind: type) -> Schema:
    """The reference to a type's component."""
    return {"$ref": REF.format(name=kind.__name__)}


def components(kinds: Iterable[type]) -> dict[str, Schema]:
    """The schemas of these types and of all that they hold, by the names of the types."""
    _, made = msgspec.json.schema_components(list(kinds), schema_hook=_any, ref_template=REF)
    found = {kind.__name__: kind for kind in _structs(kinds)}
    return {name: _refined(found[name], schema) for name, schema in sorted(made.items())}


def _any(_kind: type) -> Schema:
    """What holds any JSON value."""
    return {"title": "any"}


def _structs(kinds: Iterable[object]) -> set[type[msgspec.Struct]]:
    """These types and all that stand in their fields."""
    found: set[type[msgspec.Struct]] = set()
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            if kind not in found:
                found.add(kind)
                waiting.extend(field.type for field in msgspec.structs.fields(kind))
        else:
            waiting.extend(typing.get_args(kind))
    return found


def _refined(kind: type[msgspec.Struct], schema: Schema) -> Schema:
    properties = schema["properties"]
    for field in msgspec.structs.fields(kind):
        _name_identifiers(properties[field.encode_name], field.type)
        if is_time(field.name):
            _text_of(properties[field.encode_name]).update(TIME)
    for name, binary in BINARY.get(kind, {}).items():
        _text_of(properties[name]).update(binary.schema())
    for name, keywords in KEYWORDS.get(kind, {}).items():
        properties[name].update(keywords)
        properties[name] = {key: value for key, value in properties[name].items() if value is not None}
    schema.pop("title")
    description = inspect.cleandoc(schema.pop("description", ""))
    return {"description": description, **schema, "examples": [example_of(kind)]}


def _name_identifiers(schema: Schema, hint: object) -> None:
    """Say of every identifier in a field that it is a UUID."""
    if hint in IDENTIFIERS:
        schema.update(UUID)
    elif "items" in schema:
        _name_identifiers(schema["items"], typing.get_args(hint)[0])
    elif "anyOf" in schema:
        for option, member in zip(schema["anyOf"], typing.get_args(hint), strict=True):
            _name_identifiers(option, member)
    elif typing.get_origin(hint) is dict and typing.get_args(hint)[0] in IDENTIFIERS:
        schema["propertyNames"] = dict(UUID)


def _text_of(schema: Schema) -> Schema:
    """The text in a field: itself, that of a list, or that which may be null."""
    if "items" in schema:
        return _text_of(schema["items"])
    if "anyOf" in schema:
        return next(option for option in schema["anyOf"] if option.get("type") == "string")
    return schema

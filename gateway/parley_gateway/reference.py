"""The page at `/api/docs`: the two documents as plain HTML, whole, so that the browser's own search finds everything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

Document = Mapping[str, Any]
_PROBLEM_PREFIX = "urn:parley:problem:"
_FORMATS = {"uuid": "UUID", "date-time": "time (RFC 3339)", "email": "e-mail address", "uri": "URL"}
_BOUNDS = (
    ("minimum", "≥ {:,}"),
    ("maximum", "≤ {:,}"),
    ("minLength", "at least {:,} characters"),
    ("maxLength", "at most {:,} characters"),
    ("maxItems", "at most {:,}"),
)
_COMPONENT = "#/components/schemas/"


def page(openapi: Document, asyncapi: Document) -> str:
    """The whole page."""
    schemas = {**asyncapi["components"]["schemas"], **openapi["components"]["schemas"]}
    problems = {name: schema for name, schema in schemas.items() if _is_problem(schema)}
    types = {name: schema for name, schema in sorted(schemas.items()) if name not in problems}
    sections = [
        f'<header id="top"><h1>Parley API</h1>{_prose(openapi["info"]["description"])}{_files()}</header>',
        *(_service(tag, openapi) for tag in openapi["tags"]),
        _webhooks(openapi["webhooks"]),
        _socket(asyncapi),
        _section("problems", "Problems", _problems(problems)),
        _section("types", "Types", "".join(_type(name, schema) for name, schema in types.items())),
        _section("limits", "Limits", _limits({**openapi["x-limits"], **asyncapi["x-limits"]})),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        '<title>Parley API</title><link rel="stylesheet" href="/api/docs.css"></head><body>'
        f'<a class="skip" href="#top">To the text</a>{_navigation(openapi, asyncapi, types)}'
        f"<main>{''.join(sections)}</main></body></html>\n"
    )


def _files() -> str:
    links = "".join(f'<li><a href="/api/{name}">/api/{name}</a></li>' for name in ("openapi.json", "asyncapi.json"))
    return f'<p>For programs:</p><ul class="files">{links}</ul>'


def _navigation(openapi: Document, asyncapi: Document, types: Iterable[str]) -> str:
    groups = [
        (tag["name"], tag["name"], [(operation["operationId"], _short(path, tag), method) for path, method, operation in
         _operations(openapi, tag["name"])])
        for tag in openapi["tags"]
    ]  # fmt: skip
    calls = [(each["post"]["operationId"], name, "post") for name, each in openapi["webhooks"].items()]
    groups.append(("webhooks", "webhooks", calls))
    frames = [(f"frame-{name}", message["title"], "") for name, message in asyncapi["components"]["messages"].items()]
    groups.append(("socket", "socket", frames))
    lists = "".join(
        f'<h2><a href="#{anchor}">{escape(title)}</a></h2><ul>'
        + "".join(
            f'<li><a href="#{escape(to)}">{_method(method)}<span>{_breakable(words)}</span></a></li>'
            for to, words, method in items
        )
        + "</ul>"
        for anchor, title, items in groups
    )
    rest = f"""<h2><a href="#problems">problems</a></h2><h2><a href="#types">types</a></h2><ul>{
        "".join(f'<li><a href="#type-{name}">{name}</a></li>' for name in types)
    }</ul><h2><a href="#limits">limits</a></h2>"""
    return f'<nav aria-label="Contents"><p class="brand"><a href="#top">Parley API</a></p>{lists}{rest}</nav>'


def _short(path: str, tag: Document) -> str:
    return path.removeprefix(f"/api/v1/{tag['name']}")


def _operations(openapi: Document, tag: str) -> list[tuple[str, str, Document]]:
    return [
        (path, method, operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
        if tag in operation["tags"]
    ]


def _service(tag: Document, openapi: Document) -> str:
    operations = "".join(_operation(*found) for found in _operations(openapi, tag["name"]))
    return _section(tag["name"], tag["name"].capitalize(), f"{_prose(tag['description'])}{operations}")


def _operation(path: str, method: str, operation: Document) -> str:
    name = escape(operation["operationId"])
    parts = [
        f'<h3>{_method(method)}<a class="anchor" href="#{name}"><code>{_breakable(path)}</code></a></h3>',
        f'<p class="lead">{_inline(operation["summary"])}</p>',
        _prose(operation["description"]),
        _parameters(operation["parameters"]),
    ]
    if "requestBody" in operation:
        parts.append(f"<h4>Body</h4><p>{_kind(_content(operation['requestBody']))}</p>")
    rows = [
        (f"<code>{status}</code>", _kind(_content(answer)) if "content" in answer else escape(answer["description"]))
        for status, answer in operation["responses"].items()
    ]
    parts.append(f"<h4>Answers</h4>{_table(('Status', 'What'), rows)}")
    return f'<article id="{name}">{"".join(parts)}</article>'


def _webhooks(webhooks: Mapping[str, Document]) -> str:
    """What the server itself asks of others."""
    calls = "".join(_operation(name, "post", each["post"]) for name, each in webhooks.items())
    return _section("webhooks", "Webhooks", calls)


def _content(holder: Document) -> Document:
    schema: Document = next(iter(holder["content"].values()))["schema"]
    return schema


def _parameters(parameters: list[Document]) -> str:
    if not parameters:
        return ""
    rows = [
        (
            f"<code>{escape(parameter['name'])}</code>{_required(needed=parameter['required'])}",
            escape(parameter["in"]),
            _kind(parameter["schema"])
            + (f"<br>{_inline(parameter['description'])}" if "description" in parameter else ""),
        )
        for parameter in parameters
    ]
    return f"<h4>Parameters</h4>{_table(('Name', 'In', 'What'), rows)}"


def _socket(asyncapi: Document) -> str:
    channel = asyncapi["channels"]["socket"]
    messages = asyncapi["components"]["messages"]
    parts = [f"<p><code>{escape(channel['address'])}</code></p>", _prose(asyncapi["info"]["description"])]
    titles = {"receive": "From the client", "send": "From the server"}
    for operation in asyncapi["operations"].values():
        parts.append(f"<h3>{titles[operation['action']]}</h3><ul>")
        for message in operation["messages"]:
            name = message["$ref"].rpartition("/")[2]
            words = _inline(messages[name]["summary"])
            parts.append(
                f'<li><a href="#frame-{name}"><code>{escape(messages[name]["title"])}</code></a>: {words}</li>'
            )
        parts.append("</ul>")
    rows = [
        (f"<code>{code}</code>", escape(close["meaning"]), escape(close["client"]))
        for code, close in channel["x-close-codes"].items()
    ]
    parts.append(f"<h3>Close codes</h3>{_table(('Code', 'Meaning', 'What the client does'), rows)}")
    for name, message in messages.items():
        parts.append(
            f'<article id="frame-{name}"><h3><a class="anchor" href="#frame-{name}"><code>{escape(message["title"])}</code>'
            f"</a></h3><p>{_kind(message['payload'])}</p>{_example(message['examples'][0]['payload'])}</article>"
        )
    return _section("socket", "The socket", "".join(parts))


def _is_problem(schema: Document) -> bool:
    return "title" in schema.get("properties", {}) and "type" in schema["properties"]


def _slug(schema: Document) -> str:
    slug: str = schema["examples"][0]["type"].removeprefix(_PROBLEM_PREFIX)
    return slug


def _problems(problems: Mapping[str, Document]) -> str:
    known = {"type", "title", "status", "detail"}
    rows = []
    for name, schema in sorted(problems.items(), key=lambda item: item[1]["examples"][0]["status"]):
        members = ", ".join(f"<code>{escape(member)}</code>" for member in schema["properties"] if member not in known)
        rows.append(
            (
                f'<code id="type-{name}">{escape(_slug(schema))}</code>',
                str(schema["examples"][0]["status"]),
                f"{_inline(schema['description'])}{'<br>Members: ' + members if members else ''}",
            )
        )
    intro = f"<p>The <code>type</code> of each is <code>{_PROBLEM_PREFIX}</code> with the name below.</p>"
    return intro + _table(("Name", "Status", "What"), rows)


def _type(name: str, schema: Document) -> str:
    needed = schema.get("required", [])
    rows = [
        (
            f"<code>{escape(member)}</code>{_required(needed=member in needed)}",
            _kind(shape) + _told(shape),
        )
        for member, shape in schema["properties"].items()
    ]
    table = _table(("Member", "What"), rows) if rows else ""
    return (
        f'<article id="type-{name}"><h3><a class="anchor" href="#type-{name}">{name}</a></h3>'
        f"{_prose(schema['description'])}{table}{_example(schema['examples'][0])}</article>"
    )


def _limits(limits: Mapping[str, int | float]) -> str:
    rows = [(f"<code>{escape(name)}</code>", f"{value:,}") for name, value in sorted(limits.items())]
    return _table(("Name", "Number"), rows)


def _kind(schema: Document) -> str:
    """A schema in a few words, with links."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_COMPONENT)
        return f'<a href="#type-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(option) for option in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return " or ".join(f"<code>{escape(json.dumps(v))}</code>" for v in schema.get("enum", [schema.get("const")]))
    words = escape(_FORMATS.get(schema.get("format", "")) or str(schema.get("type", "anything")))
    if schema.get("type") == "array":
        words = f"list of {_kind(schema['items'])}"
    # Binary texts have a pattern, and their description tells their size.
    bounds = [words_of.format(schema[key]) for key, words_of in _BOUNDS if key in schema and "pattern" not in schema]
    return ", ".join([words, *bounds])


def _told(shape: Document) -> str:
    """What is said of a member, or of what it holds."""
    inner = [shape, *shape.get("anyOf", ()), shape.get("items", {})]
    said = [part["description"] for part in inner if "description" in part]
    return f"<br>{_inline(said[0])}" if said else ""


def _required(*, needed: bool) -> str:
    return "" if needed else ' <span class="quiet">optional</span>'


def _example(value: object) -> str:
    return f"<pre><code>{escape(json.dumps(value, indent=2, ensure_ascii=False))}</code></pre>"


def _method(method: str) -> str:
    return f'<span class="method {method}">{method.upper()}</span>' if method else ""


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{word}</th>" for word in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _section(anchor: str, title: str, content: str) -> str:
    return f'<section id="{anchor}"><h2>{escape(title)}</h2>{content}</section>'


def _breakable(path: str) -> str:
    return escape(path).replace("/", "/<wbr>")


def _prose(text: str) -> str:
    return "".join(f"<p>{_inline(part)}</p>" for part in text.split("\n\n") if part.strip())


def _inline(text: str) -> str:
    """`code`, *stress* and **strong** words."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text.strip(), quote=False))
    marked = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", marked)
    return re.sub(r"\*([^*]+)\*", r"<em>\1</em>", marked)

"""The API's documents at the gateway: types, codings, policy, one page without a script, in the app's colours."""

import gzip
import json
import re
from html.parser import HTMLParser
from importlib.resources import files

import jsonschema_rs
import pytest
from parley_gateway.configuration import routes
from parley_gateway.problems import ANSWERS

from parley_app.palettes import DARK, LIGHT
from parley_contracts.documents import openapi
from parley_contracts.documents.asyncapi import SOCKET_PATH
from parley_contracts.documents.openapi import SERVICES
from parley_contracts.problems import PROBLEMS

TYPES = {
    "/api/docs": "text/html; charset=utf-8",
    "/api/docs.css": "text/css; charset=utf-8",
    "/api/openapi.json": "application/json",
    "/api/asyncapi.json": "application/json",
}
#: What the gateway leads to that is no operation: keys for verifiers, signed paths, the socket of the other document.
#: What is documented elsewhere, and what has limits of its own below a path that is.
BESIDE = {
    *("/.well-known/jwks.json", "/media/objects/", "/operators/", SOCKET_PATH),
    *("/api/v1/auth/avatars/", "/api/v1/auth/flows/"),
}


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def values(self, attribute):
        return [given[attribute] for _, given in self.tags if attribute in given]


@pytest.fixture(scope="module")
def page(gateway):
    return Page(gateway.call("GET", "/api/docs").content.decode())


@pytest.mark.parametrize("path", TYPES)
def test_each_is_served_as_what_it_is(gateway, path):
    plain = gateway.call("GET", path)
    assert (plain.status, plain.headers["content-type"]) == (200, TYPES[path])
    assert "content-encoding" not in plain.headers
    packed = gateway.call("GET", path, Accept_Encoding="br, gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert packed.headers["vary"] == "Accept-Encoding"
    assert gateway.call("GET", path, If_None_Match=plain.headers["etag"]).status == 304
    assert gateway.call("POST", path, b"x").status in {404, 405}


@pytest.mark.parametrize("path", TYPES)
def test_the_policy_lets_no_script_in(gateway, path):
    policy = gateway.call("GET", path).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert not re.search(r"unsafe|script|connect|\*|https?:", policy)


def test_beside_a_site_they_are_served_too(site_gateway_of):
    site = site_gateway_of({"index.html": b"<!doctype html>"})
    assert site.call("GET", "/api/docs").status == 200
    assert site.call("GET", "/api/docs/").problem == "not_found"


def test_the_page_is_whole_and_needs_nothing_from_outside(page):
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    document = openapi()
    names = {o["operationId"] for methods in document["paths"].values() for o in methods.values()}
    assert names | {f"type-{name}" for name in document["components"]["schemas"]} <= set(ids)
    links = page.values("href")
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    assert {link for link in links if not link.startswith("#")} == set(TYPES) - {"/api/docs"}
    assert not {"script", "style", "iframe", "img", "form"} & {tag for tag, _ in page.tags}
    assert not page.values("style")
    assert not [name for _, given in page.tags for name in given if name.startswith("on")]


def test_its_colours_are_the_apps():
    style = (files("parley_gateway") / "docs.css").read_text()
    light, dark = style.split("prefers-color-scheme: dark")
    for palette, text in ((LIGHT, light), (DARK, dark.split("* {")[0])):
        told = dict(re.findall(r"--([\w-]+): (#\w+);", text))
        assert len(told) == 20
        for name, colour in told.items():
            role, _, part = name.partition("-")
            tone = getattr(palette, role, None) if part in {"ink", "soft"} and role != "accent" else None
            assert colour == (getattr(tone, part) if tone else getattr(palette, name.replace("-", "_"))), name


def test_every_route_of_the_table_is_documented():
    told = {f"{service.prefix}/" for service in SERVICES}
    assert {route.path for route in routes()} - BESIDE == told


def test_what_the_gateway_itself_answers_is_documented():
    components = openapi()["components"]
    for answer in ANSWERS:
        name = PROBLEMS[answer.slug].__name__
        schema = {"$ref": f"#/components/schemas/{name}", "components": components}
        jsonschema_rs.Draft202012Validator(schema).validate(json.loads(answer.body.replace("\\'", "'")))

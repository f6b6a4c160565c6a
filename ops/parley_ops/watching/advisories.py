"""Whether anything that the locks name has a published weakness, by the advisories of OSV (https://google.github.io/osv.dev/api/).

What is sent is the names and versions of the locks, which are public; nothing of an instance.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from parley_ops.errors import OperationError

ADDRESS = "https://api.osv.dev"
_PATH = "/v1/querybatch"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_IN_NODE = "node_modules/"

#: Posts a body to a path; the body of the answer.
Post = Callable[[str, object], bytes]


@dataclass(frozen=True, order=True)
class Component:
    """A package as OSV names it."""

    ecosystem: str
    name: str
    version: str


class _Advisory(msgspec.Struct):
    id: str


class _Result(msgspec.Struct):
    vulns: list[_Advisory] = []


class _Results(msgspec.Struct):
    results: list[_Result]


def components(checkout: Path) -> list[Component]:
    """Everything that the two locks name."""
    python = _PINNED.findall((checkout / "requirements.lock").read_text())
    packages = json.loads((checkout / "app" / "web" / "package-lock.json").read_text())["packages"]
    node = [(path.rpartition(_IN_NODE)[2], each["version"]) for path, each in packages.items() if path]
    found = {Component("PyPI", *pair) for pair in python} | {Component("npm", *pair) for pair in node}
    return sorted(found)


def advisories(asked: Sequence[Component], post: Post) -> dict[Component, list[str]]:
    """The advisories of each that has some; `OperationError` where the answer is not about all of them."""
    queries = [{"package": {"ecosystem": c.ecosystem, "name": c.name}, "version": c.version} for c in asked]
    try:
        results = msgspec.json.decode(post(_PATH, {"queries": queries}), type=_Results).results
    except msgspec.DecodeError as error:
        raise OperationError(f"OSV answers something else than advisories: {error}.") from error
    if len(results) != len(asked):
        raise OperationError("OSV answers about other packages than it was asked for.")
    told = zip(asked, results, strict=True)
    return {component: sorted(each.id for each in result.vulns) for component, result in told if result.vulns}

"""Locks against advisories: everything in them is asked about, what is found is named, and no answer passes for a good one."""

from pathlib import Path

import msgspec
import pytest

from parley_ops.errors import OperationError
from parley_ops.watching.advisories import Component, advisories, components

ROOT = Path(__file__).resolve().parents[2]


class Osv:
    """The port to OSV, which knows of one weakness."""

    def __init__(self, weak: Component) -> None:
        self.weak, self.asked = weak, []

    def __call__(self, path, body):
        assert path == "/v1/querybatch"
        self.asked = body["queries"]
        found = {"vulns": [{"id": "PYSEC-2", "modified": "x"}, {"id": "GHSA-1", "modified": "x"}]}
        named = [Component(q["package"]["ecosystem"], q["package"]["name"], q["version"]) for q in self.asked]
        return msgspec.json.encode({"results": [found if each == self.weak else {} for each in named]})


def test_everything_in_the_locks_is_asked_about_and_what_is_weak_is_named():
    known = components(ROOT)
    assert {(each.ecosystem, each.name) for each in known} >= {
        ("PyPI", "django"),
        ("npm", "@noble/curves"),
        ("npm", "esbuild"),
    }
    assert len(known) == len(set(known)) > 100 and all(each.version[0].isdigit() for each in known)
    weak = next(each for each in known if each.name == "django")
    osv = Osv(weak)
    assert advisories(known, osv) == {weak: ["GHSA-1", "PYSEC-2"]}
    assert len(osv.asked) == len(known)
    assert advisories(known, Osv(Component("PyPI", "django", "0.1"))) == {}


@pytest.mark.parametrize("answer", [b"", b"{}", b'{"results": []}', b'{"results": [{"vulns": [{}]}]}', b"<html>"])
def test_an_answer_that_is_none_is_no_good_news(answer):
    with pytest.raises(OperationError):
        advisories([Component("PyPI", "django", "6.0")], lambda *_: answer)

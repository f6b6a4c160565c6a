"""Answers of Parley's API, as the tests of all services look at them."""

from dataclasses import dataclass
from typing import Any


@dataclass
class Answer:
    """A response, its body decoded."""

    status: int
    body: Any
    headers: Any

    @property
    def problem(self) -> str:
        """The problem's name, of an answer that is one in every respect."""
        assert self.headers["Content-Type"] == "application/problem+json", self.body
        assert self.body["status"] == self.status
        assert self.headers["X-Request-ID"]
        return self.body["type"].removeprefix("urn:parley:problem:")

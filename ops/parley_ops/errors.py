"""What goes wrong in operation, as sentences for the operator."""

from __future__ import annotations


class OperationError(Exception):
    """A command cannot be carried out; the sentence says why and what to do. Exit code 1."""


class UsageError(OperationError):
    """The command line asks for something impossible. Exit code 2."""


class Unhealthy(Exception):  # noqa: N818 - a finding, not a failure of ours
    """A part does not answer its own protocol as it should."""

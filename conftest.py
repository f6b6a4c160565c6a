"""For all rooms' tests: what a test says of its trials stands in the summary, passed or failed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

_TRIALS = "trials"


@pytest.fixture
def say_trials(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """`say_trials("kills n=5 seed=7")`: a line of the summary."""
    return lambda said: record_property(_TRIALS, said)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was said."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            for name, said in getattr(report, "user_properties", ()):
                if name == _TRIALS and report.when == "call":
                    terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {said}")

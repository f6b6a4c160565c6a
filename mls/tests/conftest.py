import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(os.environ.get("PARLEY_VECTORS", Path(__file__).resolve().parents[2].parent / "shared" / "vectors"))
_ran: Counter[str] = Counter()


@pytest.fixture
def vectors() -> Callable[[str], Any]:
    """Read a vector file and count what it holds; reported as skipped where the folder is missing."""

    def read(name: str) -> Any:
        if not VECTORS.is_dir():
            pytest.skip("the folder named by PARLEY_VECTORS is missing")
        content = json.loads((VECTORS / f"{name}.json").read_text())
        _ran[name] = len(content) if isinstance(content, list) else content["numberOfTests"]
        return content

    return read


def refusals(reports: list[pytest.TestReport]) -> Counter[str]:
    """How many cases of the negative catalogue ran, by the file that holds them."""
    nodes = {report.nodeid for report in reports if "/negative/" in report.nodeid and report.when == "call"}
    return Counter(node.partition("::")[0].rpartition("/")[2] for node in nodes)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _ran:
        listed = ", ".join(f"{name} {count}" for name, count in sorted(_ran.items()))
        terminalreporter.write_line(f"PARLEY_VECTORS: {sum(_ran.values())} vectors ran ({listed})")
    counted = refusals(terminalreporter.stats.get("passed", []))
    if counted:
        listed = ", ".join(f"{name} {count}" for name, count in sorted(counted.items()))
        terminalreporter.write_line(f"NEGATIVE: {sum(counted.values())} cases ran ({listed})")

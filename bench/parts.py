"""What the parts of a running stack cost: CPU seconds and memory, read from the kernel."""

import json
import os
from pathlib import Path

from parley_ops.instance import require_instance
from parley_ops.layout import Home
from parley_ops.report import report, report_parts
from parley_ops.stack import Stack

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
#: Names in the results, by the beginning of the parts' names.
_LABELS = {"messaging": "application", "nginx": "nginx", "mongod": "database", "valkey": "valkey"}


class Parts:
    """The parts of the stack under `PARLEY_TEST_HOME`, as `./parley status` reports them."""

    def __init__(self, home: Path | None = None) -> None:
        place = Home(home or Path(os.environ["PARLEY_TEST_HOME"]))
        self.home = place.root
        self._stack = Stack.load(place, require_instance(place))
        self._parts = {part.name: part for part in self._stack.parts()}
        found = report(self._stack)
        self.address, self.ca_file = found.address, found.ca_file
        self.pids: dict[str, int] = {part.name: part.pid for part in found.parts if part.pid}

    @property
    def mongodb_url(self) -> str:
        """MongoDB for its administrator."""
        return self._stack.admin_addresses()["PARLEY_MONGODB_URL"]

    def healthy_pid(self, name: str) -> int | None:
        """The present process of a part, None while it is not healthy."""
        (found,) = report_parts(self._stack, [self._parts[name]])
        return found.pid if found.healthy else None

    def mongodb_members(self) -> dict[str, str]:
        """What each healthy member of MongoDB's set is: `primary` or `secondary`, by the part's name."""
        members = [part for name, part in self._parts.items() if name.startswith("mongod")]
        found = report_parts(self._stack, members)
        return {part.name: part.detail.split(", ")[1].split()[0] for part in found if part.healthy}

    def unwell(self) -> list[str]:
        """The parts that are not healthy now."""
        return [part.name for part in report(self._stack).parts if not part.healthy]

    def memory_bytes(self) -> dict[str, int]:
        """Memory of each part now: proportional set size, children included."""
        return {part.name: part.memory_bytes or 0 for part in report(self._stack).parts}

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds used so far by the application, nginx, the database and Valkey, children included."""
        used = dict.fromkeys(_LABELS.values(), 0.0)
        for name, pid in self.pids.items():
            for beginning, label in _LABELS.items():
                if name.startswith(beginning):
                    used[label] += cpu_s(pid)
        return used

    def others_cpu_s(self) -> float:
        """CPU seconds used so far by all other parts: auth, media, notification, PostgreSQL, the object store."""
        return sum(cpu_s(pid) for name, pid in self.pids.items() if not name.startswith(tuple(_LABELS)))


def process_tree(pid: int) -> list[int]:
    """A process and all below it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(below for child in children for below in process_tree(int(child)))]


def cpu_s(pid: int) -> float:
    """CPU seconds that a process and all below it have used so far, ended children not counted."""
    return sum(_cpu_s(each) for each in process_tree(pid))


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def machine() -> str:
    """The machine by cores and memory only."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory_gib:.0f} GiB"


def print_row(bench: str, **figures: object) -> None:
    """One result as a JSON line."""
    print(json.dumps({"bench": bench, "machine": machine()} | figures), flush=True)


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of them lie, in their own unit."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]

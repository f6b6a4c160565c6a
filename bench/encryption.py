"""What encryption costs: groups of 2, 50, 500 and 1,000, and messages in batches, on CPython and on a browser's primitives.

    ./parley bench encryption [ROUNDS [SIZE …]]

The browser's half is the same Python in Pyodide under Node with the bundled primitives: the engine and the code of a worker in
Chromium, without the browser around it. Times are medians of the rounds: `ms` by the wall's clock, `cpu_ms` of the processor. All of
it computes and waits for nothing, so on a quiet machine the two are alike; aims are held against `cpu_ms`, which others do not stretch.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Mapping

from encryption_browser import Browser, browser
from encryption_cases import MESSAGES, Clock, Stage, make_stage, time_batches, time_stage
from parts import print_row

SIZES = (2, 50, 500, 1000)
ROUNDS = 7
#: Milliseconds, on CPython and in the browser.
AIMS_MS: Mapping[tuple[str, int], tuple[float, float]] = {
    ("join", 1000): (500, 1500),
    ("update", 1000): (10, 60),
    ("process", 1000): (10, 60),
    ("open", MESSAGES): (0.3, 2),
}


def say(platform: str, size: int, clock: Clock) -> None:
    """A row for everything that was timed; `size` is the group's or the batch's."""
    for what, spans in clock.times.items():
        cpu_ms = statistics.median(cpu for _, cpu in spans)
        figures: dict[str, object] = {
            "ms": round(statistics.median(wall for wall, _ in spans), 3),
            "cpu_ms": round(cpu_ms, 3),
        }
        aims = AIMS_MS.get((what, size))
        if aims is not None:
            aim = aims[platform != "cpython"]
            figures |= {"aim_ms": aim, "met": cpu_ms < aim}
        print_row("encryption", platform=platform, what=what, size=size, n=len(spans), load=_load(), **figures)


def in_browser(place: Browser, rounds: int, stage: Stage | None = None) -> Clock:
    """The same rounds in Pyodide; without a stage, those with messages."""
    call = f"time_batches({rounds})"
    if stage is not None:
        (place.work / "stage.json").write_text(stage.to_json())
        call = f"time_stage(Stage.from_json(open('/handed/stage.json').read()), {rounds})"
    answer = place.run(f"from encryption_cases import Stage, time_batches, time_stage\n{call}.to_json()")
    return Clock.from_json(answer)


def _load() -> float:
    return round(os.getloadavg()[0], 1)


def main() -> None:
    """Messages first, then groups by their size, each on both platforms."""
    rounds, *sizes = [int(word) for word in sys.argv[1:]] or [ROUNDS]
    with browser() as place:
        say("cpython", MESSAGES, time_batches(rounds))
        say("browser", MESSAGES, in_browser(place, rounds))
        for size in sizes or SIZES:
            stage = make_stage(size)
            say("cpython", size, time_stage(stage, rounds))
            say("browser", size, in_browser(place, rounds, stage))


if __name__ == "__main__":
    main()

"""What encryption costs: groups of 2, 50, 500 and 1,000, and messages in batches, on CPython and on a browser's primitives.

    ./parley bench encryption [ROUNDS [SIZE …]]

The browser's half is the same Python in Pyodide under Node with the bundled primitives: the engine and the code of a worker in
Chromium, without the browser around it. Where the machine has a Chromium, a worker in it does the same once more. Times are medians of
the rounds: `ms` by the wall's clock, `cpu_ms` of the processor. Only a browser's join waits, for the threads of WebCrypto, so on a
quiet machine the two are alike; aims are held against `cpu_ms`, which others do not stretch, or in Chromium, where a page is not told of
it, against `ms`. A join is timed as clients do it and with one signature checked after the other, and their ratio is printed too.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
from collections.abc import Mapping

from encryption_browser import Browser, browser
from encryption_cases import JOIN_SINGLY, MESSAGES, Clock, Stage, make_stage, time_batches, time_stage
from encryption_chromium import Chromium, chromium
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
        figures: dict[str, object] = {"ms": round(statistics.median(wall for wall, _ in spans), 3)}
        if platform != "chromium":  # whose clock of the processor is the wall's
            figures["cpu_ms"] = round(cpu_ms, 3)
        aims = AIMS_MS.get((what, size))
        if aims is not None:
            aim = aims[platform != "cpython"]
            figures |= {"aim_ms": aim, "met": cpu_ms < aim}
        print_row("encryption", platform=platform, what=what, size=size, n=len(spans), load=_load(), **figures)
    if JOIN_SINGLY in clock.times:
        ratios = _ratios(clock)
        if platform == "chromium":
            del ratios["cpu_ratio"]
        print_row("encryption", platform=platform, what="join to singly", size=size, **ratios)


def _ratios(clock: Clock) -> dict[str, object]:
    """Joins as clients do them to those with one signature after the other: the median of the rounds, the least and the most."""
    pairs = zip(clock.times["join"], clock.times[JOIN_SINGLY], strict=True)
    found = [tuple(a / b for a, b in zip(join, singly, strict=True)) for join, singly in pairs]
    named = zip(("ratio", "cpu_ratio"), zip(*found, strict=True), strict=True)
    return {"n": len(found)} | {
        name: [round(pick(each), 2) for pick in (statistics.median, min, max)] for name, each in named
    }


def in_browser(place: Browser | Chromium, rounds: int, stage: Stage | None = None) -> Clock:
    """The same rounds in Pyodide, under Node or in Chromium; without a stage, those with messages."""
    call = f"time_batches({rounds})"
    if stage is not None:
        (place.work / "stage.json").write_text(stage.to_json())
        call = f"(await time_stage(Stage.from_json(open('/handed/stage.json').read()), {rounds}))"
    answer = place.run(f"from encryption_cases import Stage, time_batches, time_stage\n{call}.to_json()")
    return Clock.from_json(answer)


def _load() -> float:
    return round(os.getloadavg()[0], 1)


def main() -> None:
    """On each platform messages first, then groups by their size."""
    rounds, *sizes = [int(word) for word in sys.argv[1:]] or [ROUNDS]
    stages = [make_stage(size) for size in sizes or SIZES]
    say("cpython", MESSAGES, time_batches(rounds))
    for stage in stages:
        say("cpython", stage.size, asyncio.run(time_stage(stage, rounds)))
    with browser() as place, chromium(place) as page:
        for name, there in (("browser", place), ("chromium", page)):
            if there is None:
                continue
            say(name, MESSAGES, in_browser(there, rounds))
            for stage in stages:
                say(name, stage.size, in_browser(there, rounds, stage))


if __name__ == "__main__":
    main()

"""Faults under load, each followed by the checker of histories: nothing acknowledged lost, doubled, out of order or shown to others.

    ./parley bench faults [TRIALS] [FAULT …]

Without TRIALS each fault strikes as often as `striking.FAULTS` says (200 kills, 50 freezes of 15 s); with FAULTs (`"node killed"`)
only those. A row for each fault: n, the seed (PARLEY_SEED repeats a run), what was acknowledged, violations, and how
long devices whose socket ended took from the strike until they were ready again. Ends with 1 where a promise was broken.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from checker import Violation, judge
from parts import Parts, percentile, print_row
from recording import Recorder
from room import Room
from striking import FAULTS, Fault, Scene

FREEZE_S = 15.0
#: Promise 1.
RESUME_S_P99_MAX = 2.0


@dataclass
class Outcome:
    """What all strikes of one fault did."""

    fault: Fault
    n: int = 0
    acknowledged: int = 0
    meanwhile: int = 0
    ended: int = 0
    slowest_s: float = 0.0
    resumed_s: list[float] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)

    def complaints(self) -> list[str]:
        """Every way in which this is not what is promised."""
        found = [str(violation) for violation in self.violations]
        if not self.acknowledged:
            found.append("nothing was acknowledged")
        if self.ended and not self.fault.ends_sockets:
            found.append(f"{self.ended} sockets ended")
        return found

    def figures(self) -> dict[str, object]:
        """A row."""
        resumed = {
            f"resume_ms_p{share}": round(percentile(self.resumed_s, share / 100) * 1e3)
            for share in (50, 99)
            if self.resumed_s
        }
        return {
            "fault": self.fault.name,
            "n": self.n,
            "acknowledged": self.acknowledged,
            "acknowledged_meanwhile": self.meanwhile,
            "violations": len(self.violations),
            "sockets_ended": self.ended,
            "slowest_ack_ms": round(self.slowest_s * 1e3),
            **resumed,
        }


async def strike(recorder: Recorder, scene: Scene, fault: Fault, times: int) -> Outcome:
    """Let a fault strike again and again under load; after each the checker judges what everybody saw."""
    outcome = Outcome(fault)
    for _ in range(times):
        await recorder.begin()
        await asyncio.sleep(scene.dice.uniform(0.1, 0.5))
        before = recorder.acknowledged
        await fault.strike(scene)
        outcome.meanwhile += recorder.acknowledged - before
        await asyncio.sleep(scene.dice.uniform(0.1, 0.4))
        history = await recorder.end()
        absences = [absence for witness in recorder.witnesses for absence in witness.absences]
        outcome.n += 1
        outcome.acknowledged += recorder.acknowledged
        outcome.ended += len(absences)
        outcome.resumed_s += [absence.ready_s - scene.struck_s for absence in absences]
        outcome.slowest_s = max(outcome.slowest_s, *(witness.slowest_s for witness in recorder.witnesses))
        outcome.violations += judge(history)
        print(f"{fault.name}: {outcome.n} of {times}, {outcome.acknowledged} acknowledged", end="\r", file=sys.stderr)
    print(file=sys.stderr)
    return outcome


async def run(scene: Scene, chosen: Sequence[tuple[Fault, int]]) -> list[Outcome]:
    """Each fault so many times, in one pair of conversations."""
    recorder = Recorder(Room(scene.parts), scene.dice)
    try:
        await recorder.start()
        return [await strike(recorder, scene, fault, times) for fault, times in chosen]
    finally:
        await recorder.stop()


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else None
    known = [fault.name for fault in FAULTS]
    names = sys.argv[2:] or known
    if not set(names) <= set(known):
        sys.exit(f"The faults are: {', '.join(known)}.")
    chosen = [(fault, times or fault.full) for fault in FAULTS if fault.name in names]
    seed = int(os.environ.get("PARLEY_SEED", "0")) or random.SystemRandom().randrange(2**32)
    scene = Scene(Parts(), random.Random(seed), os.environ["PARLEY_REDIS_URL"], FREEZE_S)
    complaints: list[str] = []
    for one in chosen:
        (outcome,) = asyncio.run(run(scene, [one]))
        print_row("faults", seed=seed, **outcome.figures())
        complaints += [f"{outcome.fault.name}: {complaint}" for complaint in outcome.complaints()]
        resumed = outcome.resumed_s
        if resumed and percentile(resumed, 0.99) > RESUME_S_P99_MAX:
            complaints.append(f"{outcome.fault.name}: resumed in {percentile(resumed, 0.99):.1f} s (p99)")
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()

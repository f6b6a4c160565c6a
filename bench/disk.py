"""The disk below everything is full, again and again, while people write: refused in time, nothing lost, back by itself.

    ./parley bench disk [TRIALS]

The stack's home is a small file system of its own (a tmpfs in a mount namespace, for which an ordinary user needs user
namespaces). A ballast first leaves less than what nodes keep free, then nothing at all; then it goes away. Nobody restarts
anything. Ends with 1 where a message was lost, doubled, out of order or falsely acknowledged, where no send was refused with
507, where history could not be read meanwhile, or where not all parts came back.
"""

import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from checker import judge
from parts import Parts, print_row
from recording import Recorder
from room import Room
from stacks import running_stack

from parley_client.api import messaging
from parley_contracts.limits import STORAGE_FREE_BYTES_MIN, STORAGE_INTERVAL_S
from parley_ops.errors import OperationError

TRIALS = 10
SIZE_MIB = 2048
REFUSED_TIMEOUT_S = 30.0
FULL_S = 5.0
BACK_TIMEOUT_S = 180.0
_INSIDE = "PARLEY_DISK"


class Ballast:
    """A file that leaves so much of a disk free and no more."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ballast"

    def leave(self, free_bytes: int) -> None:
        """Grow until only so much is free; others write meanwhile."""
        with self._path.open("ab") as file:
            while (more := _free_bytes(self._path.parent) - free_bytes) > 0:
                with suppress(OSError):
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), more)

    def drop(self) -> None:
        """Give all of it back."""
        self._path.unlink()


def _free_bytes(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


class Trial:
    """One stack whose disk is filled and emptied."""

    def __init__(self, parts: Parts, ballast: Ballast, dice: random.Random) -> None:
        self.parts, self.ballast, self.dice = parts, ballast, dice
        self.recorder = Recorder(Room(parts), dice)
        self.faults: list[str] = []
        self.refused: Counter[int] = Counter()
        self.acknowledged, self.read = 0, 0
        self.back_s: list[float] = []

    async def run(self, trials: int) -> None:
        """All trials on one pair of conversations."""
        await self.recorder.start()
        try:
            for number in range(trials):
                await self._fill()
                print(f"disk full: {number + 1} of {trials}", end="\r", file=sys.stderr)
        finally:
            await self.recorder.stop()

    async def _fill(self) -> None:
        recorder = self.recorder
        await recorder.begin()
        await asyncio.sleep(self.dice.uniform(0.2, 1.0))
        await asyncio.to_thread(self.ballast.leave, STORAGE_FREE_BYTES_MIN // 2)
        try:
            await self._until_refused()
            await asyncio.to_thread(self.ballast.leave, 0)
            await self._read(FULL_S)
        finally:
            self.ballast.drop()
        began = time.monotonic()
        await self._until_well()
        self.back_s.append(time.monotonic() - began)
        history = await recorder.end()
        self.acknowledged += recorder.acknowledged
        for witness in recorder.witnesses:
            self.refused += witness.problems
        self.faults += [str(violation) for violation in judge(history)]

    async def _until_refused(self) -> None:
        deadline = time.monotonic() + REFUSED_TIMEOUT_S
        while not any(witness.problems[507] for witness in self.recorder.witnesses):
            if time.monotonic() > deadline:
                self.faults.append(f"nothing was refused with 507 within {REFUSED_TIMEOUT_S:.0f} s")
                return
            await asyncio.sleep(STORAGE_INTERVAL_S / 10)

    async def _read(self, seconds: float) -> None:
        """History is there while nothing can be stored."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for conversation, members in self.recorder.conversations.items():
                # A read may fail while the database comes back; that some succeed is asked below.
                with suppress(Exception):
                    await messaging.get_entries(members[0].session.api, conversation, after=0)
                    self.read += 1
            await asyncio.sleep(0.2)
        if not self.read:
            self.faults.append("nothing could be read meanwhile")

    async def _until_well(self) -> None:
        deadline = time.monotonic() + BACK_TIMEOUT_S
        while unwell := await asyncio.to_thread(self.parts.unwell):
            if time.monotonic() > deadline:
                raise OperationError(f"These parts did not come back by themselves: {', '.join(unwell)}.")
            await asyncio.sleep(0.5)


def inside(folder: Path, trials: int) -> int:
    """All of it, in the mount namespace."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}M,mode=755", "parley-disk", str(folder)]
    subprocess.run(command, check=True)
    seed = int(os.environ.get("PARLEY_SEED", "0")) or random.SystemRandom().randrange(2**32)
    with running_stack(folder / "home") as parts:
        trial = Trial(parts, Ballast(folder), random.Random(seed))
        asyncio.run(trial.run(trials))
    print_row(
        "disk",
        n=trials,
        seed=seed,
        acknowledged=trial.acknowledged,
        refused=dict(trial.refused),
        pages_read_meanwhile=trial.read,
        faults=len(trial.faults),
        slowest_back_s=round(max(trial.back_s), 1),
    )
    for fault in trial.faults:
        print(fault, file=sys.stderr)
    return 1 if trial.faults else 0


def main() -> None:
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS
    if folder := os.environ.get(_INSIDE):
        sys.exit(inside(Path(folder), trials))
    of_user = [] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]
    with tempfile.TemporaryDirectory(prefix="parley-disk-", dir="/var/tmp") as place:
        Path(place).chmod(0o755)
        command = ["unshare", *of_user, "--mount", "--", sys.executable, *sys.argv]
        sys.exit(subprocess.run(command, env=os.environ | {_INSIDE: place}, check=False).returncode)


if __name__ == "__main__":
    main()

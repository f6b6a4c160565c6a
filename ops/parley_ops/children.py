"""The programs that a trial waits for, and their end where the trial is ended by a signal.

Invariant: after a signal nothing more is started by `Children`, and what runs is interrupted as a terminal would do it, so that it
takes down what it has made itself. Whoever does not end is killed, with its process group.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from parley_ops.errors import OperationError

SIGNALS = (signal.SIGINT, signal.SIGTERM)
#: Tests that are interrupted take the stacks of their fixtures down.
END_S_MAX = 120.0


class Ended(Exception):  # noqa: N818 - no error: somebody wished it
    """The trial was ended by a signal."""


class Children:
    """The running programs. Each is a process group of its own, so that a terminal interrupts nobody but us."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        #: The signal that ended the trial.
        self.signal: int | None = None

    @contextmanager
    def started(
        self, command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str], piped: bool = False
    ) -> Iterator[subprocess.Popen[str]]:
        """A program while it runs, what it prints in a pipe where that is wanted; `Ended` after a signal."""
        output, errors = (subprocess.PIPE, subprocess.STDOUT) if piped else (None, None)
        with self._lock:
            if self.signal is not None:
                raise Ended
            child = subprocess.Popen(
                command, cwd=cwd, env=env, stdout=output, stderr=errors, text=True, process_group=0
            )
            self._running.add(child)
        try:
            with child:
                yield child
        finally:
            with self._lock:
                self._running.discard(child)

    def run(self, command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str]) -> int:
        """Run a program to its end; its exit code. `Ended` after a signal."""
        with self.started(command, cwd=cwd, env=env) as child:
            return child.wait()

    def end(self, number: int, _frame: FrameType | None = None) -> None:
        """Interrupt all at the first signal; kill them at the second one, or after `END_S_MAX`."""
        with self._lock:
            first, self.signal = self.signal is None, self.signal or number
            for child in self._running:
                _send(child, signal.SIGINT if first else signal.SIGKILL)
        if first:
            timer = threading.Timer(END_S_MAX, self.end, (number,))
            timer.daemon = True
            timer.start()


def _send(child: subprocess.Popen[str], number: signal.Signals) -> None:
    """An interrupt to the program, which ends its own children; a kill to all of them."""
    try:
        if number == signal.SIGINT:
            child.send_signal(number)
        else:
            os.killpg(child.pid, number)
    except ProcessLookupError:
        return


def to_its_end(work: Callable[[Children], int]) -> int:
    """Do `work` beside this thread, which listens for signals; its exit code, or 128 and the signal that ended it."""
    children = Children()
    before = {number: signal.signal(number, children.end) for number in SIGNALS}
    try:
        with ThreadPoolExecutor(max_workers=1) as beside:
            code = beside.submit(work, children).result()
    except (Ended, OperationError):
        # What was interrupted may say that it failed.
        if children.signal is None:
            raise
        code = 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if children.signal is None else 128 + children.signal

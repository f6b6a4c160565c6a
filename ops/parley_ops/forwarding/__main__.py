"""`python -m parley_ops.forwarding HOME HOST COLLECTOR`: send what the parts of a home write, until told to stop."""

from __future__ import annotations

import signal
import ssl
import sys
import threading
from pathlib import Path
from types import FrameType

from parley_ops.forwarding.state import State, load_state, store_state
from parley_ops.forwarding.syslog import Collector, frame
from parley_ops.forwarding.tailing import Place, read_on
from parley_ops.layout import Home

POLL_INTERVAL_S = 1.0
PAUSE_S_MAX = 60.0


def forward(home: Home, host: str, collector: Collector, stopped: threading.Event) -> None:
    """Send until `stopped`; a collector that is away is tried again, after longer and longer pauses."""
    state, pause_s = load_state(home), POLL_INTERVAL_S
    while not stopped.is_set():
        try:
            sent = send_fresh(home, host, collector, state)
        except OSError as error:
            pause_s = min(PAUSE_S_MAX, 2 * pause_s)
            _tell(home, state, f"the collector does not take lines: {error}")
            stopped.wait(pause_s)
        else:
            pause_s = POLL_INTERVAL_S
            _tell(home, state, "")
            if not sent:
                stopped.wait(POLL_INTERVAL_S)
    collector.close()


def send_fresh(home: Home, host: str, collector: Collector, state: State) -> bool:
    """Send a chunk of what is new in each log; whether there was anything. `OSError` leaves the rest for the next time.

    What was sent is kept once for all logs, as that waits for the disk: after a crash one round is sent again.
    """
    found = False
    try:
        for log in sorted(home.log.glob("*.log")):
            lines, place = _read_on(log, state.places.get(log.stem))
            if lines and place is not None:
                collector.send([frame(log.stem, line, host) for line in lines])
                state.places[log.stem] = place
                found = True
    finally:
        if found:
            store_state(home, state)
    return found


def _read_on(log: Path, place: Place | None) -> tuple[list[bytes], Place | None]:
    try:
        return read_on(log, place)
    except FileNotFoundError:  # turned over in this very moment: the next look finds it under its new name
        return [], place


def _tell(home: Home, state: State, fault: str) -> None:
    """A line of our own log and the state, where it has changed."""
    if fault != state.fault:
        state.fault = fault
        store_state(home, state)
        sys.stderr.write(f"{fault or 'the collector takes lines'}\n")


def main(arguments: list[str]) -> int:
    """Run until SIGTERM."""
    folder, host, collector = arguments
    name, _, port = collector.rpartition(":")
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    tls = ssl.create_default_context()
    forward(Home(Path(folder)), host, Collector(name.strip("[]"), int(port), tls), stopped)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

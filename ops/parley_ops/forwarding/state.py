"""What the forwarder keeps between two lines: how far each log was sent, and why it waits where it does."""

from __future__ import annotations

from pathlib import Path

import msgspec

from parley_ops.forwarding.tailing import Place
from parley_ops.layout import Home, write_private


class State(msgspec.Struct):
    """The place in each log, by its part; `fault` is empty while the collector takes lines."""

    places: dict[str, Place] = {}
    fault: str = ""


def load_state(home: Home) -> State:
    """What was kept; a state that is damaged begins anew."""
    try:
        return msgspec.json.decode(_file(home).read_bytes(), type=State)
    except (FileNotFoundError, msgspec.DecodeError):
        return State()


def store_state(home: Home, state: State) -> None:
    """Keep it."""
    write_private(_file(home), msgspec.json.encode(state))


def _file(home: Home) -> Path:
    return home.data / "log-forwarder.json"

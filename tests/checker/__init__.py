"""Judges recorded histories: what devices sent, what was acknowledged to them, and what each of them saw.

Pure: no I/O, no clock. Recorders make a `History` of a run, and `judge` says what in it breaks I1 (acknowledged is stored),
I2 (one order, without a gap, a device's own kept), I3 (once), or shows somebody what is not theirs.
"""

from checker.history import (
    Acknowledgement,
    Count,
    Entry,
    Fate,
    History,
    Membership,
    Send,
    Stretch,
    View,
)
from checker.judging import KINDS, Violation, judge

__all__ = [
    "KINDS",
    "Acknowledgement",
    "Count",
    "Entry",
    "Fate",
    "History",
    "Membership",
    "Send",
    "Stretch",
    "View",
    "Violation",
    "judge",
]

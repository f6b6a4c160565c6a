"""supervisord as it runs a home: what it cannot write down is lost, and it goes on.

On a full disk supervisord's own handlers report that they cannot log, to an output that is as full; that would end it, and every
part with it, in the very moment in which they should wait for room.
"""

from __future__ import annotations

import contextlib
import io
import sys
from typing import TextIO

from supervisor import supervisord


class Careful(io.TextIOBase):
    """A text stream whose errors nobody hears of."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def write(self, text: str, /) -> int:
        """Write if that can be."""
        with contextlib.suppress(OSError):
            self._stream.write(text)
            self._stream.flush()
        return len(text)

    def flush(self) -> None:
        """Nothing waits here."""

    def fileno(self) -> int:
        """The stream's own."""
        return self._stream.fileno()


def main() -> None:
    """Run supervisord with the arguments of the command line."""
    sys.stdout, sys.stderr = Careful(sys.stdout), Careful(sys.stderr)
    supervisord.main(sys.argv[1:])


if __name__ == "__main__":
    main()

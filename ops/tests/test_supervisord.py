"""What supervisord says of itself is written down, and a full disk does not end it."""

import errno
import io

from supervisor.loggers import LevelsByName, LogRecord, StreamHandler

from parley_ops.supervisord import Careful


class FullDisk(io.StringIO):
    def write(self, text: str, /) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def say(stream: io.StringIO) -> None:
    handler = StreamHandler(Careful(stream))
    handler.setFormat("%(levelname)s %(message)s\n")
    handler.emit(LogRecord(LevelsByName.INFO, "spawned: 'nginx'"))


def test_what_it_says_is_written_down(capsys):
    stream = io.StringIO()
    say(stream)
    assert stream.getvalue() == "INFO spawned: 'nginx'\n"
    assert capsys.readouterr().err == ""


def test_a_full_disk_ends_nothing(capsys):
    say(FullDisk())
    assert capsys.readouterr().err == ""

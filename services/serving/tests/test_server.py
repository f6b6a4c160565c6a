"""The place where a node listens."""

import socket
import stat

import pytest

from parley_serving.fastapi.server import own_socket


def listening(path):
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(path))
    return made


def test_a_socket_is_for_the_service_and_its_group_and_gone_afterwards(tmp_path):
    path = tmp_path / "run" / "node.sock"
    path.parent.mkdir()
    listening(path).close()  # left by a node that was killed
    with own_socket(path), listening(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert not path.exists()
    (tmp_path / "file").touch()
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) != 0o660, "what is made later has its own mode"


def test_a_socket_goes_with_a_server_that_fails(tmp_path):
    path = tmp_path / "run" / "node.sock"
    with pytest.raises(ZeroDivisionError), own_socket(path), listening(path):
        raise ZeroDivisionError
    assert not path.exists()

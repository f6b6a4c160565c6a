"""The command line where it refuses: exit code 2 and a sentence for a wrong one, 1 for what cannot be done."""

import random
import socket

import pytest

from parley_ops.certificates import make_certificates
from parley_ops.instance import DEFAULT_HOST, choose_port, port_taken


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        ("up", ["--nonsense"], "nonsense"),
        ("up", ["extra"], "extra"),
        ("up", ["--port", "0"], "--port"),
        ("up", ["--port", "many"], "--port"),
        ("up", ["--limits-profile", "none"], "default or test"),
        ("up", ["--sign-up", "perhaps"], "invitation"),
        ("up", ["--session-days", "-1"], "--session-days"),
        ("up", ["--log-collector", "logs.example.org"], "6514"),
        ("up", ["--outbound-host", "https://push.example.org"], "push.example.org"),
        ("up", ["--sign-up-domain", "a b"], "example.org"),
        ("up", ["--cert", "/nowhere/a.pem"], "belong together"),
        ("up", ["--cert", "/nowhere/a.pem", "--key", "/nowhere/b.pem"], "cannot be read"),
        ("frobnicate", [], "frobnicate"),
    ],
)
def test_a_wrong_command_line_is_explained(new_operator, command, arguments, said):
    operator = new_operator()
    done = operator.run(command, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(operator.folder.iterdir())


@pytest.mark.parametrize("command", ["status", "doctor", "logs"])
def test_a_home_without_an_instance_is_explained(new_operator, command):
    operator = new_operator()
    done = operator.run(command)
    assert done.returncode == 1
    assert "./parley up" in done.stderr
    assert not list(operator.folder.iterdir())


def test_down_without_an_instance_is_harmless(new_operator):
    assert new_operator().run("down").returncode == 0


def test_a_certificate_that_is_none_is_refused(new_operator, tmp_path):
    home = new_operator()
    (tmp_path / "a.pem").write_text("not a certificate")
    done = home.run("up", "--detach", "--cert", str(tmp_path / "a.pem"), "--key", str(tmp_path / "a.pem"))
    assert done.returncode == 2
    assert "--cert" in done.stderr
    assert not home.processes()


def test_a_home_that_cannot_be_made_is_explained(new_operator):
    operator = new_operator()
    (operator.folder / "file").write_text("")
    operator.folder /= "file"
    done = operator.run("up", "--detach")
    assert done.returncode == 1
    assert "cannot be prepared" in done.stderr
    operator.folder = operator.folder.parent


def test_an_external_store_without_its_keys_is_explained(new_operator):
    done = new_operator().up(PARLEY_S3_ENDPOINT="http://127.0.0.1:1")
    assert done.returncode == 1
    assert "PARLEY_S3_ACCESS_KEY" in done.stderr


def test_an_external_engine_that_is_away_is_named_and_nothing_stays(new_operator):
    operator = new_operator()
    names = {"PARLEY_S3_ENDPOINT": "http://127.0.0.1:1", "PARLEY_S3_ACCESS_KEY": "a", "PARLEY_S3_SECRET_KEY": "b"}
    done = operator.up(
        PARLEY_POSTGRES_URL="postgresql://someone:topsecret@127.0.0.1:1/none",
        PARLEY_MONGODB_URL="mongodb://127.0.0.1:1/none?serverSelectionTimeoutMS=200",
        PARLEY_REDIS_URL="redis://:topsecret@127.0.0.1:1",
        **names,
    )
    assert done.returncode == 1
    assert any(f"{name} did not start" in done.stderr for name in ("postgres", "mongod", "valkey"))
    assert "topsecret" not in done.stdout + done.stderr
    assert not operator.processes()


def test_the_authority_outlives_a_new_name(new_operator):
    home = new_operator().home
    home.tls.mkdir()
    make_certificates(home, DEFAULT_HOST)
    first = {path.name: path.read_bytes() for path in home.tls.iterdir()}
    make_certificates(home, DEFAULT_HOST)
    assert {path.name: path.read_bytes() for path in home.tls.iterdir()} == first
    make_certificates(home, "chat.example")
    assert (home.tls / "ca.crt").read_bytes() == first["ca.crt"]
    assert (home.tls / "server.crt").read_bytes() != first["server.crt"]


def test_a_taken_port_is_not_chosen():
    class TakenFirst(random.Random):
        def randint(self, a: int, b: int) -> int:
            drawn.append(taken if not drawn else super().randint(a, b))
            return drawn[-1]

    drawn: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        chosen = choose_port(TakenFirst(1))
        assert drawn[0] == taken != chosen
        assert not port_taken("127.0.0.1", chosen)

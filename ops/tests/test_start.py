"""An instance's life, on real engines: up, looked at, hurt, killed, up again, down."""

import os
import signal
import socket
import ssl
import stat
import time
import urllib.error
import urllib.request
from pathlib import Path

import msgspec
import psycopg
import pytest
from botocore.exceptions import ClientError
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from parley_contracts.events import MESSAGING_STREAM, dead_stream
from parley_ops import mongod, postgres, swift, valkey
from parley_ops.certificates import make_certificates
from parley_ops.instance import store_instance
from parley_ops.layout import Home
from parley_ops.privilege import service_user

ENGINES = {"postgres", "mongod", "valkey", "s3-account", "s3-container", "s3-object", "s3-proxy"}
SECOND_START_S_MAX = 25
MARKER = "marker-8f2c61d0"


def tree(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if not path.is_symlink()]


def files_with(folder: Path, words: bytes) -> list[Path]:
    return [path for path in tree(folder) if path.is_file() and words in path.read_bytes()]


def test_every_part_is_healthy(operator):
    done = operator.run("status", "--json")
    parts = operator.parts()
    assert done.returncode == 0
    assert ENGINES | {"auth", "auth-outbox", "notification", "notification-worker", "nginx"} <= set(parts)
    assert all(part["healthy"] and part["pid"] and part["memory_bytes"] > 2**20 for part in parts.values())
    assert operator.status()["address"] == f"https://localhost:{operator.port}"


def test_whoever_trusts_the_authority_reaches_the_address(operator):
    status = operator.status()
    tls = ssl.create_default_context(cafile=status["ca_file"])
    with urllib.request.urlopen(status["address"], context=tls, timeout=5) as answer:
        assert answer.status == 200
    with urllib.request.urlopen(f"{status['address']}/.well-known/jwks.json", context=tls, timeout=5) as answer:
        assert answer.status == 200


def test_another_certificate_is_presented_without_a_restart(operator, tmp_path):
    issued = Home(tmp_path)
    issued.tls.mkdir()
    make_certificates(issued, "localhost")
    authority = (operator.home.tls / "ca.crt").read_bytes()
    before = {name: part["pid"] for name, part in operator.parts().items()}
    wrong = operator.run("certificate", str(issued.tls / "server.crt"), str(issued.tls / "ca.key"))
    assert (wrong.returncode, "PEM" in wrong.stderr) == (2, True)
    done = operator.run("certificate", str(issued.tls / "server.crt"), str(issued.tls / "server.key"))
    assert done.returncode == 0, done.stderr
    tls = ssl.create_default_context(cafile=issued.tls / "ca.crt")
    deadline = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(f"https://localhost:{operator.port}", context=tls, timeout=5) as answer:
                assert answer.status == 200
                break
        except urllib.error.URLError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    operator.await_healthy()
    assert {name: part["pid"] for name, part in operator.parts().items()} == before
    assert (operator.home.tls / "ca.crt").read_bytes() == authority


def test_up_again_changes_nothing(operator):
    before = {name: part["pid"] for name, part in operator.parts().items()}
    done = operator.up()
    assert done.returncode == 0, done.stderr
    assert f"https://localhost:{operator.port}" in done.stdout
    assert {name: part["pid"] for name, part in operator.parts().items()} == before


def test_up_with_other_settings_is_refused_while_it_runs(operator):
    done = operator.run("up", "--detach", "--host", "chat.example")
    assert done.returncode == 1
    assert "down first" in done.stderr


def test_secrets_and_data_are_their_users_alone(operator):
    private = (operator.home.secrets, operator.home.etc, operator.home.data, operator.home.log, operator.home.run)
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in private} == {0o700}
    secrets = tree(operator.home.secrets)
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets if path.is_file()} == {0o600}
    assert {stat.S_IMODE((operator.home.tls / f"{name}.key").stat().st_mode) for name in ("ca", "server")} == {0o600}
    expected = {
        "django_secret_key",
        "access_signing_key.pem",
        "key_log_key.pem",
        "recovery_pepper",
        "field_key",
        "service_key.pem",
    }
    assert expected <= {path.name for path in (operator.home.secrets / "auth").iterdir()}
    pushing = {"django_secret_key", "field_key", "service_key.pem", "vapid_private_key.pem"}
    assert pushing == {path.name for path in (operator.home.secrets / "notification").iterdir()}


def test_doctor_warns_of_what_is_for_tests_alone(operator):
    sound = operator.run("doctor").stdout
    assert "ok    push to loopback: is refused" in sound
    assert "ok    password hashes: are strong" in sound
    ordinary = operator.stack.instance
    store_instance(operator.home, msgspec.structs.replace(ordinary, push_loopback=True, cheap_passwords=True))
    try:
        warned = operator.run("doctor")
    finally:
        store_instance(operator.home, ordinary)
    assert warned.returncode == 1
    assert "FAULT push to loopback: is allowed" in warned.stdout
    assert "FAULT password hashes: are weak" in warned.stdout


def test_events_that_nobody_can_read_are_reported(operator):
    with Redis.from_url(valkey.admin_url(operator.home, operator.stack.instance), socket_timeout=3) as client:
        client.xadd(dead_stream(MESSAGING_STREAM), {"data": "poison"})
        try:
            warned = operator.run("doctor")
        finally:
            client.delete(dead_stream(MESSAGING_STREAM))
    assert "FAULT unreadable events: 1 were put aside" in warned.stdout


def test_secrets_reach_neither_logs_nor_command_lines(operator):
    secrets = [path.read_bytes().strip() for path in tree(operator.home.secrets / "engines") if path.is_file()]
    assert len(secrets) > 8
    commands = " ".join(operator.processes().values()).encode()
    assert not [secret for secret in secrets if secret in commands]
    assert not [path for secret in secrets for path in files_with(operator.home.log, secret)]


def test_no_part_runs_as_root(operator):
    user = service_user()
    expected = user.pw_uid if user else os.geteuid()
    running = operator.processes()
    assert len(running) >= len(ENGINES)
    assert {Path(f"/proc/{pid}").stat().st_uid for pid in running} == {expected}


def test_a_service_sees_its_own_keys_in_valkey_only(operator):
    stack = operator.stack
    with Redis.from_url(valkey.url(stack.home, stack.instance, "messaging"), socket_timeout=3) as messaging:
        messaging.set("messaging:probe", "1", ex=10)
        messaging.xadd("events:probe", {"type": "probe"})
        messaging.publish("messaging:probe", "1")
        with pytest.raises(NoPermissionError):
            messaging.get("auth:probe")
        with pytest.raises(NoPermissionError):
            messaging.flushall()
        with pytest.raises(NoPermissionError):
            messaging.publish("auth:probe", "1")


def test_a_service_sees_its_own_database_only(operator):
    stack = operator.stack
    address = postgres.url(stack.home, stack.instance, "auth")
    with psycopg.connect(address, connect_timeout=3) as connection:
        connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(address.removesuffix("/auth") + "/notification", connect_timeout=3)
    with MongoClient(mongod.url(stack.home, stack.instance, "messaging"), serverSelectionTimeoutMS=3000) as client:
        client["messaging"]["probe"].insert_one({"_id": 1})
        client["messaging"].drop_collection("probe")
        with pytest.raises(OperationFailure):
            client["media"]["probe"].find_one()


def test_the_object_store_writes_only_ciphertext(operator):
    store = swift.client(operator.stack.s3)
    store.put_object(Bucket="media", Key="probe", Body=MARKER.encode() * 100)
    assert store.get_object(Bucket="media", Key="probe")["Body"].read().startswith(MARKER.encode())
    assert not files_with(operator.home.data / "swift", MARKER.encode())
    store.delete_object(Bucket="media", Key="probe")


def test_doctor_finds_nothing_wrong(operator):
    done = operator.run("doctor")
    assert done.returncode == 0, done.stdout
    assert "FAULT" not in done.stdout
    assert set(operator.parts()) <= set(done.stdout.replace(":", " ").split())


def test_logs_show_one_part(operator):
    assert "database system is ready" in operator.run("logs", "postgres").stdout
    assert operator.run("logs", "nothing").returncode == 2


def test_a_killed_engine_is_started_again(operator):
    pid = operator.parts()["valkey"]["pid"]
    os.kill(pid, signal.SIGKILL)
    operator.await_healthy()
    assert operator.parts()["valkey"]["pid"] != pid


def test_doctor_names_an_engine_that_hangs(operator):
    pid = operator.parts()["valkey"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        done = operator.run("doctor")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert done.returncode == 1
    assert "FAULT valkey" in done.stdout
    assert "logs valkey" in done.stdout
    operator.await_healthy()


def test_engines_of_the_operator_are_used_in_place_of_ours(operator, new_operator):
    """The second instance gets the engines of the first, and behaves as if they were its own."""
    lender = operator.stack
    with psycopg.connect(postgres.admin_url(lender.home, lender.instance), autocommit=True) as connection:
        connection.execute("CREATE DATABASE borrowed")
    redis_url = valkey.admin_url(lender.home, lender.instance)
    variables = {
        "PARLEY_POSTGRES_URL": postgres.admin_url(lender.home, lender.instance).replace("/postgres", "/borrowed"),
        "PARLEY_MONGODB_URL": mongod.admin_url(lender.home, lender.instance).replace("/?", "/borrowed?"),
        "PARLEY_REDIS_URL": redis_url,
        **{name: value for name, value in lender.s3.items() if name.startswith("PARLEY_S3_")},
    }
    borrower = new_operator()
    done = borrower.up(**variables)
    assert done.returncode == 0, done.stdout + done.stderr
    parts = borrower.parts()
    assert {name for name, part in parts.items() if part["state"] == "external"} == {
        "postgres",
        "mongod",
        "valkey",
        "s3",
    }
    assert all(part["healthy"] for part in parts.values())
    assert not ENGINES & {path.stem for path in borrower.home.log.glob("*.log")}
    assert borrower.run("doctor").returncode == 0
    with psycopg.connect(variables["PARLEY_POSTGRES_URL"]) as connection:
        row = connection.execute(
            "SELECT count(DISTINCT table_schema) FROM information_schema.tables WHERE table_name = 'django_migrations'"
        )
        assert row.fetchone() == (2,)
    assert borrower.run("down").returncode == 0
    with Redis.from_url(redis_url) as client:
        client.ping()


def test_a_killed_supervisor_takes_all_parts_along_and_loses_nothing(operator):
    stack = operator.stack
    old = [make(stack.home, stack.instance, "auth") for make in (postgres.url, valkey.url)]
    old_store = stack.s3
    while_it_runs = operator.run("keys renew-engines")
    assert (while_it_runs.returncode, "down" in while_it_runs.stderr) == (1, True)
    with Redis.from_url(valkey.admin_url(stack.home, stack.instance)) as client:
        client.set("probe", MARKER)
        client.execute_command("WAITAOF", 1, 0, 5000)
    swift.client(stack.s3).put_object(Bucket="media", Key="kept", Body=MARKER.encode())
    os.kill(int((operator.home.run / "supervisor.pid").read_text()), signal.SIGKILL)
    deadline = time.monotonic() + 20
    while operator.processes():
        assert time.monotonic() < deadline, operator.processes()
        time.sleep(0.1)
    examined = operator.run("doctor")
    assert examined.returncode == 1
    assert "FAULT pid file" in examined.stdout
    assert operator.run("status").returncode == 1

    with socket.create_server(("127.0.0.1", operator.port)):
        refused = operator.up()
        assert "port of nginx" in operator.run("doctor").stdout
    assert refused.returncode == 1
    assert f"Port {operator.port} is taken" in refused.stderr
    assert not operator.processes()

    assert operator.run("keys renew-engines").returncode == 0
    began = time.monotonic()
    assert operator.up().returncode == 0
    assert time.monotonic() - began < SECOND_START_S_MAX
    with Redis.from_url(valkey.admin_url(stack.home, stack.instance), decode_responses=True) as client:
        assert client.get("probe") == MARKER
    kept = swift.client(stack.s3).get_object(Bucket="media", Key="kept")["Body"].read()
    assert kept == MARKER.encode()
    _expect_refused(old, old_store)


def _expect_refused(old: list[str], old_store: dict[str, str]) -> None:
    """That passwords from before are good for nothing."""
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(old[0], connect_timeout=3)
    with Redis.from_url(old[1]) as client, pytest.raises(AuthenticationError):
        client.ping()
    with pytest.raises(ClientError):
        swift.client(old_store).list_objects_v2(Bucket="media")


def test_down_leaves_nothing_running(operator):
    assert operator.run("down").returncode == 0
    assert not operator.processes()
    assert {part["state"] for part in operator.parts().values()} == {"stopped"}
    again = operator.run("down")
    assert (again.returncode, again.stdout.strip()) == (0, "Nothing was running.")

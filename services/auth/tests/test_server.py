"""The programs as they run: started, spoken to over the socket, stopped."""

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from django.core.management import call_command

from parley_auth.events.publisher import STREAM
from parley_auth.web.rates import redis_client


@pytest.fixture
def start(test_database_url, tmp_path):
    """Start a command of the service; whatever still runs at the end is killed."""
    started = []

    def run(command: str, **changes: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {"PARLEY_POSTGRES_URL": test_database_url, "PARLEY_RUN_DIR": str(tmp_path)} | changes
        process = subprocess.Popen(
            [sys.executable, "-m", "parley_auth", command],
            env=environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def client(folder: Path) -> httpx.Client:
    transport = httpx.HTTPTransport(uds=str(folder / "auth.sock"))
    return httpx.Client(transport=transport, base_url="http://localhost", timeout=30)


def wait_until_listening(folder: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(folder / "auth.sock")) == 0:
                return
        assert time.monotonic() < deadline, "nothing listens"
        time.sleep(0.05)


def stop(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=40)
    return process.returncode, errors.decode()


@pytest.mark.django_db(transaction=True)
def test_serve_speaks_on_its_socket_and_stops(start, tmp_path):
    process = start("serve")
    wait_until_listening(tmp_path)
    assert stat.S_IMODE((tmp_path / "auth.sock").stat().st_mode) == 0o600
    body = {"username": "socket-person", "email": "s@example.org", "password": "copper-window-lantern-19"}
    with client(tmp_path) as http:
        assert http.get("/internal/health").json() == {"healthy": True, "detail": ""}
        answer = http.post("/api/v1/auth/flows/app/v1/auth/signup", json=body, headers={"X-Forwarded-For": "192.0.2.1"})
        assert answer.status_code == 200
        http.headers["Authorization"] = f"Bearer {answer.json()['meta']['access_token']}"
        assert http.get("/api/v1/auth/me").json()["email"] == "s@example.org"
        assert http.get("/nope").headers["Content-Type"] == "application/problem+json"
        assert http.get("/.well-known/jwks.json").status_code == 200
    code, errors = stop(process)
    assert code == 0
    assert "copper-window" not in errors
    assert '"event": "request"' in errors


@pytest.mark.django_db(transaction=True)
def test_stopping_lets_requests_finish(start, tmp_path):
    process = start("serve")
    wait_until_listening(tmp_path)
    with client(tmp_path) as http:
        assert http.get("/internal/health").status_code == 200
    answers: list[int] = []

    def sign_up(number: int) -> None:
        body = {"username": f"late{number}", "email": f"l{number}@example.org", "password": "copper-window-lantern-19"}
        with client(tmp_path) as http:
            answers.append(http.post("/api/v1/auth/flows/app/v1/auth/signup", json=body).status_code)

    threads = [threading.Thread(target=sign_up, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 30
    while sum(int(redis_client().get(key) or 0) for key in redis_client().keys("auth:rate:signup:*")) < len(threads):
        assert time.monotonic() < deadline
    code, _ = stop(process)
    for thread in threads:
        thread.join()
    assert (code, answers) == (0, [200] * 4)


@pytest.mark.django_db(transaction=True)
def test_stores_away_is_said(start, tmp_path):
    nowhere = "postgresql://nobody@127.0.0.1:9/none"
    process = start("serve", PARLEY_POSTGRES_URL=nowhere)
    wait_until_listening(tmp_path)
    with client(tmp_path) as http:
        health = http.get("/internal/health", timeout=20)
        assert health.json() == {"healthy": False, "detail": "PostgreSQL does not answer"}
        body = {"username": "nobody", "password": "copper-window-lantern-19"}
        answer = http.post("/api/v1/auth/flows/app/v1/auth/login", json=body, timeout=20)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:parley:problem:unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert stop(process)[0] == 0


@pytest.mark.django_db(transaction=True)
def test_publisher_publishes_and_stops(start, make_person):
    process = start("publish-outbox")
    make_person()
    deadline = time.monotonic() + 20
    while not redis_client().exists(STREAM):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert stop(process)[0] == 0


@pytest.mark.django_db(transaction=True)
def test_migrating_again_changes_nothing(start):
    process = start("migrate")
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert b"No migrations to apply." in output


def test_missing_secret_is_said(start, tmp_path):
    process = start("migrate", PARLEY_SECRETS_DIR=str(tmp_path))
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, b"django_secret_key" in errors) == (2, True)


def test_models_and_migrations_agree(db):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_no_debug_and_few_hosts():
    assert settings.DEBUG is False
    assert settings.ALLOWED_HOSTS == ["chat.example", "localhost", "127.0.0.1", "[::1]", "testserver"]
